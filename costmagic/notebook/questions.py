"""``%llm route Is this spam?`` is a question to costmagic, not to IPython's help."""

from __future__ import annotations

import tokenize
from collections.abc import Sequence
from typing import Any

from IPython.core.inputtransformer2 import EscapedCommand, HelpEnd
from IPython.core.interactiveshell import InteractiveShell

NAMES = ("llm", "costmagic")


class Question(EscapedCommand):
    """A line of ``%llm`` with words after its name that ends in a question mark: a line magic like any other.

    IPython takes every line that ends so for a question about its last word. ``%llm?`` still is one.
    """

    priority = HelpEnd.priority - 1

    @classmethod
    def find(cls, tokens_by_line: Sequence[Sequence[tokenize.TokenInfo]]) -> Any:
        """The first such line of the cell, None without one."""
        for line in tokens_by_line:
            words = [token for token in line if token.type not in (tokenize.INDENT, tokenize.DEDENT)]
            if len(words) > 4 and words[0].string == "%" and words[1].string in NAMES and words[2].string != "?":
                return cls(words[0].start)
        return None


def register(shell: InteractiveShell) -> None:
    """Let questions through from here on."""
    unregister(shell)
    shell.input_transformer_manager.token_transformers.append(Question)


def unregister(shell: InteractiveShell) -> None:
    """Undo ``register``."""
    transformers = shell.input_transformer_manager.token_transformers
    transformers[:] = [one for one in transformers if one is not Question]
