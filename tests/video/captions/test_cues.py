"""Reading times and cues: no word is lost, no line too long, every frame accounted for."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rendering import Captions
from tests.costs import assert_cheap, assert_grows_no_faster_than
from video.captions.breaking import width_of
from video.captions.cues import Cue, LineLimits, balanced, cue_lines, cues_of, line_limits
from video.captions.pacing import LEAST_SECONDS, MOST_SECONDS, plain_seconds, reading_seconds
from video.captions.scripts import clusters, is_right_to_left, script_of

WIDE = line_limits(Captions.PLAIN, 1920, 1080)
TALL = line_limits(Captions.BOLD, 1080, 1920)
STORY = (Path(__file__).parents[2] / "data/little_match_seller.txt").read_text()
JAPANESE = (
    "「吾輩は猫である。」名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
    "ニャーニャー泣いていた事（だけ）は、記憶している。"
)
THAI = "เด็กหญิงตัวน้อยเดินอยู่ในความมืดและความหนาว "
WORDS = [
    "the",
    "old",
    "year",
    "snow,",
    "street.",
    "I",
    "“Go!”",
    "ein",
    "Straßenbahn",
    "снег",
    "ночь.",
    "κρύο·",
    "שלום",
    "برد،",
    "नया",
    "क्षत्रिय",
    "ठंड।",
    "大年夜",
    "天冷极了，",
    "「寒い」",
    "ニャーニャー",
    "って。",
    "เด็กหญิง",
    "추운",
    "날이다.",
    "👩\u200d👩\u200d👧",
    "🇫🇷🇩🇪",
    "3.14",
    "éé",
    "...",
    "—",
    "https://example.org/a/b/c",
]
PIECES = st.sampled_from([*WORDS, "a" * 90, "\u00a0", "\n\n"])
TEXTS = st.lists(st.tuples(PIECES, st.sampled_from([" ", "", "\n", " "])), max_size=40).map(
    lambda parts: "".join(word + gap for word, gap in parts)
) | st.text(max_size=120)


def without_spaces(text: str) -> str:
    return "".join(text.split())


def shown(cues: tuple[Cue, ...]) -> str:
    return without_spaces("".join("".join(cue.lines) for cue in cues))


@given(text=TEXTS, frames=st.integers(1, 2000), limits=st.sampled_from([WIDE, TALL, LineLimits(5, 2)]))
@settings(max_examples=150, deadline=None)
def test_words_are_kept_in_order_and_frames_add_up(text: str, frames: int, limits: LineLimits) -> None:
    cues = cues_of(text, frames=frames, fps=30, limits=limits)
    assert shown(cues) == without_spaces(text)
    if cues:
        assert [cue.first_frame for cue in cues] == [sum(c.frames for c in cues[:n]) for n in range(len(cues))]
        assert sum(cue.frames for cue in cues) == frames
        assert min(cue.frames for cue in cues) >= min(1, frames)
        if frames >= 25 * len(cues):
            assert min(cue.frames for cue in cues) >= 25


@given(text=TEXTS, limits=st.sampled_from([WIDE, TALL]))
@settings(max_examples=150, deadline=None)
def test_lines_fit_and_never_divide_a_letter(text: str, limits: LineLimits) -> None:
    whole = clusters(without_spaces(text))
    edges, at = set(), 0
    for cluster in whole:
        edges.add(at)
        at += len(cluster)
    at = 0
    for lines in cue_lines(text, limits):
        assert 1 <= len(lines) <= limits.lines
        for line in lines:
            assert line == line.strip(" ")
            assert width_of(line) <= 2 * limits.cells or len(clusters(line)) == 1 or not any(map(str.isalpha, line))
            assert at in edges or without_spaces(line) == ""
            at += len(without_spaces(line))


@given(text=st.text(max_size=60))
def test_clusters_joined_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text


@pytest.mark.parametrize("text", ["e\u0301", "क्षि", "👩‍👩‍👧", "🇫🇷", "각", "เด็", "ก็", "👍🏽"])
def test_a_letter_with_its_marks_is_one_cluster(text: str) -> None:
    assert clusters(text) == ([text] if text != "เด็" else ["เด็"])


def test_captions_end_with_sentences_and_lines_are_even() -> None:
    text = "The snow was falling fast. In the cold and the darkness, a little girl walked through the streets."
    cues = cues_of(text, frames=300, fps=30, limits=WIDE)
    assert cues[0].lines == ("The snow was falling fast.",)
    assert all(len(max(c.lines, key=len)) <= 2 * len(min(c.lines, key=len)) for c in cues)
    assert all(cue.lines[-1].split()[-1] not in ("the", "a", "and") for cue in cues)


def test_no_line_begins_or_ends_with_what_kinsoku_forbids() -> None:
    for cells in range(8, 40):
        for line in (line for lines in cue_lines(JAPANESE * 3, LineLimits(cells, 2)) for line in lines):
            assert line[0] not in "、。」）ーァィゥェォッャュョっゃゅょ"
            assert line[-1] not in "「（"


def test_abbreviations_and_initials_do_not_end_captions() -> None:
    lines = cue_lines("At noon Mr. J. Hyde, e.g. the other one, paid No. 5 exactly 3.50 dollars.", LineLimits(60, 1))
    assert not any(line.endswith(("Mr.", "J.", "e.g.", "No.")) for group in lines for line in group)


def test_no_caption_is_a_single_short_word_out_of_a_sentence() -> None:
    for length in range(8, 40):
        text = " ".join(f"word{number:02}" for number in range(length)) + " so."
        groups = cue_lines(text, WIDE)
        assert len(" ".join(groups[-1])) > 10


def test_a_window_shorter_than_its_captions_shows_several_together() -> None:
    cues = cues_of("One. " * 60, frames=3, fps=30, limits=TALL)
    assert [cue.frames for cue in cues] == [1, 1, 1]
    assert shown(cues) == "One." * 60
    assert cues_of("Words.", frames=0, fps=30, limits=WIDE) == ()
    assert cues_of("  \n ", frames=90, fps=30, limits=WIDE) == ()


def test_time_is_shared_by_reading_time() -> None:
    short, long = cues_of(
        "Snow fell. In the cold and the darkness a poor little girl roamed through the empty streets.",
        frames=240,
        fps=30,
        limits=LineLimits(90, 1),
    )
    assert 25 <= short.frames < long.frames / 2


def test_english_is_read_at_the_recommended_speed() -> None:
    a_minute = len(STORY.split()) / float(plain_seconds(STORY)) * 60
    assert 150 <= a_minute <= 190


def test_the_same_words_take_about_as_long_in_every_script() -> None:
    english = "It was terribly cold; snow was falling, and it was almost dark. It was the last evening of the year."
    others = [
        "Было ужасно холодно; шёл снег, и почти стемнело. Это был последний вечер года.",
        "天气冷得可怕，正下着雪，天快要黑了。这是一年的最后一个夜晚。",
        "ひどく寒い日でした。雪も降っており、すっかり暗くなり、もう今年最後の夜です。",
        "كان البرد قارسا والثلج يتساقط وقد حل الظلام تقريبا. كانت آخر ليلة في السنة.",
        "बहुत ठंड थी, बर्फ गिर रही थी और लगभग अंधेरा हो गया था। यह साल की आखिरी शाम थी।",
    ]
    for other in others:
        assert 0.6 < reading_seconds(other) / reading_seconds(english) < 1.6


def test_reading_time_has_a_least_and_a_most() -> None:
    assert reading_seconds("") == reading_seconds("Go.") == LEAST_SECONDS
    assert reading_seconds("word " * 20_000) == MOST_SECONDS
    assert isinstance(reading_seconds("Some words of a scene, and a few more."), Fraction)
    assert plain_seconds("3.14 and example.org") < plain_seconds("3, 14. And example. Org.")


@pytest.mark.parametrize(
    ("text", "sha256"),
    [(STORY, "6a1d77314a8bd7c7"), (JAPANESE * 40, "3db523f871a5a097"), (THAI * 30, "c455ea585033085c")],
    ids=["English", "Japanese", "Thai"],
)
def test_whole_texts_are_divided_as_they_ever_were(text: str, sha256: str) -> None:
    shown = [line for limits in (WIDE, TALL) for group in cue_lines(text, limits) for line in ("", *group)]
    assert hashlib.sha256("\n".join(shown[1:]).encode()).hexdigest()[:16] == sha256


@pytest.mark.parametrize("piece", [STORY, JAPANESE, THAI, "漢字仮名", "abc"], ids=["en", "ja", "th", "han", "one word"])
def test_captions_of_a_long_text_cost_as_much_a_letter_as_of_a_short_one(piece: str) -> None:
    small, large = ((piece * (length // len(piece) + 1))[:length] for length in (4000, 20_000))
    assert_cheap(lambda: cue_lines(large, WIDE), 2)
    assert_grows_no_faster_than(8, lambda: cue_lines(small, WIDE), lambda: cue_lines(large, WIDE))


def test_titles_are_balanced() -> None:
    assert balanced("The Little Match Seller", 24) == ("The Little Match Seller",)
    assert balanced("The Little Match Seller and Other Stories", 24) == (
        "The Little Match Seller",
        "and Other Stories",
    )


def test_scripts_and_directions() -> None:
    assert [script_of(char) for char in "aжαשع大の한ก 1,…"] == [
        *("Latin", "Cyrillic", "Greek", "Hebrew", "Arabic", "Chinese", "Japanese", "Korean", "Thai"),
        *(None, None, None, None),
    ]
    assert is_right_to_left("קר מאוד 1845")
    assert not is_right_to_left("1845 – cold")


@pytest.mark.parametrize("title", ["漢" * 300, "x " * 150, "Once. And. Again. " * 16, "x" * 300])
def test_the_longest_titles_are_divided_at_once(title: str) -> None:
    assert_cheap(lambda: balanced(title, 15), 3)
    lines = balanced(title, 15)
    assert "".join("".join(lines).split()) == "".join(title.split())
    assert len(set(map(len, lines[:-1]))) <= 3


def test_nothing_has_no_lines() -> None:
    assert balanced(" ", 15) == ()
