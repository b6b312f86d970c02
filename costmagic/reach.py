"""Whether a model can be asked from here, and if not, why."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

from . import weights
from .config import Settings, address
from .models import LOCAL_MODEL, require_key, split
from .prices import LISTED, Prices
from .providers.sim import is_scripted
from .types import UsageError, closest, did_you_mean

# How long a model that its provider did not know stays out, and a server on this machine that did not answer.
GONE_FOR = 600.0
DOWN_FOR = 5.0
CONNECT_TIMEOUT = 0.2


class Reach:
    """Knows names, keys, weights, and what has just failed."""

    def __init__(self, settings: Settings, prices: Prices) -> None:
        self._settings = settings
        self._prices = prices
        self._gone: dict[str, tuple[float, str]] = {}
        self._servers: dict[tuple[str, int], tuple[float, bool]] = {}

    def check_name(self, ref: str) -> None:
        """Raise UsageError, with the closest names, unless ``ref`` names a model."""
        name, model = split(ref)
        config = self._settings.providers.get(name)
        if config is None:
            raise UsageError(
                f"unknown provider '{name}' in '{ref}'{did_you_mean(name, list(self._settings.providers))}"
            )
        listed = name in LISTED or (config.kind == "sim" and not is_scripted(model))
        named = ref in self._settings.tiers.values() or ref in self._settings.prices
        elsewhere = name in ("anthropic", "openai") and address(name, config) is not None
        if listed and not named and not elsewhere and not self._prices.knows(ref):
            known = self._known_like(name)
            raise UsageError(
                f"unknown model '{ref}'{did_you_mean(ref, known)}"
                + ("" if config.kind == "sim" else f' (if it is new, give its price in [prices."{ref}"])')
            )

    def check(self, ref: str) -> None:
        """Raise UsageError unless ``ref`` names a model whose key is set, or whose weights are on this machine."""
        self.check_name(ref)
        name, model = split(ref)
        if self._settings.providers[name].kind == "local":
            weights.find(self._settings.home, model)
        else:
            require_key(self._settings, name)

    def check_for_tier(self, ref: str) -> None:
        """Like ``check``, for a model that another tier may replace: it must not have failed just now either."""
        self.check(ref)
        until, why = self._gone.get(ref, (0.0, ""))
        if time.monotonic() < until:
            raise UsageError(why)
        name = split(ref)[0]
        url = urlsplit(address(name, self._settings.providers[name]) or "")
        if url.hostname in ("127.0.0.1", "localhost", "::1"):
            port = url.port or (443 if url.scheme == "https" else 80)
            if not self._answers(url.hostname, port):
                raise UsageError(f"{name}: no server answers at {url.hostname}:{port}")

    def why_not(self, ref: str) -> str | None:
        """Why the model of a tier can't be asked, None when it can."""
        try:
            self.check_for_tier(ref)
        except UsageError as error:
            return str(error)
        return None

    def lose(self, ref: str, why: str) -> None:
        """Remember that the provider does not know the model (any more)."""
        self._gone[ref] = (time.monotonic() + GONE_FOR, why)

    def refuse_bare_name(self, name: str) -> None:
        """Raise UsageError for a model without its provider, with the references that it may mean."""
        local = [f"local:{n}" for n in weights.available(self._settings.home)]
        known = {ref.partition(":")[2]: ref for ref in (*self._prices.catalogue(), *local)}
        names = [name] if name in known else closest(name, list(known))
        meant = " or ".join(repr(known[n]) for n in names) or f"something like '{LOCAL_MODEL}'"
        raise UsageError(f"'{name}' names no provider: write provider:model; did you mean {meant}?")

    def _answers(self, host: str, port: int) -> bool:
        """Whether something listens there; asked again after a while only when nothing does."""
        until, answered = self._servers.get((host, port), (0.0, False))
        if answered or time.monotonic() < until:
            return answered
        try:
            socket.create_connection((host, port), timeout=CONNECT_TIMEOUT).close()
            answered = True
        except OSError:
            answered = False
        self._servers[host, port] = (time.monotonic() + DOWN_FOR, answered)
        return answered

    def _known_like(self, provider: str) -> list[str]:
        catalogue = self._prices.catalogue()
        if provider == "sim":
            return [f"sim:{ref.partition(':')[2]}" for ref in catalogue]
        return [ref for ref in catalogue if ref.startswith(f"{provider}:")]
