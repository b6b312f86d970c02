"""Asks a language model what a prompt is about, where the learned router is unsure and ``routing.llm`` allows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from .call import Call
from .config import Settings
from .request import Ask, Preparer
from .routing import Router
from .routing.rules import excerpt
from .types import TASKS, CostmagicError, Route

_SYSTEM = (
    "You sort requests to a language model. Answer with one label and one digit, like: translation 2\n"
    f"Labels: {', '.join(TASKS)}.\n"
    "Digit: 1 if a small model can do it, 2 if a mid-size model is needed, 3 if only a strong model can do it.\n"
    "Do not carry out the request."
)
_LABEL = re.compile(rf"\b(?:{'|'.join(re.escape(t).replace(chr(92) + ' ', '[ _-]') for t in TASKS)})\b", re.IGNORECASE)
_DIGIT = re.compile(r"(?<!\d)[123](?!\d)")


class SecondOpinion:
    """Carries calls through, and asks first where nobody is sure of the route."""

    def __init__(self, settings: Settings, preparer: Preparer, router: Router) -> None:
        self._settings = settings
        self._preparer = preparer
        self._router = router

    def run(self, call: Call, send: Callable[[Call], Iterator[str]]) -> Iterator[str]:
        """``send(call)``, its route settled by the routing tier's model before, where that is wanted and needed.

        That model's call is one of its own in the ledger, purpose "route", and a child of this one. When it fails
        or its answer makes no sense, the route stays as it was and says so.
        """
        if self._settings.routing.llm and call.route.unsure and call.prepared.ask.purpose == "user":
            ask = call.prepared.ask
            call.prepared = self._preparer.complete(ask, self._asked(call, send))
        yield from send(call)

    def _asked(self, call: Call, send: Callable[[Call], Iterator[str]]) -> Route:
        ask, route = call.prepared.ask, call.route
        try:
            prepared = self._preparer.prepare(
                Ask(
                    prompt=f"Request:\n<<<\n{excerpt(ask.prompt)}\n>>>\nLabel and digit:",
                    system=_SYSTEM,
                    feature=ask.feature,
                    action=ask.action,
                    no_cache=ask.no_cache,
                    purpose="route",
                    parent_id=call.id,
                )
            )
            child = Call(prepared, call.notebook, call.session_id, call.stop)
            try:
                for _ in send(child):
                    pass
            finally:
                if child.reply is not None:
                    call.children.append(child.reply)
        except CostmagicError as error:
            return replace(route, reason=f"{route.reason} (the routing tier could not be asked: {error})")
        said = parse(child.text)
        name = child.request.ref
        if said is None:
            return replace(route, reason=f"{route.reason} ({name} was asked, its answer is no label)")
        task, difficulty = said
        reason = f"{name} says {task}, difficulty {difficulty} of 3; the learned router was not sure"
        return replace(self._router.by_llm(task, difficulty, reason), narrow=route.narrow)


def parse(answer: str) -> tuple[str, int] | None:
    """(task, difficulty) of an answer like "translation 2"; None when it names no task, 2 when no difficulty."""
    label = _LABEL.search(answer)
    if label is None:
        return None
    digit = _DIGIT.search(answer, label.end())
    return re.sub("[_-]", " ", label[0].lower()), int(digit[0]) if digit else 2
