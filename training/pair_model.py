"""Fit the semantic cache's pair model to the pairs in ``pairs/``: ``python training/pair_model.py HOME``.

HOME holds MiniLM's weights (``costmagic --home HOME pull minilm``); jax and optax are needed. Writes
``costmagic/caching/verify/data/pair_model.npz`` and prints what the folds showed that each model did not see; half an
hour on two cores, seeded.
"""

from __future__ import annotations

import json
import random
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy.stats import gamma

from costmagic.caching.verify.compare import examine
from costmagic.caching.verify.decide import LOOK_FROM
from costmagic.caching.verify.pair_model import FLOOR, MAX_TOKENS, SHARPNESS, PairModel, read
from costmagic.embedding import MiniLM

PAIRS = Path(__file__).parent / "pairs"
TARGET = Path(__file__).parents[1] / "costmagic" / "caching" / "verify" / "data" / "pair_model.npz"
WIDTH, FOUND, HIDDEN = 96, 48, 24
BATCH, EPOCHS, FOLDS, SEED = 64, 8, 3, 0
MEMBERS = 3
LAST = 384  # of a token's 768 numbers, those of the last layer come first
LOG_ODDS = np.arange(0.0, 12.1, 0.25)

Weights = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two prompts, whether one answer serves both, and the prompt that it was made from: pairs of one stay together."""

    base: str
    a: str
    b: str
    same: bool


def pairs() -> Iterator[Pair]:
    """What is trained with."""
    for name in (
        "adversarial", "anew", "paraphrases", "forums", "forgiven", "tester", "held-out", "blind", "asked-twice",
        "near-twins", "twins-apart", "traps",
    ):  # fmt: skip
        for line in (PAIRS / f"{name}.jsonl").read_text("utf-8").splitlines():
            pair = json.loads(line)
            yield Pair(pair["a"], pair["a"], pair["b"], pair["same"])
    for name in ("contrast", "contrast-asked", "contrast-moved", "contrast-hard"):
        for line in (PAIRS / f"{name}.jsonl").read_text("utf-8").splitlines():
            three = json.loads(line)
            base, same, other = three["base"], three["same"], three["other"]
            yield from (Pair(base, base, other, False), Pair(base, same, other, False))
            # Paraphrases that were made to look like traps are few outside, and too hard to learn from.
            if name != "contrast-hard":
                yield Pair(base, base, same, True)


def initial(key: Any) -> Weights:
    """Random weights of one member."""
    keys = jax.random.split(key, 4)
    return {
        "project": jax.random.normal(keys[0], (2 * LAST, WIDTH)) * 0.035,
        "project_bias": jnp.zeros(WIDTH),
        "compare": jax.random.normal(keys[1], (3 * WIDTH, FOUND)) * 0.08,
        "compare_bias": jnp.zeros(FOUND),
        "hidden": jax.random.normal(keys[2], (4 * FOUND + 2, HIDDEN)) * 0.1,
        "hidden_bias": jnp.zeros(HIDDEN),
        "out": jax.random.normal(keys[3], (HIDDEN, 1)) * 0.1,
        "out_bias": jnp.zeros(1),
        "sharpness": jnp.array(4.0),
    }


def forward(w: Weights, one: Any, of_one: Any, two: Any, of_two: Any, key: Any = None) -> Any:
    """Log-odds that one member gives a batch; ``key`` drops a fifth of the projection."""
    last = [x[..., :LAST] for x in (one, two)]
    means = [(x * m[..., None]).sum(1) / m.sum(1, keepdims=True) for x, m in zip(last, (of_one, of_two), strict=True)]
    cosine = (means[0] * means[1]).sum(-1) / (jnp.linalg.norm(means[0], axis=-1) * jnp.linalg.norm(means[1], axis=-1))
    unit = [x / jnp.linalg.norm(x + 1e-9, axis=-1, keepdims=True) for x in last]
    alike = jnp.einsum("bid,bjd->bij", *unit) * w["sharpness"] * SHARPNESS
    a, b = (x @ w["project"] + w["project_bias"] for x in (one, two))
    if key is not None:
        kept = jax.random.bernoulli(key, 0.8, (a.shape[0], 1, WIDTH)) / 0.8
        a, b = a * kept, b * kept

    def compared(x: Any, y: Any, of_x: Any, of_y: Any, alike: Any) -> tuple[Any, Any]:
        other = jax.nn.softmax(alike + (of_y[:, None, :] - 1) * 1e9, -1) @ y
        joined = jnp.concatenate([jnp.abs(x - other), x * other, x], -1)
        found = jax.nn.relu(joined @ w["compare"] + w["compare_bias"]) * of_x[..., None]
        return found.sum(1), found.max(1)

    sums, most = zip(
        compared(a, b, of_one, of_two, alike), compared(b, a, of_two, of_one, alike.transpose(0, 2, 1)), strict=True
    )
    length = jnp.log1p(of_one.sum(1) + of_two.sum(1))[:, None] - 3
    told = jnp.concatenate(
        [
            (sums[0] + sums[1]) * 0.1,
            jnp.maximum(*most),
            jnp.abs(sums[0] - sums[1]) * 0.1,
            jnp.minimum(*most),
            (cosine[:, None] - 0.9) * 10,
            length,
        ],
        -1,
    )
    return (jax.nn.relu(told @ w["hidden"] + w["hidden_bias"]) @ w["out"] + w["out_bias"])[:, 0]


def log_odds(weights: Weights, *given: Any) -> Any:
    """What ``PairModel.logit`` computes of one pair, of a batch."""
    return jax.vmap(forward, (0, None, None, None, None))(weights, *given).mean(0)


class Tokens:
    """Token vectors of texts, read once."""

    def __init__(self, home: Path) -> None:
        self._embedder = MiniLM(home)
        self._kept: dict[str, np.ndarray] = {}

    def of(self, text: str) -> np.ndarray:
        """Float16 (t, 768), t at most what the model reads."""
        if text not in self._kept:
            self._kept[text] = self._embedder.tokens(text)[:MAX_TOKENS].astype(np.float16)
        return self._kept[text]

    def batch(self, some: list[Pair]) -> list[np.ndarray]:
        """Padded vectors and masks of both sides."""
        width = -(-max(len(self.of(t)) for p in some for t in (p.a, p.b)) // 8) * 8
        given = []
        for texts in ([p.a for p in some], [p.b for p in some]):
            vectors, mask = np.zeros((len(some), width, 2 * LAST), np.float32), np.zeros((len(some), width), np.float32)
            for i, text in enumerate(texts):
                found = self.of(text)
                vectors[i, : len(found)], mask[i, : len(found)] = found, 1
            given += [vectors, mask]
        return given


def fit(train: list[Pair], tokens: Tokens) -> Weights:
    """Weights that tell the pairs of ``train`` apart, a row a member: they see the same in the same order."""
    rng, key = random.Random(SEED), jax.random.PRNGKey(SEED)
    steps = EPOCHS * len(train) // BATCH
    weights = jax.vmap(initial)(jax.random.split(key, MEMBERS))
    optimizer = optax.adamw(optax.warmup_cosine_decay_schedule(0, 2e-3, 100, steps), weight_decay=1e-2)
    state = optimizer.init(weights)
    heavier = min(3.0, sum(not p.same for p in train) / sum(p.same for p in train))

    @jax.jit
    def step(weights: Weights, state: Any, given: Any, same: Any, key: Any) -> tuple[Weights, Any]:
        def loss(w: Weights, key: Any) -> Any:
            log_odds = forward(w, *given, key)
            # A false hit weighs the more the surer the model is of it.
            surer = 1 + 4 * jax.nn.sigmoid(jax.lax.stop_gradient(log_odds))
            each = optax.sigmoid_binary_cross_entropy(log_odds, same)
            weight = jnp.where(same > 0, heavier, 1.0)
            return (weight * jnp.where(same > 0, 1.0, surer) * each).sum() / weight.sum()

        def losses(w: Weights) -> Any:
            return jax.vmap(loss)(w, jax.random.split(key, MEMBERS)).sum()

        updates, state = optimizer.update(jax.grad(losses)(weights), state, weights)
        return optax.apply_updates(weights, updates), state

    for _ in range(steps):
        some = rng.sample(train, BATCH)
        key, dropped = jax.random.split(key)
        same = np.array([p.same for p in some], np.float32)
        weights, state = step(weights, state, tokens.batch(some), same, dropped)
    return weights


def predict(weights: Weights, some: list[Pair], tokens: Tokens) -> np.ndarray:
    """Log-odds of each pair."""
    found = np.zeros(len(some))
    order = sorted(range(len(some)), key=lambda i: max(len(tokens.of(some[i].a)), len(tokens.of(some[i].b))))
    run = jax.jit(log_odds)
    for begin in range(0, len(order), BATCH):
        chosen = order[begin : begin + BATCH]
        full = chosen + [chosen[0]] * (BATCH - len(chosen))
        found[chosen] = np.asarray(run(weights, *tokens.batch([some[i] for i in full])))[: len(chosen)]
    return found


def calibration(every: list[Pair], tokens: Tokens, home: Path) -> list[tuple[float, float]]:
    """(log-odds, most that is false of the hits that the model decides), by pairs that it did not see in training."""
    fold = np.array([zlib.crc32(p.base.encode()) % FOLDS for p in every])
    log_odds = np.zeros(len(every))
    for k in range(FOLDS):
        weights = fit([p for p, f in zip(every, fold, strict=True) if f != k], tokens)
        log_odds[fold == k] = predict(weights, [p for p, f in zip(every, fold, strict=True) if f == k], tokens)
    embedder = MiniLM(home)
    cosine = np.concatenate(
        [
            (embedder.embed([p.a for p in part]) * embedder.embed([p.b for p in part])).sum(axis=1)
            for part in (every[i : i + 512] for i in range(0, len(every), 512))
        ]
    )
    seen = [examine(p.a, p.b, float(c)) for p, c in zip(every, cosine, strict=True)]
    same = np.array([p.same for p in every])
    weighed, vetoed = np.array([s.weigh for s in seen]), np.array([s.veto is not None for s in seen])
    served = ~vetoed & (cosine >= LOOK_FROM) & (~weighed | (log_odds >= FLOOR))
    outweighed = vetoed & weighed
    print(f"{len(every)} pairs, {same.sum()} the same")
    print(f"served by the words: {(served & same).sum()} rightly, {(served & ~same).sum()} falsely")
    print(f"left to the model: {(outweighed & same).sum()} the same, {(outweighed & ~same).sum()} not; it serves")
    share = same.sum() / (~same).sum()  # as if every other pair were the same
    found = []
    for limit in LOG_ODDS:
        more = outweighed & (log_odds >= limit)
        right, false = int((more & same).sum()), int((more & ~same).sum())
        # Of what it alone decides. In 9 of 10 such draws at most so many are false (Poisson): none seen is not none.
        most = float(share * gamma.ppf(0.9, false + 1))
        found.append((float(limit), most / (right + most)))
        print(f"  log-odds {limit:5.2f}: {right} rightly, {false} falsely; at most one false in {1 / found[-1][1]:.0f}")
    return found


def main(home: Path) -> None:
    """Fit, calibrate, write, report."""
    every = list({frozenset((p.a, p.b)): p for p in pairs() if p.a != p.b}.values())
    tokens = Tokens(home)
    rates = calibration(every, tokens, home)
    weights = fit(every, tokens)
    halves = {name: np.asarray(value, np.float16) for name, value in weights.items()}
    np.savez(TARGET, **halves, calibration=np.array(rates, np.float32))
    print(f"{sum(v.size for v in halves.values())} weights, {TARGET.stat().st_size} bytes")
    some = random.Random(SEED).sample(every, 2 * BATCH)
    model = PairModel(*read(TARGET.read_bytes()))
    package = [model.logit(*(tokens.of(t).astype(np.float32) for t in (p.a, p.b))) for p in some]
    apart = float(np.abs(predict(weights, some, tokens) - package).max())
    print(f"at most {apart:.4f} from what the package computes")
    if apart > 0.1:
        raise SystemExit("the package computes something else than what was fitted")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
