"""Simulated models: ``sim:NAME`` costs what NAME costs on the list and never leaves the machine.

For demos and tests. The same input always gets the same answer, and everything that shows it says
SIMULATED.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import forks
from ..config import Settings
from ..models import split
from ..stop import Stop
from ..types import Delta, Finish, ProviderError, Request, UsageError
from . import sim_tickets

Answers = Mapping[str, str] | Callable[[str], str]
Failure = int | str | None

MAX_RETRIES = 2  # as the real SDKs do
FAILURES = ("cut", "connection", "refusal")
WORDS_PER_TOKEN = 0.75

_scripts: dict[str, Script] = {}
_lock = threading.Lock()


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


forks.call_after_fork(_renew_lock)


@dataclass(frozen=True)
class Script:
    """How one simulated model answers; see ``script`` for the fields."""

    answers: Answers | None
    accuracy: float | None
    latency: float
    tokens_per_s: float | None
    fail: Iterator[Failure] | Callable[[str, int], Failure]
    fingerprint: str


def script(
    ref: str,
    answers: Answers | None = None,
    accuracy: float | None = None,
    latency: float = 0.0,
    tokens_per_s: float | None = None,
    fail: Failure | Sequence[Failure] | Callable[[str, int], Failure] = None,
) -> None:
    """Tell a simulated model how to answer, in this process.

    Args:
        ref: ``sim:NAME``. A NAME that no price list knows is allowed once it is scripted: unpriced.
        answers: prompt → answer, as a function of the last user message or as a dict, whose key is the
            whole message or the longest one contained in it. None: the departments of the bundled tickets.
        accuracy: share of prompts, 0 to 1, that get their answer; the others get a wrong one. Which
            ones is fixed by the prompt and the model. None: all, but of the bundled tickets the model's own share.
        latency: seconds before the first token.
        tokens_per_s: pace of the stream; None: at once.
        fail: an HTTP status (429, 500, …: retried as the SDKs do), "connection" (dropped before the
            reply, retried), "cut" (dropped in mid-stream), "refusal", or None. A sequence gives one
            value for each attempt in turn, then none; a function gets (prompt, attempt).

    Raises:
        UsageError: not a ``sim:`` reference, or a value out of range.
    """
    provider, model = split(ref)
    if provider != "sim":
        raise UsageError(f"only simulated models take a script: sim:{model}, not {ref}")
    if accuracy is not None and not 0 <= accuracy <= 1:
        raise UsageError(f"accuracy is a share from 0 to 1, not {accuracy}")
    if not latency >= 0 or not (tokens_per_s is None or tokens_per_s > 0):  # nan is neither
        raise UsageError("latency must not be negative, and tokens_per_s must be above 0")
    failures: Iterator[Failure] | Callable[[str, int], Failure]
    if callable(fail):
        failures = fail
    elif isinstance(fail, Sequence) and not isinstance(fail, str):
        for value in fail:
            _check_failure(value)
        failures = iter(fail)
    else:
        _check_failure(fail)
        failures = itertools.repeat(fail)
    with _lock:
        _scripts[model] = Script(
            answers,
            accuracy,
            latency,
            tokens_per_s,
            failures,
            _fingerprint(answers, accuracy),
        )


def reset() -> None:
    """Forget all scripts."""
    with _lock:
        _scripts.clear()


def is_scripted(model: str) -> bool:
    """Whether the model (without ``sim:``) has a script."""
    return model in _scripts


class SimProvider:
    """Answers by the script of the model, else what department a bundled ticket is for, else with a plain sentence."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name

    def endpoint(self, model: str) -> str:
        """Changes when a script changes what is answered: cached replies of the old one then miss."""
        with _lock:
            return _scripts[model].fingerprint if model in _scripts else ""

    def stream(self, request: Request, stop: Stop | None = None) -> Iterator[Delta]:
        stop = stop or Stop()
        with _lock:
            plan = _scripts.get(request.model)
        prompt = request.messages[-1].content
        failure, retries = self._attempts(plan, prompt)
        yield Delta(retries=retries)
        if plan and stop.wait(plan.latency):
            return
        if failure == "refusal":
            yield Delta(text="I can't help with that.")
            yield Delta(finish="refusal", model=request.model)
            return
        text = _answer(plan, request, prompt)
        words = re.findall(r"\s*\S+\s*", text) or [text]
        limit = max(1, int((request.max_tokens or len(words) * 2) * WORDS_PER_TOKEN))
        pause = 1 / plan.tokens_per_s / WORDS_PER_TOKEN if plan and plan.tokens_per_s else 0
        for number, word in enumerate(words[:limit]):
            if failure == "cut" and number >= len(words) // 2:
                raise ProviderError(self._name, "the connection was cut in mid-stream (simulated)")
            if stop.wait(pause if number else 0):
                return
            yield Delta(text=word)
        finish: Finish = "length" if len(words) > limit else "stop"
        yield Delta(finish=finish, model=request.model)

    def _attempts(self, plan: Script | None, prompt: str) -> tuple[Failure, int]:
        """Play the scripted failures; returns what happens to the attempt that gets through."""
        for attempt in range(MAX_RETRIES + 1):
            if plan is None:
                return None, attempt
            with _lock:
                failure = plan.fail(prompt, attempt) if callable(plan.fail) else next(plan.fail, None)
            _check_failure(failure)
            if failure is None or failure in ("cut", "refusal"):
                return failure, attempt
            status = failure if isinstance(failure, int) else None
            retried = status is None or status in (408, 409, 429) or status >= 500
            if not retried or attempt == MAX_RETRIES:
                error = ProviderError(self._name, "simulated failure", status)
                error.billed, error.retries = False, attempt
                raise error
        raise AssertionError("unreachable: the last attempt returns or raises")


def _answer(plan: Script | None, request: Request, prompt: str) -> str:
    if plan and plan.answers is not None:
        text = _scripted(plan, request.model, prompt)
    else:
        text = sim_tickets.department(request, plan.accuracy if plan else None)
    if text is None:
        words = len(prompt.split())
        text = f"This is a simulated reply by {request.model} to a prompt of {words} word{'s' * (words != 1)}."
        if request.json:
            text = json.dumps({"answer": text})
    for end in request.stop:
        text = text.partition(end)[0]
    return text


def _scripted(plan: Script, model: str, prompt: str) -> str | None:
    answers = plan.answers
    if answers is None:
        return None
    if callable(answers):
        right, others = str(answers(prompt)), ["(a wrong answer)"]
    else:
        key = (
            prompt.strip()
            if prompt.strip() in answers
            else max((k for k in answers if k and k in prompt), key=len, default=None)
        )
        if key is None:
            return None
        right = str(answers[key])
        others = sorted({str(a) for a in answers.values()} - {right}) or ["(a wrong answer)"]
    luck = int.from_bytes(hashlib.sha256(f"{model}\0{prompt}".encode("utf-8", "replace")).digest()[:8], "big")
    if luck / 2**64 < (1.0 if plan.accuracy is None else plan.accuracy):
        return right
    return others[luck % len(others)]


def _fingerprint(answers: Answers | None, accuracy: float | None) -> str:
    if callable(answers):
        return secrets.token_hex(8)  # what a function answers can't be known beforehand
    return hashlib.sha256(json.dumps([answers, accuracy], sort_keys=True, default=str).encode()).hexdigest()[:16]


def _check_failure(value: Any) -> None:
    known = value is None or value in FAILURES or (isinstance(value, int) and 400 <= value <= 599)
    if not known:
        raise UsageError(f"fail takes an HTTP error status, {', '.join(map(repr, FAILURES))} or None, not {value!r}")
