"""What is left to be said behind a title card."""

from __future__ import annotations

import pytest

from domain.rendering import RenderSpec
from domain.titles import card_title, texts_behind_card


@pytest.mark.parametrize(
    "first", ["The Tale", "# The tale", "**THE TALE**", "“The Tale.”", "❤\ufe0f The Tale", "  The  Tale :"]
)
def test_the_title_as_the_first_line_is_not_said_again(first: str) -> None:
    assert texts_behind_card([f"{first}\n\nA fox slept.", "The Tale\nB"], "The Tale") == ("A fox slept.", "The Tale\nB")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("The Tale", "The Tale"),
        ("The Tale\n \n", "The Tale"),
        ("The Tale\n\n***", "The Tale"),
        ("कल\nA fox slept.", "काल"),
        ("The Tale of a fox.\nIt slept.", "The Tale"),
        ("The Tale. It slept.", "The Tale"),
        ("A fox\nslept.", "The Tale"),
        ("The Tale\nA fox slept.", None),
        ("…\nA fox slept.", "!"),
    ],
)
def test_all_other_words_are(text: str, title: str | None) -> None:
    assert texts_behind_card([text, "More."], title) == (text, "More.")
    assert texts_behind_card([], title) == ()


def test_one_letter_may_be_written_in_two_ways() -> None:
    assert texts_behind_card(["Cafe\u0301\nA fox slept."], "Caf\u00e9") == ("A fox slept.",)


def test_a_card_needs_a_title() -> None:
    assert card_title(RenderSpec(title_card=True), "A tale") == "A tale"
    assert card_title(RenderSpec(title_card=True), None) is None
    assert card_title(RenderSpec(title_card=False), "A tale") is None
