"""What counts as a sound, and what a text is cut into to be spoken."""

from __future__ import annotations

import pytest

from providers.sounds import Unusable, format_of, joined, milliseconds_of, wav
from providers.spoken_words import pieces_of
from tests.providers.double.sounds import made_speech

SOUND = made_speech("a few words", "wav")


def test_a_length_that_the_writer_did_not_know_is_taken() -> None:
    streamed = bytearray(SOUND)
    streamed[4:8] = streamed[40:44] = b"\xff\xff\xff\xff"
    assert milliseconds_of(bytes(streamed)) == milliseconds_of(SOUND) == 1200


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "known format"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "known format"),
        (b"RIFF1234WAVE", "cut off"),
        (SOUND[:-2_000], "cut off"),
        (b"ID3" + b"x" * 900, "damaged"),
        (b"\x1aE\xdf\xa3" + bytes(900), "damaged"),
        (wav(bytes(30_000), 24_000), "silent"),
        (wav(SOUND[44:144], 24_000), "no sound"),
    ],
)
def test_what_is_no_sound(data: bytes, said: str) -> None:
    with pytest.raises(Unusable, match=said):
        milliseconds_of(data)


def test_endless_sound_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.sounds.LONGEST_SECONDS", 1)
    with pytest.raises(Unusable, match="longer than"):
        milliseconds_of(SOUND)


def test_joined_clips_have_a_pause_between() -> None:
    whole = joined([SOUND, made_speech("a few words", "flac"), SOUND])
    assert format_of(whole) == "wav"
    assert milliseconds_of(whole) == 3 * 1200 + 2 * 250


@pytest.mark.parametrize(
    ("text", "most", "pieces"),
    [
        ("", 10, []),
        (" — … ", 10, []),
        (" One. Two. ", 100, ["One. Two."]),
        ("One two. Three four. Five.", 15, ["One two.", "Three four.", "Five."]),
        ("A long, long sentence without any end to it", 20, ["A long, long", "sentence without", "any end to it"]),
        ("夜は寒かった。雪が降っていた。", 8, ["夜は寒かった。", "雪が降っていた。"]),
        ("x" * 25, 10, ["x" * 10, "x" * 10, "x" * 5]),
    ],
)
def test_texts_are_cut_where_a_reader_takes_breath(text: str, most: int, pieces: list[str]) -> None:
    assert pieces_of(text, most) == pieces


def test_no_word_is_lost_or_changed() -> None:
    text = "He said: “Go!” She went, slowly; and the 3.5 miles — all of them — were long.\n\n" * 30
    for most in (7, 31, 200):
        pieces = pieces_of(text, most)
        assert max(map(len, pieces)) <= most
        assert "".join("".join(pieces).split()).replace("—", "") == "".join(text.split()).replace("—", "")
