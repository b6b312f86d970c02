"""A request as the ledger keeps it and people read it."""

from __future__ import annotations

import json
from dataclasses import asdict

from ..types import Request


def request_json(request: Request, indent: int | None = None) -> str:
    """The request as it was sent, as JSON for people and for replays."""
    body = {
        "model": request.ref,
        "system": request.system,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stop": list(request.stop),
        "json": request.json,
        "cache_after": [asdict(point) for point in request.cache_after],
        "prompt_cache_key": request.prompt_cache_key,
    }
    return json.dumps({k: v for k, v in body.items() if v not in (None, [], False)}, ensure_ascii=False, indent=indent)
