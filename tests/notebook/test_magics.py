"""The magics in a real IPython shell."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError as IPythonUsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output

from costmagic import ProviderError, UsageError, sim
from costmagic.notebook import live
from costmagic.notebook.receipt import MIME
from notebook.cells import run

OPUS = "sim:claude-opus-5-5"


def receipt_of(outputs: list[RichOutput]) -> dict[str, Any]:
    return next(o.data[MIME] for o in outputs if MIME in o.data)


def test_a_cell_prints_the_reply_and_leaves_a_receipt(shell: InteractiveShell) -> None:
    stdout, outputs, _ = run(shell, f"%%llm -m {OPUS} -f docs\nWhat is a hash?")
    assert "simulated reply" in stdout
    bundle = next(o.data for o in outputs if MIME in o.data)
    assert {"text/html", "text/markdown", "text/plain", MIME} == set(bundle)
    figures = bundle[MIME]
    assert figures["simulated"] is True
    assert figures["cache"]["state"] == "miss"
    assert "SIMULATED" in bundle["text/plain"]
    assert "SIMULATED" in bundle["text/html"]
    assert json.loads(json.dumps(figures)) == figures


def test_the_same_cell_again_is_a_hit(shell: InteractiveShell) -> None:
    cell = f"%%llm -m {OPUS}\nWhat is a hash?"
    first = receipt_of(run(shell, cell)[1])
    _, outputs, _ = run(shell, cell)
    figures = receipt_of(outputs)
    assert figures["cost"] == "0"
    assert figures["cache"]["avoided"] == first["cost"]
    plain = next(o.data["text/plain"] for o in outputs if MIME in o.data)
    assert re.search(r"\[HIT\].*\$0 · avoided \$0\.0.*hit, \d+ s old", plain)


def test_in_a_kernel_the_reply_grows_in_place(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "has_front_end", lambda shell: True)
    stdout, outputs, _ = run(shell, f"%%llm -m {OPUS}\nWhat is a hash?")
    assert stdout == ""
    reply = next(o for o in outputs if "text/markdown" in o.data and MIME not in o.data)
    assert {"text/html", "text/markdown", "text/plain"} == set(reply.data)


def test_out_keeps_the_reply_and_values_come_from_the_notebook(shell: InteractiveShell) -> None:
    run(shell, "ticket = 'braces {{ stay }} {as} they are'\nrules = 'Be {{ brief }}.'")
    run(shell, f"%%llm -m {OPUS} -o reply -s rules\nSort: {{{{ ticket }}}} {{single}}")
    reply = shell.user_ns["reply"]
    assert reply.request.messages[0].content == "Sort: braces {{ stay }} {as} they are {single}"
    assert reply.request.system == "Be {{ brief }}."


def test_python_variables_are_not_expanded_by_ipython(shell: InteractiveShell) -> None:
    run(shell, "secret = 'hunter2'")
    run(shell, f"%%llm -m {OPUS} -o reply -f {{secret}}\n$secret {{secret}}")
    assert shell.user_ns["reply"].request.messages[0].content == "$secret {secret}"
    _, _, table = run(shell, "%llm costs")
    assert "hunter2" not in repr(table)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%%llm --tpye x\nhi", "unknown option '--tpye'"),
        ("%%llm --max-token 5\nhi", "did you mean '--max-tokens'"),
        ("%%llm -t hevy\nhi", "did you mean 'heavy'"),
        ("%%llm -m sim:claude-opus-5-6\nhi", "did you mean 'sim:claude-opus-5-5'"),
        ("%%llm -m claude-opus-5-5\nhi", "provider:model"),
        ("%%llm -t heavy -m sim:claude-opus-5-5\nhi", "not both"),
        ("%%llm hello\nhi", "the prompt goes below"),
        ("%%llm\n{{ tikcet }}", "'tikcet', which is not defined"),
        ("%%llm\n   \n", "the prompt is empty"),
        ("%%llm --max-tokens 0\nhi", "max_tokens"),
        ("%%llm --max-tokens -5\nhi", "max_tokens"),
        ("%%llm --max-tokens 99999999999\nhi", "max_tokens"),
        ("%%llm --max-tokens ten\nhi", "--max-tokens"),
        ("%%llm --temperature 7\nhi", "temperature"),
        ("%%llm --temperature nan\nhi", "temperature"),
        ("%%llm --max-cost -1\nhi", "max_cost"),
        ("%%llm --max-cost cheap\nhi", "max_cost"),
        ("%%llm -t heavy --max-cost 0.000001\nhi", "could cost"),
        ("%%llm -s undefined_name\nhi", "no such variable"),
        ("%%llm -s 'open\nhi", "quotation"),
        ("%%llm -o not-a-name\nhi", "name of a variable"),
        ("%%llm --fresh --no-cache\nhi", "choose one"),
        ("%%llm --compare a,b\nhi", "unknown tier 'a'"),
        ("%llm cots", "did you mean 'costs'"),
        ("%llm Explain a hash.", "a prompt goes into a %%llm cell"),
        ("%llm costs --by colour", "grouped by 'colour'"),
        ("%llm history -n many", "-n takes"),
        ("%llm cache burn", "cache takes stats, clear"),
    ],
)
def test_mistakes_are_usage_errors_before_anything_is_sent(shell: InteractiveShell, cell: str, words: str) -> None:
    run(shell, "ticket = 'x'")
    with pytest.raises(UsageError) as caught:
        run(shell, cell)
    assert words in str(caught.value)
    assert isinstance(caught.value, IPythonUsageError)
    assert "\n" not in str(caught.value)
    assert run(shell, "import costmagic; len(costmagic.ledger())")[2] == 0


def test_a_prompt_longer_than_the_window_is_refused_with_both_counts(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match=r"has about 2\d\d,\d\d\d tokens.*200,000"):
        run(shell, f"%%llm -m sim:claude-haiku-4-5\n{'word ' * 230_000}")


def test_a_provider_error_raises_without_a_traceback_of_the_sdk(shell: InteractiveShell) -> None:
    sim.script(OPUS, fail=503)
    with pytest.raises(ProviderError) as caught:
        run(shell, f"%%llm -m {OPUS}\nhi")
    assert caught.value._render_traceback_() == ["ProviderError: sim (HTTP 503): simulated failure"]
    assert list(run(shell, "import costmagic; costmagic.ledger()")[2]["status"]) == ["error"]


def test_a_cut_stream_keeps_its_text_on_screen_and_in_the_ledger(shell: InteractiveShell) -> None:
    sim.script(OPUS, answers=lambda prompt: "one two three four", fail="cut")
    with capture_output() as captured:
        result = shell.run_cell(f"%%llm -m {OPUS}\nhi")
    assert isinstance(result.error_in_exec, ProviderError)
    assert "one two" in captured.stdout
    assert receipt_of(captured.outputs)["status"] == "error"
    assert result.error_in_exec.cost is not None
    assert "spent so far: $0.0" in str(result.error_in_exec)
    assert run(shell, "%llm history")[2].table[1][-1] == "one two"


def test_dry_run_sends_nothing_and_shows_every_tier(shell: InteractiveShell) -> None:
    run(shell, "x = 'value'")
    _, _, dry = run(shell, "%%llm --dry-run -s 'Be brief.' --max-tokens 50\nsay {{ x }}")
    text = repr(dry)
    for words in ("Nothing was sent", "say value", "Be brief.", "heavy", "standard", "medium", "coding", "routing"):
        assert words in text
        assert words in dry._repr_html_()
    assert run(shell, "import costmagic; len(costmagic.ledger())")[2] == 0


def test_a_dry_run_needs_no_key(shell: InteractiveShell) -> None:
    assert "anthropic:claude-haiku-4-5" in repr(run(shell, "%%llm --dry-run -m anthropic:claude-haiku-4-5\nhi")[2])


def test_the_alias_works_and_a_taken_name_is_left_alone() -> None:
    shell = InteractiveShell.instance()
    try:

        def other(line: str, cell: str | None = None) -> str:
            return "the other one"

        shell.register_magic_function(other, "line_cell", "llm")
        with pytest.warns(UserWarning, match="use %%costmagic"):
            shell.extension_manager.load_extension("costmagic")
        assert run(shell, "%%llm\nhi")[2] == "the other one"
        assert "costmagic" in repr(run(shell, "%costmagic")[2])
        shell.extension_manager.unload_extension("costmagic")
        assert run(shell, "%%llm\nhi")[2] == "the other one"
    finally:
        InteractiveShell.clear_instance()


def test_loading_twice_and_reloading_do_no_harm(shell: InteractiveShell) -> None:
    for command in ("%load_ext costmagic", "%reload_ext costmagic"):
        run(shell, command)
        assert "costmagic" in repr(run(shell, "%llm")[2])


def test_a_reply_as_the_value_of_a_cell_shows_text_and_receipt(shell: InteractiveShell) -> None:
    run(shell, "import costmagic as cm\nreply = cm.ask('hello')")
    bundle, _ = shell.display_formatter.format(shell.user_ns["reply"])
    assert MIME in bundle
    assert "costmagic-receipt" in bundle["text/html"]
    assert "claude-haiku-5-5" in bundle["text/plain"]


def test_a_reply_can_not_steer_the_terminal(shell: InteractiveShell) -> None:
    sim.script(OPUS, answers={"hi": "a\x1b[2Jb\x07c\rd\x9b31me\tf\ng"})
    stdout, _, _ = run(shell, f"%%llm -m {OPUS}\nhi")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", stdout)
    assert "\tf\ng" in stdout


def test_a_broken_configuration_is_one_line(shell: InteractiveShell) -> None:
    Path("costmagic.toml").write_text("preset = 'sim'\n[tires]\n")
    with pytest.raises(UsageError, match=r"costmagic\.toml, line 2: unknown key 'tires'; did you mean 'tiers'"):
        run(shell, "%llm")
