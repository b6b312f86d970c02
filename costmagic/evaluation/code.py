"""An evaluation as the Python that runs it again."""

from __future__ import annotations

from .data import PAST_CALLS, SAMPLE
from .definition import BUDGET, CONFIDENCE, MARGIN, Definition


def code(definition: Definition) -> str:
    """The cell: ``import costmagic as cm`` and a call of ``cm.evaluate``; what is as usual is left out."""
    d = definition
    data = {"calls": repr(PAST_CALLS + d.data.name), "sample": repr(SAMPLE)}.get(d.data.kind)
    if data is None:
        data = repr(d.data.name) if d.data.kind in ("csv", "jsonl") else d.data.name
    usual = {"margin": MARGIN, "confidence": CONFIDENCE, "budget": BUDGET, "seed": 0, "max_parallel": 8, "fresh": False}
    arguments = [data, f"prompt={d.prompt!r}"]
    names = ("system", "expected", "feature", "baseline", "candidates", "scorer", "margin", "confidence", "budget")
    for name in (*names, "seed", "limit", "max_tokens", "max_parallel", "fresh"):
        value = getattr(d, name)
        if (value is None and name != "budget") or (name in usual and value == usual[name]):
            continue
        if name == "scorer" and value.startswith("function "):
            written = value.removeprefix("function ")
        elif name == "candidates":
            written = repr(list(value))
        else:
            written = f"{value:f}" if name == "budget" and value is not None else repr(value)
        arguments.append(f"{name}={written}")
    body = "".join(f"    {argument},\n" for argument in arguments)
    return f"import costmagic as cm\n\nev = cm.evaluate(\n{body})\nev"
