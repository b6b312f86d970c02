"""Sentence embeddings by all-MiniLM-L6-v2 (Reimers & Gurevych, arXiv 1908.10084), 8 bits, on this machine."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import weights
from .types import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 384

# The sentence is in the last layer; the fourth of the six keeps more of the single words.
_INNER = "layer_norm_8"

MAX_TOKENS = 256  # what the model was trained for
BATCH = 32

# Texts whose token vectors are kept: what was just looked up is compared with several others.
_KEPT = 32

_THREADS = 2

# Far more than 256 tokens: the tokenizer need not read a book to keep its first page.
_MAX_CHARS = 8_192

_ONNX, _TOKENIZER = (file.name for file in weights.CATALOGUE["minilm"])


def available(home: Path) -> bool:
    """Whether ``MiniLM(home)`` would work: its weights are pulled, its packages are installed."""
    return weights.is_pulled(home, "minilm") and all(map(_installed, ("onnxruntime", "tokenizers")))


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # imported in an unusual way, or blocked
        return False


class MiniLM:
    """The embedder whose weights are in ``home``; loaded on first use, safe to share among threads."""

    name = "minilm"

    def __init__(self, home: Path) -> None:
        self._folder = weights.folder(home)
        self._loading = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None
        self._tokens: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings of ``texts``: float32 of shape (n, 384), each of length 1.

        Only the first 256 tokens of a text count.

        Raises:
            UsageError: the weights or the packages are missing; says what to run.
        """
        import numpy as np

        session, tokenizer = self._load()
        encoded = tokenizer.encode_batch([_clean(text) for text in texts])
        vectors = np.empty((len(encoded), DIMENSIONS), dtype=np.float32)
        # Neighbours in length share a batch: little padding.
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i].ids))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            states, mask = _run(session, [encoded[i].ids for i in batch])
            vectors[batch] = _pool(states[..., :DIMENSIONS], mask)
        if len(texts) == 1:
            self._keep(texts[0], states[0])
        return vectors

    def tokens(self, text: str) -> NDArray[np.float32]:
        """The vectors of the tokens of ``text``, float32 of shape (n, 768): the last layer's beside an inner layer's.

        ``embed`` takes the mean of the first half. The first and the last token stand for the whole. Those of the last
        32 texts are kept.

        Raises:
            UsageError: the weights or the packages are missing; says what to run.
        """
        with self._loading:
            kept = self._tokens.get(text)
        if kept is not None:
            return kept
        session, tokenizer = self._load()
        states, _ = _run(session, [tokenizer.encode(_clean(text)).ids])
        self._keep(text, states[0])
        found: NDArray[np.float32] = states[0]
        return found

    def _keep(self, text: str, states: NDArray[np.float32]) -> None:
        with self._loading:
            self._tokens[text] = states
            if len(self._tokens) > _KEPT:
                self._tokens.popitem(last=False)

    def _load(self) -> tuple[Any, Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._open()
            return self._loaded

    def _open(self) -> tuple[Any, Any]:
        if not all((self._folder / name).is_file() for name in (_ONNX, _TOKENIZER)):
            raise UsageError("the embedder is not on this machine yet: run `costmagic pull minilm` once")
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise UsageError(f"embeddings need the extra: pip install 'costmagic[embed]' ({error})") from None
        options = onnxruntime.SessionOptions()
        # One text is read a third faster by two threads that spin while it lasts. More gain little, and threads that
        # go on spinning when idle cost a notebook's other work more than they gain here.
        options.intra_op_num_threads = min(_THREADS, os.cpu_count() or 1)
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.force_spinning_stop", "1")
        options.log_severity_level = 3
        model = (self._folder / _ONNX).read_bytes() + _also(_INNER)
        session = onnxruntime.InferenceSession(model, sess_options=options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(self._folder / _TOKENIZER))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        return session, tokenizer


def _clean(text: str) -> str:
    """``text`` without runs of white space and halves of surrogate pairs, cut to what can matter."""
    text = " ".join(text[: 4 * _MAX_CHARS].split())[:_MAX_CHARS]
    return text.encode("utf-8", "replace").decode("utf-8")


def _also(name: str) -> bytes:
    """What makes one more of a model's values an output of it, appended to its file.

    Protocol buffers merge a message that comes twice: ``ModelProto.graph`` (7), ``GraphProto.output`` (12),
    ``ValueInfoProto.name`` (1).
    """
    message = name.encode()
    for field in (1, 12, 7):
        message = bytes([field << 3 | 2, len(message)]) + message
    return message


def _run(session: Any, ids: list[list[int]]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(the vectors of the tokens (texts, tokens, 768), which of them are no padding (texts, tokens))."""
    import numpy as np

    width = max(len(row) for row in ids)
    tokens = np.zeros((len(ids), width), dtype=np.int64)
    mask = np.zeros((len(ids), width), dtype=np.int64)
    for i, row in enumerate(ids):
        tokens[i, : len(row)] = row
        mask[i, : len(row)] = 1
    given = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
    names = [i.name for i in session.get_inputs()]
    return np.concatenate(session.run(None, {name: given[name] for name in names}), axis=-1), mask


def _pool(states: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean of the token vectors of each text, padding left out, scaled to length 1."""
    import numpy as np

    weight = mask[:, :, None].astype(np.float32)
    pooled = (states * weight).sum(axis=1) / weight.sum(axis=1)
    norms = np.linalg.norm(pooled, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (pooled / np.maximum(norms, 1e-12)).astype(np.float32)
    return unit
