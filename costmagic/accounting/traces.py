"""Calls as OpenTelemetry's spans, with its names for what models do: OTLP's JSON in files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .schema import calls

Row = Mapping[str, Any]

COLUMNS = [column.name for column in calls.columns]

# Column → its name in OpenTelemetry's conventions for generative models. All others are named costmagic.COLUMN.
GEN_AI = {
    "provider": "gen_ai.provider.name",
    "model_requested": "gen_ai.request.model",
    "model": "gen_ai.response.model",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cache_read_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_write_tokens": "gen_ai.usage.cache_write.input_tokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
}
# How older versions of the conventions named it.
_OLDER = {"gen_ai.usage.cache_creation.input_tokens": "cache_write_tokens", "gen_ai.system": "provider"}
_OPERATION = "gen_ai.operation.name"
_ATTRIBUTES = {name: GEN_AI.get(name, f"costmagic.{name}") for name in COLUMNS if name != "started_at"}
_COLUMNS = {attribute: name for name, attribute in _ATTRIBUTES.items()} | _OLDER

_EPOCH = datetime(1970, 1, 1)


def write_otel(path: Path, rows: Iterable[Row]) -> None:
    """OTLP's JSON, a message of up to a thousand spans a line, as collectors read and write files."""
    resource = {"attributes": [_attribute("service.name", "costmagic")]}
    with path.open("w", encoding="utf-8") as file:
        spans: list[dict[str, Any]] = []

        def flush() -> None:
            if spans:
                scope = [{"scope": {"name": "costmagic"}, "spans": spans}]
                message = {"resourceSpans": [{"resource": resource, "scopeSpans": scope}]}
                file.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n")

        for row in rows:
            spans.append(_span(row))
            if len(spans) == 1_000:
                flush()
                spans = []
        flush()


def _span(row: Row) -> dict[str, Any]:
    start = _nanoseconds(row["started_at"])
    end = start + round((row["latency_ms"] or 0) * 1_000_000)
    operation = "embeddings" if row["purpose"] == "embed" else "chat"
    attributes = [_attribute(_OPERATION, operation)]
    attributes += [_attribute(_ATTRIBUTES[k], v) for k, v in row.items() if k != "started_at" and v is not None]
    span = {"traceId": (row["parent_id"] or row["id"]).rjust(32, "0")[-32:], "spanId": row["id"].rjust(16, "0")[-16:]}
    if row["parent_id"]:
        span["parentSpanId"] = row["parent_id"].rjust(16, "0")[-16:]
    failed = row["status"] in ("error", "interrupted")
    return {
        **span,
        "name": f"{operation} {row['model_requested']}",
        "kind": 3,  # client
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(end),
        "attributes": attributes,
        "status": {"code": 2 if failed else 1},
    }


def read_otel(path: Path) -> Iterator[Row]:
    """Calls in such a file: those that ``write_otel`` wrote as they were, others with what their spans tell."""
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            if not line.strip():
                continue
            for resource in json.loads(line)["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    yield from (_from_span(span) for span in scope["spans"])


def _from_span(span: Mapping[str, Any]) -> Row:
    given = {one["key"]: next(iter(one["value"].values()), None) for one in span["attributes"]}
    row: dict[str, Any] = {_COLUMNS[key]: value for key, value in given.items() if key in _COLUMNS}
    micro, rest = divmod(int(span["startTimeUnixNano"]), 1_000)
    row["started_at"] = (_EPOCH + timedelta(microseconds=micro, milliseconds=rest / 1e6)).replace(tzinfo=UTC)
    if "id" in row:
        return row
    # A span of somebody else's: what only costmagic writes down is not known.
    failed = span.get("status", {}).get("code") == 2
    took = (int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])) / 1e6
    return {
        "model_requested": row.get("model"),
        **row,
        "id": f"{span['traceId']}{span['spanId']}",
        "status": "error" if failed else "ok",
        "purpose": "embed" if given.get(_OPERATION) == "embeddings" else "user",
        **{"route_source": "explicit", "cache": "none", "usage_source": "reported", "prompt_hash": "imported"},
        **{"latency_ms": took, "retries": 0, "batched": False},
    }


def _attribute(key: str, value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"key": key, "value": {"boolValue": value}}
    if isinstance(value, int):
        return {"key": key, "value": {"intValue": str(value)}}
    if isinstance(value, float):
        return {"key": key, "value": {"doubleValue": value}}
    return {"key": key, "value": {"stringValue": str(value)}}


def _nanoseconds(moment: datetime) -> int:
    return round((moment - _EPOCH) / timedelta(microseconds=1)) * 1_000
