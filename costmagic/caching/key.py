"""The identity of a request: everything that can change its answer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from ..types import Request

# Raised when the key's recipe changes: old entries then miss instead of answering wrongly.
KEY_VERSION = 1


def request_key(request: Request, endpoint: str, user: str, project: str) -> str:
    """SHA-256 over provider, endpoint, model, system, messages, sampling parameters and owner.

    Returns 64 hexadecimal digits. JSON keeps the fields apart, so that no two different requests have
    the same bytes.
    """
    parts = {
        "version": KEY_VERSION,
        "owner": [user, project],
        "provider": [request.provider, endpoint],
        "model": request.model,
        "system": request.system,
        "messages": [[m.role, m.content] for m in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": None if request.temperature is None else float(request.temperature),
        "stop": list(request.stop),
        "json": request.json,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def partition_key(request: Request, endpoint: str, user: str, project: str) -> str:
    """SHA-256 over all that ``request_key`` covers except the last message's text: who may share an answer.

    Returns 64 hexadecimal digits.
    """
    *older, last = request.messages
    parts = {
        "kind": "partition",
        "rest": request_key(replace(request, messages=(*older, replace(last, content=""))), endpoint, user, project),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def prompt_hash(request: Request) -> str:
    """SHA-256 over system prompt and messages alone: the same prompt on two models has one hash."""
    parts = [request.system, [[m.role, m.content] for m in request.messages]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
