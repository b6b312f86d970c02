"""How simulated models answer questions about the bundled tickets: with a fixed accuracy, made up like all they say."""

from __future__ import annotations

import json
import re

from .. import tickets
from ..types import Request

# Share of the 300 tickets that a model sends to the right department. Dear models are as good as or better than cheap
# ones, and make no mistake that a cheaper one doesn't make too.
ACCURACY = {
    "claude-opus-5-5": 0.97,
    "claude-opus-4-8": 0.97,
    "claude-sonnet-5-5": 0.97,
    "claude-haiku-4-5": 0.95,
    "claude-haiku-5-5": 0.90,
    "gpt-6.1-sol": 0.97,
    "gpt-6.1-terra": 0.97,
    "gpt-6-luna": 0.90,
    "gpt-5.6-luna": 0.88,
    "deepseek-reasoner": 0.95,
    "llama-3.3-70b-versatile": 0.93,
}
OTHERS = 0.90

_ASKS = re.compile(r"depart|team|handle|rout|classif|categor|label|queue", re.IGNORECASE)


def department(request: Request, accuracy: float | None) -> str | None:
    """What the model of ``request`` answers where it should say which department a ticket of the sample is for.

    ``accuracy`` is its own by default. None: the last message holds no such ticket, or what stands around it and in
    the system prompt asks for something else.
    """
    prompt = request.messages[-1].content
    ticket = tickets.asked_about(prompt)
    if ticket is None or not _ASKS.search(f"{request.system or ''}\n{prompt.replace(ticket.text, '')}"):
        return None
    share = ACCURACY.get(request.model, OTHERS) if accuracy is None else accuracy
    answer = ticket.department if ticket.difficulty < share else ticket.mistaken
    return json.dumps({"department": answer}) if request.json else answer
