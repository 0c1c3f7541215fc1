"""Answers of models, read against the units that they were shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.openai_compatible.cuts import clean_title, read_cuts
from tests.providers.openai_compatible.scripts import answer_of, cut_at, good_cuts

NAMES = ["Ann", "Ben", "Cat", "Dan", "Eve", "Flo", "Gus", "Hal", "Ida", "Jon"]
UNITS = [f"Sentence number {number} of the text, said {name}." for number, name in enumerate(NAMES)]


def lasts(answer: str, units: list[str] = UNITS) -> list[int] | None:
    reading = read_cuts(answer, units)
    return None if reading is None else [cut.last for cut in reading.cuts]


def test_a_good_answer() -> None:
    reading = read_cuts(answer_of(good_cuts(UNITS)), UNITS)
    assert reading is not None
    assert [cut.last for cut in reading.cuts] == [2, 5, 8, 9]
    assert reading.cuts[0].title == "Scene 2"
    assert reading.title == "A title"


@pytest.mark.parametrize("off", [-3, -2, -1, 1, 2, 3])
def test_off_by_a_little_is_repaired(off: int) -> None:
    assert lasts(answer_of([cut_at(UNITS, last, named=last + off) for last in (3, 6, 9)])) == [3, 6, 9]


@pytest.mark.parametrize("off", [-4, 4, 400])
def test_off_by_more_is_not(off: int) -> None:
    assert lasts(answer_of([cut_at(UNITS, last, named=last + off) for last in (3, 6, 9)])) is None


def test_a_repeated_sentence_is_looked_for_ahead() -> None:
    units = ["Yes.", "Hm.", "Yes.", "No."]
    named = [(1, "Yes."), (2, "Yes."), (4, "No.")]
    cuts: list[object] = [{"last_unit": number, "last_words": words, "title": ""} for number, words in named]
    assert lasts(answer_of(cuts), units) == [0, 2, 3]


def test_duplicates_are_one_and_an_early_stop_is_seen() -> None:
    assert lasts(answer_of([cut_at(UNITS, last) for last in (2, 2, 5, 5, 5)])) == [2, 5]


def test_a_few_wrong_ones_are_left_out() -> None:
    wrong = {"last_unit": 4, "last_words": "not in there", "title": ""}
    assert lasts(answer_of([*[cut_at(UNITS, last) for last in (1, 3, 5, 7)], wrong])) == [1, 3, 5, 7]
    assert lasts(answer_of([*[cut_at(UNITS, last) for last in (1, 3, 5)], wrong])) is None
    assert lasts(answer_of([cut_at(UNITS, 9), cut_at(UNITS, 2)])) is None


def test_an_answer_that_breaks_off_counts_as_far_as_it_is_whole() -> None:
    answer = answer_of(good_cuts(UNITS))
    assert lasts(answer[: answer.index('"Scene 8"')]) == [2, 5]


@pytest.mark.parametrize(
    "framed",
    ["```json\n{}\n```", "  {}  ", "Here are the scenes:\n{}\nI hope this helps."],
    ids=["fence", "space", "talk"],
)
def test_what_servers_without_a_schema_put_round_it(framed: str) -> None:
    assert lasts(framed.format(answer_of(good_cuts(UNITS)))) == [2, 5, 8, 9]
    assert lasts(json.dumps(good_cuts(UNITS))) == [2, 5, 8, 9]


@pytest.mark.parametrize("number", ["3", 3.0, " 3 "])
def test_numbers_of_another_type(number: object) -> None:
    assert lasts(answer_of([{**cut_at(UNITS, 2), "last_unit": number}])) == [2]


@pytest.mark.parametrize(
    "number", [True, None, [3], {"a": 3}, 3.5, "three", "9" * 5000, 10**30, -(10**30), float("inf")]
)
def test_numbers_that_are_none(number: object) -> None:
    assert lasts(json.dumps({"scenes": [{"last_unit": number, "last_words": "x", "title": ""}]})) is None


def test_spelling_does_not_matter() -> None:
    units = ["“Who goes there?” she asked — twice.", "海は静かだった。", "* * *", "Yes."]
    cuts = [
        {"last_unit": 1, "last_words": "She asked, twice", "title": ""},
        {"last_unit": 2, "last_words": "静かだった", "title": ""},
        {"last_unit": 3, "last_words": "***", "title": ""},
        {"last_unit": 4, "last_words": "* * * Yes.", "title": ""},
    ]
    assert lasts(answer_of(cuts), units) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "answer",
    ["", "null", "7", '"x"', "[]", "{}", '{"scenes": null}', '{"scenes": {}}', '{"scenes": [[]]}', "[" * 100_000,
     "I'm sorry, I can't help with that.", "{" * 100_000, '{"a":' * 100_000, "\x00", '{"scenes": [{}]}'],
)  # fmt: skip
def test_garbage(answer: str) -> None:
    assert lasts(answer) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=6,
)
numbers = st.integers(-2, 14) | json_values
quoted = st.sampled_from(["said Ann", "said Eve", ""]) | json_values
cuts = st.fixed_dictionaries({"last_unit": numbers, "last_words": quoted, "title": json_values})


@given(st.text(max_size=200) | json_values.map(json.dumps) | st.lists(cuts | json_values, max_size=12).map(answer_of))
@settings(max_examples=250, deadline=None)
def test_any_answer_is_read_or_refused(answer: str) -> None:
    reading = read_cuts(answer, UNITS)
    if reading is not None:
        found = [cut.last for cut in reading.cuts]
        assert found == sorted(set(found))
        assert 0 <= found[0] <= found[-1] < len(UNITS)


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("The storm", "The storm"), ("  “The\n\nstorm” ", "The storm"), ("a\u202eb\u200bc\x00", "a b c"), ("", None),
        ("…", None), (7, None), (None, None), ("word " * 30, ("word " * 12).strip()), ("x" * 500, "x" * 60),
    ],
)  # fmt: skip
def test_titles_are_one_short_visible_line(value: object, title: str | None) -> None:
    assert clean_title(value) == title
