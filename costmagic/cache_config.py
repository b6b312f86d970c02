"""What ``[cache]`` in ``costmagic.toml`` says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .checks import Where, check_keys, choice, positive, reference, typed

SEMANTIC_MODES = ("off", "threshold", "verified")
PREFIX_CACHING = ("auto", "off")
EMBEDDERS = ("minilm", "wordllama")


@dataclass(frozen=True)
class CacheConfig:
    """What the caches keep and serve.

    Attributes:
        ttl_days: no reply older than this is served.
        size_mb: what the replies may take on disk.
        semantic: "off", "threshold", "verified", or None: verified where the embedder is ready, else off.
        embedder: "minilm", "wordllama" or "openai:MODEL".
        prefix: "auto" asks providers to cache prompts where that pays, "off" never asks.
        min_tokens: model pattern ("anthropic:claude-haiku-5-5*") → tokens of the shortest prefix that it caches.
        false_hit_rate: the share of false hits among semantic hits that verification aims to stay under.
    """

    ttl_days: float = 30.0
    size_mb: float = 512.0
    semantic: str | None = None
    embedder: str = "minilm"
    false_hit_rate: float = 0.01
    prefix: str = "auto"
    min_tokens: Mapping[str, int] = field(default_factory=dict)


def read(table: Mapping[str, Any], where: Where) -> CacheConfig:
    """The checked table; raises ConfigError."""
    check_keys(table, [f.name for f in fields(CacheConfig)], "cache.", where)
    given: dict[str, Any] = {
        key: float(positive(table[key], f"cache.{key}", where))
        for key in ("ttl_days", "size_mb", "false_hit_rate")
        if key in table
    }
    if given.get("false_hit_rate", 0) >= 1:
        raise where.error("cache.false_hit_rate", "cache.false_hit_rate is a share: 0.01 means one in a hundred")
    if "semantic" in table:
        given["semantic"] = choice(table["semantic"], SEMANTIC_MODES, "cache.semantic", where)
    if "embedder" in table:
        name = typed(table["embedder"], str, "cache.embedder", where)
        if name not in EMBEDDERS and not re.fullmatch(r"openai:\S+", name):
            raise where.error(
                "cache.embedder", f"cache.embedder = {name!r} is not one of {', '.join(EMBEDDERS)}, openai:MODEL"
            )
        given["embedder"] = name
    if "prefix" in table:
        given["prefix"] = choice(table["prefix"], PREFIX_CACHING, "cache.prefix", where)
    minima = typed(table.get("min_tokens", {}), dict, "cache.min_tokens", where)
    for pattern, tokens in minima.items():
        key = f'cache.min_tokens."{pattern}"'
        reference(pattern, key, where)
        if typed(tokens, int, key, where) < 1:
            raise where.error(key, f"{key} must be at least 1")
    return CacheConfig(**given, min_tokens=dict(minima))
