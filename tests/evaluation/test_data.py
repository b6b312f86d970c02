"""Where items come from, and the order in which they are asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from costmagic import Session, UsageError
from costmagic.evaluation import data_of, define
from costmagic.evaluation.items import MAX_ITEMS, Item, draw, items_of

ROWS = [{"text": "late {{ x }}", "label": "shipping"}, {"text": "broken", "label": "returns"}]


def items(session: Session, data: Any, prompt: str = "Where? {{ text }}", **more: Any) -> list[Item]:
    options = {"expected": "label", "candidates": "medium", **more}
    definition = define(session, data, prompt, **options)
    return list(items_of(definition, draw(definition)))


def asked(found: list[Item]) -> set[tuple[str, str | None]]:
    return {(item.prompt, item.expected) for item in found}


EXPECTED = {("Where? late {{ x }}", "shipping"), ("Where? broken", "returns")}


def test_a_frame_a_list_and_files_give_the_same_items(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS, index=["one", "two"])
    csv, jsonl = tmp_path / "t.csv", tmp_path / "t.jsonl"
    frame.to_csv(csv, index=False)
    jsonl.write_text("\n".join(json.dumps(row) for row in ROWS) + "\n\n")
    for source in (frame, ROWS, str(csv), csv, jsonl):
        assert asked(items(session, source)) == EXPECTED
    assert {item.label for item in items(session, frame)} == {"one", "two"}
    assert {data_of(s, session).kind for s in (frame, ROWS, csv, jsonl)} == {"frame", "list", "csv", "jsonl"}


def test_a_csv_file_is_text(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text,label\n007,NA\n1.50,\n")
    found = items(session, path)
    assert asked(found) == {("Where? 007", "NA")}  # the row without an answer is left out


def test_past_calls_are_asked_again_once_each(session: Session) -> None:
    for prompt, system in (("a", None), ("b", "be brief"), ("a", None), ("c", None)):
        session.ask(prompt, system=system, feature="letters", no_cache=True)
    session.ask("d", feature="other")
    session.ask("e", feature="letters", purpose="eval")
    definition = define(session, "calls:letters", candidates="medium")
    assert (definition.feature, definition.data.rows) == ("letters", 3)
    found = list(items_of(definition, draw(definition)))
    assert {(item.prompt, item.system) for item in found} == {("a", None), ("b", "be brief"), ("c", None)}


def test_past_calls_that_are_not_there_are_told(session: Session, home: Path) -> None:
    with pytest.raises(UsageError, match="no past calls of feature 'letters'"):
        data_of("calls:letters", session)
    silent = Session(home, settings={"preset": "sim", "store_text": False})
    silent.ask("a", feature="letters")
    with pytest.raises(UsageError, match="keeps no texts"):
        data_of("calls:letters", silent)


def test_the_sample_comes_along(session: Session) -> None:
    data = data_of("sample", session)
    assert data.rows == 300
    assert {"text", "department"} <= set(data.columns)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (7, "takes a DataFrame"),
        ([], "takes a DataFrame"),
        ([1], "takes a DataFrame"),
        (pd.DataFrame({"text": []}), "no rows"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns of one name"),
        ("nowhere.csv", "can't be read: No such file"),
        ("notes.txt", "reads .csv and .jsonl"),
        ("calls:", "which feature"),
    ],
)
def test_what_is_no_data_is_refused(session: Session, source: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        data_of(source, session)


@pytest.mark.parametrize(("text", "told"), [('{"a": 1}\n[2]', "line 2: each line"), ('{"a": ', "can't be read")])
def test_a_damaged_file_is_told_by_its_line(session: Session, tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(text)
    with pytest.raises(UsageError, match=told):
        data_of(path, session)


def test_the_order_is_random_seeded_and_limited(session: Session) -> None:
    frame = pd.DataFrame({"text": range(100), "label": ["x"] * 100})
    one, same, other = (items(session, frame, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert asked(one) == asked(other)
    assert [i.label for i in one] != [i.label for i in other] != [str(n) for n in range(100)]
    assert items(session, frame, seed=1, limit=7) == one[:7]
    assert [item.position for item in one] == list(range(100))


def test_a_large_frame_is_drawn_from_and_not_copied(session: Session) -> None:
    n = 100_000
    frame = pd.DataFrame({"text": np.arange(n).astype(str), "label": "x", "other": 0})
    definition = define(session, frame, "{{ text }}", expected="label", candidates="medium")
    assert definition.data.frame is frame
    drawn = draw(definition)
    assert len(drawn.rows) == MAX_ITEMS
    assert len(set(drawn.rows.tolist())) == MAX_ITEMS
    assert len(list(items_of(definition, drawn, 5))) == 5


def test_the_hash_is_that_of_the_used_columns(session: Session) -> None:
    def digest(frame: pd.DataFrame) -> str:
        return define(session, frame, "{{ text }}", expected="label", candidates="medium").dataset_hash

    frame = pd.DataFrame(ROWS).assign(other=[1, 2], things=[[1], {"a": 2}])
    assert digest(frame) == digest(frame.copy()) == digest(frame.assign(other=[3, 4]))
    assert digest(frame) != digest(frame.assign(label=["shipping", "x"]))
    assert digest(frame) != digest(frame.iloc[::-1])
    things = define(session, frame, "{{ things }}", expected="label", candidates="medium")
    assert things.dataset_hash != digest(frame)


def test_expected_answers_become_text(session: Session) -> None:
    rows = [{"text": n, "label": value} for n, value in enumerate([3, 4.0, 0.5, True, {"a": 1}, None, float("nan")])]
    assert {item.expected for item in items(session, rows)} == {"3", "4", "0.5", "True", '{"a": 1}'}
    frame = pd.DataFrame({"text": ["a", "b"], "label": [3, np.nan]})  # whole, but for the gap
    assert {item.expected for item in items(session, frame)} == {"3"}
    with pytest.raises(UsageError, match="'label' is empty"):
        items(session, [{"text": "a", "label": None}])


def test_prompts_name_columns_and_rows(session: Session) -> None:
    frame = pd.DataFrame({"the text": ["a"], "text": ["b"], "label": ["c"]})
    (item,) = items(session, frame, "{{ row['the text'] }}-{{ text | upper }}", system="Be {{ label }}")
    assert (item.prompt, item.system) == ("a-B", "Be c")


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("{{ txt }}", "did you mean 'text'"),
        ("{{ text", "line 1 of the prompt"),
        ("no column", "uses no column"),
        ("  ", "needs a prompt"),
        ("{{ text.__class__ }}", "row 0 of list rows .*not allowed"),
        ("{{ 1 // text }}", "row 0 of list rows .*raised"),
        ("{{ text and '' }}", "row 0 of list rows .*prompt is empty"),
    ],
)
def test_a_prompt_that_can_not_be_filled_is_told(session: Session, prompt: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        items(session, [{"text": "x", "label": "y"}], prompt)
