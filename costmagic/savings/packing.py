"""Packing: several tasks of a background loop in one prompt, which carries their instructions once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..tokens import TOKENS_PER_MESSAGE, TOKENS_PER_REPLY
from .item import NOTHING, Item
from .loops import Loop
from .workload import Finding, Workload, count, named, sentences

PACK = 20  # tasks in one prompt

# Longer tasks or replies fill the model's attention: they go alone.
LONGEST_TASK, LONGEST_REPLY = 1_000, 200  # tokens

# What packing adds: a number, its dot and a line break to each task and each answer, and once the wish for them.
TASK_FRAME, ANSWER_FRAME, PACK_FRAME = 3, 3, 15  # tokens

CODE = """\
rows = [...]  # the tasks of the loop: 20 of them share one prompt
numbered = "\\n".join(f"{n}. {row}" for n, row in enumerate(rows[:20], 1))
prompt = "INSTRUCTION\\nAnswer each item in a line of its own, with its number.\\n" + numbered
reply = cm.ask(prompt, feature=FEATURE)"""


def apply(work: Workload) -> Finding:
    """Put the short tasks of each loop into packs, where that is cheaper."""
    packed: list[Item] = []
    packs = 0
    for loop in work.loops():
        instructions = _instructions(work, loop)
        fit = [item for item in loop.items if _fits(item, instructions)]
        for start in range(0, len(fit), PACK):
            pack = fit[start : start + PACK]
            if len(pack) > 1 and _pack(work, pack, instructions):
                packed += pack
                packs += 1
    untold = sum(item.prompt is None for item in work.movable())
    how = (
        f"up to {PACK} short tasks of a loop (same feature, settings and template, at most seconds apart) in one "
        "prompt: its instructions are paid once; numbering tasks and answers is added"
    )
    note = sentences(
        f"{count(len(packed), 'call')} in {count(packs, 'pack')}." if packed else "No such loop was found.",
        "Check the quality on a sample: answers in one reply influence each other." if packed else "",
        f"{count(untold, 'call')} without a kept text not looked at." if untold else "",
    )
    return Finding(how, "", CODE.replace("FEATURE", repr(named(packed) or "NAME")), note)


def _instructions(work: Workload, loop: Loop) -> int:
    """Tokens that all prompts of a loop have in common: template, system prompt and what frames messages."""
    template = work.engine.tokens.text(loop.items[0].asked, loop.shared).tokens if loop.shared else 0
    system = loop.items[0].row.prefix_tokens or 0
    return template + system + TOKENS_PER_MESSAGE + TOKENS_PER_REPLY


def _fits(item: Item, instructions: int) -> bool:
    own = item.usage.input_tokens - instructions
    return item.repriceable and 0 < own <= LONGEST_TASK and item.usage.output_tokens <= LONGEST_REPLY


def _pack(work: Workload, pack: Sequence[Item], instructions: int) -> bool:
    """Carry out the packing, if it is cheaper; the first of the pack pays for what they share."""
    before = [item.usage for item in pack]
    cost = sum((item.cost(work.rates) for item in pack), NOTHING)
    for n, item in enumerate(pack):
        usage = item.usage
        tokens = usage.input_tokens + TASK_FRAME + (PACK_FRAME if n == 0 else -instructions)
        output = usage.output_tokens + ANSWER_FRAME
        if n == 0:
            item.usage = replace(usage, input_tokens=tokens, output_tokens=output)
        else:  # the cached part of its prompt was in the instructions
            item.usage = replace(
                usage,
                input_tokens=tokens,
                output_tokens=output,
                cache_read_tokens=0,
                cache_write_tokens=0,
                cache_write_1h_tokens=0,
            )
    if sum((item.cost(work.rates) for item in pack), NOTHING) < cost:
        return True
    for item, usage in zip(pack, before, strict=True):
        item.usage = usage
    return False
