"""The object in a JSON reply."""

from __future__ import annotations

import json
import re
from typing import Any

from .call import Call

_FENCE = re.compile(r"^\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)


def parse_json(call: Call) -> tuple[Any, str | None]:
    """(object, None), or (None, why not). Models like to put JSON into a code fence."""
    if not call.request.json or call.status != "ok":
        return None, None
    fenced = _FENCE.match(call.text)
    try:
        return json.loads(fenced.group(1) if fenced else call.text), None
    except ValueError as error:
        return None, f"the reply is not valid JSON: {error}"
