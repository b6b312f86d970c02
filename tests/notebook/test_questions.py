"""Lines that end in a question mark, in a real IPython shell."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output


def said(shell: InteractiveShell, source: str) -> str:
    """All that the cell printed, showed and is worth, as text."""
    with capture_output() as captured:
        result = shell.run_cell(source)
    shown = [str(output) for output in captured.outputs]
    return "\n".join([captured.stdout, *shown, str(result.result), str(result.error_in_exec or "")])


@pytest.mark.parametrize("name", ["llm", "costmagic"])
def test_a_question_reaches_the_command(shell: InteractiveShell, name: str) -> None:
    assert "rule" in said(shell, f"%{name} route Is this spam, yes or no?")
    assert "unknown subcommand 'rout'" in said(shell, f"if True:\n    %{name} rout Is this spam??")
    assert "semantic" in said(shell, f"1 + 1\n%{name} cache explain Who's there?")


def test_the_quotes_of_a_text_are_its_own(shell: InteractiveShell) -> None:
    seen: list[str] = []
    shell.push({"seen": seen})
    said(shell, "from costmagic.session import default\ndefault().route = seen.append")
    said(shell, '%llm route Say "hi" to who\'s there')
    said(shell, '%llm route "Translate: good morning"')
    assert seen == ['Say "hi" to who\'s there', "Translate: good morning"]


def test_help_is_still_help(shell: InteractiveShell) -> None:
    assert shell.transform_cell("%llm?") == "get_ipython().run_line_magic('pinfo', '%llm')\n"
    assert shell.transform_cell("name?") == "get_ipython().run_line_magic('pinfo', 'name')\n"
    # In a prompt and in a string nothing is changed.
    assert "simulated reply" in said(shell, "%%llm -m sim:claude-haiku-5-5\n%llm route Is this spam?")
    assert "%llm route what?" in said(shell, "'''\n%llm route what?\n'''")


def test_nothing_stays_when_the_extension_goes(shell: InteractiveShell) -> None:
    before = len(shell.input_transformer_manager.token_transformers)
    shell.extension_manager.reload_extension("costmagic")
    assert len(shell.input_transformer_manager.token_transformers) == before
    shell.extension_manager.unload_extension("costmagic")
    assert len(shell.input_transformer_manager.token_transformers) == before - 1
