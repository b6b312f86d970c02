"""Writes ``[[downgrade]]`` tables into ``costmagic.toml`` and leaves the rest of the file as its owner wrote it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from .types import UsageError

KEY = "downgrade"


def put(path: Path, table: Mapping[str, Any]) -> bool:
    """Write ``table`` in place of the one of its feature, else at the end; whether there was one.

    Raises UsageError when the file can't be read or written.
    """
    import tomlkit

    document = _read(path)
    if KEY not in document:
        if document.as_string().strip():
            document.add(tomlkit.nl())
        document[KEY] = tomlkit.aot()
    entries = document[KEY]
    mine = [i for i, entry in enumerate(entries) if entry.get("feature") == table["feature"]]
    for index in reversed(mine):
        del entries[index]
    entries.append(_toml(table))
    _write(path, tomlkit.dumps(document))
    return bool(mine)


def remove(path: Path, feature: str) -> bool:
    """Take the tables of ``feature`` out; whether there were any. Raises as ``put`` does."""
    import tomlkit

    document = _read(path)
    entries = document.get(KEY, [])
    mine = [i for i, entry in enumerate(entries) if entry.get("feature") == feature]
    for index in reversed(mine):
        del entries[index]
    if mine:
        text = tomlkit.dumps(document)
        if not len(entries):
            del document[KEY]
            text = tomlkit.dumps(document).rstrip() + "\n"  # without the line that stood before the first
        _write(path, text)
    return bool(mine)


def _read(path: Path) -> Any:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(path.read_bytes().decode("utf-8"))  # bytes: its line ends stay as they are
    except FileNotFoundError:
        return tomlkit.document()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read, so no policy is written: {error}") from None


def _toml(table: Mapping[str, Any]) -> Any:
    import tomlkit

    made = tomlkit.table()
    for key, value in table.items():
        if key == "prices":
            prices = tomlkit.inline_table()
            for ref, rates in value.items():
                pair = tomlkit.inline_table()
                pair.update({name: _number(rate) for name, rate in rates.items()})
                prices[ref] = pair
            made[key] = prices
        elif isinstance(value, str) and "\n" in value:
            made[key] = tomlkit.string(value, multiline=True)
        else:
            made[key] = value
    return made


def _number(rate: Decimal) -> Any:
    import tomlkit

    whole = rate == rate.to_integral_value()
    return tomlkit.integer(str(int(rate))) if whole else tomlkit.float_(f"{rate.normalize():f}")


def _write(path: Path, text: str) -> None:
    """In one step: whoever reads the file meanwhile finds the old one or the new one."""
    target = path.resolve()  # a link stays one
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)
        raise UsageError(f"{path} can't be written: {error.strerror}") from None
