"""``{{ expression }}``: one pass, whole values, and no way to modules and what lies behind them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from costmagic.templates import Template, interpolate
from costmagic.types import UsageError

SECRET = "sk-secret-in-the-environment"


class Holder:
    """Something of the user's that leads to a module."""

    def __init__(self) -> None:
        self.mod = os
        self.name = "holder"
        self._private = SECRET

    def give(self) -> ModuleType:
        return os


class Items:
    """Something of the user's that has a module as an item."""

    def __getitem__(self, key: str) -> ModuleType:
        return os


@pytest.fixture
def namespace(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a notebook might hold; the secret is in the environment and reachable from ``os``."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    holder = Holder()
    return {
        "os": os,
        "box": holder,
        "boxes": [holder],
        "items": Items(),
        "table": {"m": os, "deep": {"m": os}, "s": "text"},
        "modules": [os],
        "func": lambda: os,
        "dumps": json.dumps,
        "Holder": Holder,
        "text": "some text",
        "n": 3,
        "größe": "XL",
        "名前": "太郎",
    }


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("no marks", "no marks"),
        ("{{ n }}", "3"),
        ("{{n}}{{ n }}", "33"),
        ("{{ n + 1 }} {{ text | upper }} {{ text[:4] }}", "4 SOME TEXT some"),
        ("{{ größe }} {{ 名前 }}", "XL 太郎"),
        ("{single} {n} {} }{ }}", "{single} {n} {} }{ }}"),
        ('{"a": {"b": {{ n }} } }', '{"a": {"b": 3 } }'),
        ("{% if n %}x{% endif %} {# note #} {%- raw -%}", "{% if n %}x{% endif %} {# note #} {%- raw -%}"),
        ("{% raw %}{{ n }}{% endraw %}", "{% raw %}3{% endraw %}"),
        ("# line\n## {{ n }}\n\n", "# line\n## 3\n\n"),
        ("{{ '{{' }} and {{ '}}' }}", "{{ and }}"),
        ("a\n{{ n\n  + 1 }}\nb", "a\n4\nb"),
        ("{{ sum([1, 2]) }} {{ len(text) }} {{ sorted([2, 1]) }}", "3 9 [1, 2]"),
        ("{{ none }} {{ [] }} {{ 1.50 }}", "None [] 1.5"),
        ("{{ missing | default('x') }}{{ missing | d('y') }}", "xy"),
        ("{{ 'yes' if missing is defined else 'no' }}", "no"),
        ("{{ text | default('x') }}", "some text"),
        ("<b>{{ '<i>' }}</b> & \\n", "<b><i></b> & \\n"),
        ("{{ box.name }} {{ boxes | map(attribute='name') | join(',') }}", "holder holder"),
    ],
)
def test_expressions_are_filled_in_and_all_else_is_text(text: str, result: str, namespace: dict[str, Any]) -> None:
    assert interpolate(text, namespace) == result


@pytest.mark.parametrize("value", ["{{ secret }}", "{{ 1 + 1 }}", "{% x %}", "{# c #}", "{secret}", "%s \\1 $HOME"])
def test_what_a_value_holds_is_not_looked_at_again(value: str) -> None:
    assert interpolate("<{{ data }}>", {"data": value, "secret": SECRET}) == f"<{value}>"
    assert interpolate("{{ '{{ secret }}' }}", {"secret": SECRET}) == "{{ secret }}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ txet }}", "the prompt uses 'txet', which is not defined; did you mean 'text'"),
        ("{{ boxs.name }}", "did you mean 'boxes'"),
        ("{{ text if n else qqqqqq }}", "'qqqqqq', which is not defined"),
        ("{{ _private }}", "which is not defined"),
        ("{{ lipsum() }}", "'lipsum', which is not defined"),
        ("{{ open('x') }}", "'open', which is not defined"),
        ("{{ getattr(box, 'mod') }}", "'getattr', which is not defined"),
        ("{{ __import__('os') }}", "'__import__', which is not defined"),
        ("{{ missing.x | default('y') }}", "'missing', which is not defined"),
        ("{{ self }}", "the prompt uses 'self'"),
        ("{{ text.nope }}", "no attribute 'nope'"),
        ("{{ text[99] }}", "no element 99"),
        ("{{ boxes | map(attribute='nope') | list }}", "no attribute 'nope'"),
        ("{{ [text.nope] }}", "no attribute 'nope'"),
        ("{{", "line 1 of the prompt: "),
        ("a\nb {{ n n }}", "line 2 of the prompt: "),
        ("{{}}", "Expected an expression"),
        ("{{ n | nofilter }}", "No filter named 'nofilter'"),
        ("{{ 1 / 0 }}", "raised ZeroDivisionError: division by zero"),
        ("{{ int('x') }}", "raised ValueError"),
        ("{{ table['nope'] }}", "no attribute 'nope'"),
    ],
)
def test_a_mistake_is_told_in_one_line(text: str, told: str, namespace: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        interpolate(text, namespace)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "expression",
    [
        "os",
        "os.environ",
        "os | string",
        "dict(x=os)",
        "box.mod",
        "box.mod.environ",
        "box['mod']",
        "items['mod']",
        "items.mod",
        "items['mod'].environ",
        "box.give()",
        "box.give().environ['OPENAI_API_KEY']",
        "table.m",
        "[table.m]",
        "table.m.environ",
        "table['m']",
        "table['deep']['m'].environ",
        "table.get('m')",
        "table.get('m').getenv('OPENAI_API_KEY')",
        "table.values() | first",
        "modules[0]",
        "modules | first",
        "(modules | first).environ",
        "modules | map(attribute='environ') | list",
        "modules | map('attr', 'environ') | first",
        "modules | batch(1) | first | first",
        "func()",
        "func().environ",
        "func().getenv('OPENAI_API_KEY')",
        "func.__globals__",
        "func.__globals__['os'].environ",
        "dumps.__globals__",
        "dumps.__code__",
        "[func] | map(attribute='__globals__') | list",
        "box.give.__func__.__globals__",
        "box._private",
        "box['_private']",
        "box.__dict__",
        "box.__init__.__globals__",
        "Holder.__init__.__globals__",
        "Holder.__subclasses__()",
        "box | attr('mod')",
        "box | attr('__class__')",
        "boxes | map(attribute='mod') | list",
        "boxes | map(attribute='mod.environ') | first",
        "boxes | map(attribute='mod') | map('attr', 'environ') | list",
        "boxes | selectattr('mod') | list",
        "boxes | sort(attribute='mod')",
        "boxes | groupby('mod') | list",
        "boxes | sum(attribute='mod.environ')",
        "boxes | join(',', attribute='mod.environ')",
        "'{0.mod.environ}'.format(box)",
        "'{0.give.__globals__}'.format(box)",
        "'{b.mod}'.format_map({'b': box})",
        "'{0[mod].environ}'.format(items)",
        "''.__class__.__mro__",
        "text.__class__",
        "text.format.__self__.__class__",
        "n.__class__.__base__.__subclasses__()",
        "{}.__class__",
        "len.__self__",
        "table.pop('s')",
        "modules.append(1)",
        "(box.mod | default('x'))",
        "box.mod is defined",
    ],
)
def test_modules_and_internals_are_out_of_reach(expression: str, namespace: dict[str, Any]) -> None:
    try:
        result = interpolate(f"{{{{ {expression} }}}}", namespace)
    except UsageError as error:
        result = str(error)
        assert "not allowed" in result or "the module 'os'" in result
    else:
        pytest.fail(f"this was let through: {result[:100]}")
    assert SECRET not in result
    assert namespace["table"]["s"] == "text"
    assert namespace["modules"] == [os]


def test_a_long_frame_is_written_whole_as_csv() -> None:
    frame = pd.DataFrame({"n": range(5_000), "größe": ["a,b"] * 5_000})
    written = interpolate("{{ df }}", {"df": frame})
    assert written == frame.to_csv(index=False)
    assert written.count("\n") == 5_001
    indexed = frame.set_index("n")
    assert interpolate("{{ df.head(2) }}", {"df": indexed}) == 'n,größe\n0,"a,b"\n1,"a,b"\n'


def test_a_series_is_written_whole() -> None:
    series = pd.Series(range(5_000), name="n")
    assert interpolate("{{ s }}", {"s": series}).split() == [str(n) for n in range(5_000)]
    named = pd.Series([1, 2], index=["a", "b"], name="n")
    assert interpolate("{{ s }}", {"s": named}) == ",n\na,1\nb,2\n"


class _Raises:
    def __str__(self) -> str:
        raise RuntimeError("no text for you")


def test_a_value_that_can_not_be_written_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="raised RuntimeError: no text for you"):
        interpolate("{{ x }}", {"x": _Raises()})


class _Touchy(dict[Any, Any]):
    """A huge namespace with odd keys: only the names that are used may be read."""

    def __getitem__(self, key: Any) -> Any:
        assert key == "x"
        return super().__getitem__(key)


def test_only_the_names_that_are_used_are_read() -> None:
    namespace: Mapping[str, Any] = _Touchy(
        {**{f"v{n}": n for n in range(50_000)}, 1: "one", ("a",): 2, "not an identifier": 3, None: 4, "x": 5}
    )
    assert interpolate("{{ x }}", namespace) == "5"
    with pytest.raises(UsageError, match="'zz', which is not defined"):
        interpolate("{{ zz }}", namespace)


def test_a_users_name_wins_over_a_builtin() -> None:
    assert interpolate("{{ list }} {{ len }}", {"list": "mine", "len": 4}) == "mine 4"
    assert interpolate("{{ loop }}{{ context }}{{ caller }}", {"loop": 1, "context": 2, "caller": 3}) == "123"


def test_a_megabyte_of_data_passes_unchanged() -> None:
    data = "{x} {{ y }} \u2028\r\n😀" * 60_000
    assert interpolate("{{ data }}", {"data": data}) == data


@pytest.mark.parametrize(
    "expression",
    [
        "df.label.unique()",
        "df.label.values",
        "df.label.array",
        "df.label.value_counts().index",
        "[df]",
        "{'a': df}",
        "(array, 1)",
        "array",
    ],
)
def test_no_value_is_shortened(expression: str) -> None:
    import numpy as np

    df = pd.DataFrame({"label": [f"label-{n:04d}" for n in range(1_500)]})
    text = interpolate("{{ " + expression + " }}", {"df": df, "array": np.array(df.label.tolist())})
    assert "..." not in text
    assert all(f"label-{n:04d}" in text for n in range(1_500))


def test_a_template_is_filled_again_and_again() -> None:
    template = Template("{{ a }}: {{ b | upper }}?\n")
    assert [template.fill({"a": n, "b": "x{{ a }}"}) for n in range(2)] == ["0: X{{ A }}?\n", "1: X{{ A }}?\n"]
    assert template.literals == ("", ": ", "?\n")
    assert template.names() == {"a", "b"}
    with pytest.raises(UsageError, match="'b', which is not defined"):
        template.check({"a": 1})
    assert Template("{a} plain").literals == ("{a} plain",)
    with pytest.raises(UsageError, match="line 1 of the prompt"):
        Template("{{ a")
