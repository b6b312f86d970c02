"""Posts alerts where people are paged: JSON as Slack's incoming webhooks take it."""

from __future__ import annotations

import hashlib
import json
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import urlsplit

from .. import __version__
from ..money import dollars
from ..types import UsageError
from .alert import Alert

TIMEOUT_S = 10.0

# Pauses before the second, third … attempt.
PAUSES_S = (1.0, 3.0)
MAX_PAUSE_S = 30.0

# Worth another attempt: the server is busy or broken, the message is not.
AGAIN = (408, 425, 429, 500, 502, 503, 504)


def channel(url: str) -> str:
    """What the ledger knows the webhook by: its address is a secret.

    Raises UsageError for what is no http or https address.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError("--webhook takes an address that begins with https:// or http://")
    return f"webhook:{hashlib.sha256(url.encode()).hexdigest()[:16]}"


def message(alert: Alert) -> dict[str, object]:
    """The JSON that is posted: ``text`` for notifications, ``blocks`` for the channel, ``costmagic`` for programs."""
    mark = ":rotating_light:" if alert.severity == "critical" else ":warning:"
    lines = [f"{mark} *{_escaped(alert.name)}* ({alert.severity})", _escaped(alert.title)]
    lines += [
        f"{place}. *{_escaped(one.feature or '(no feature)')}* on `{_escaped(one.ref)}`: {dollars(one.cost)}. "
        f"{_escaped(one.advice)}"
        for place, one in enumerate(alert.drivers, 1)
    ]
    lines += [_escaped(alert.advice)] if alert.advice else []
    return {
        "text": f"costmagic {alert.severity}: {_escaped(alert.title)}",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines)[:3_000]}}],
        "costmagic": json.loads(alert.to_json()),
    }


def post(url: str, alert: Alert) -> str | None:
    """Post one alert; None when it was taken, else why it was not, after some attempts, without the address."""
    body = json.dumps(message(alert)).encode()
    headers = {"Content-Type": "application/json", "User-Agent": f"costmagic/{__version__}"}
    request = urllib.request.Request(url, body, headers, method="POST")
    reason = ""
    for pause in (*PAUSES_S, None):
        wait = pause
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
                if 200 <= reply.status < 300:
                    return None
                reason = f"it answered {reply.status}"
        except urllib.error.HTTPError as error:
            reason = f"it answered {error.code} {error.reason}"
            if error.code not in AGAIN:
                return reason
            wait = _wait(error.headers.get("Retry-After"), pause)
            error.close()
        except (OSError, HTTPException) as error:
            reason = str(getattr(error, "reason", None) or error)
        if wait is not None:
            time.sleep(wait)
    return reason


def _wait(asked: str | None, pause: float | None) -> float | None:
    if pause is None or asked is None or not asked.isdecimal():
        return pause
    return min(MAX_PAUSE_S, max(pause, float(asked)))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
