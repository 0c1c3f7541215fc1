"""WebVTT and SubRip: times, escaping, nothing that ends a cue early."""

from __future__ import annotations

import re

from video.captions.cues import Cue
from video.captions.subtitles import Subtitle, srt, subtitles_of, webvtt


def test_times_are_absolute_and_exact() -> None:
    subtitles = subtitles_of([Cue(("One",), 0, 45), Cue(("Two", "lines"), 45, 30)], 108000)
    assert webvtt(subtitles, 30) == (
        "WEBVTT\n\n1\n01:00:00.000 --> 01:00:01.500\nOne\n\n2\n01:00:01.500 --> 01:00:02.500\nTwo\nlines\n"
    )
    assert srt(subtitles, 30) == (
        "1\n01:00:00,000 --> 01:00:01,500\nOne\n\n2\n01:00:01,500 --> 01:00:02,500\nTwo\nlines\n"
    )


def test_words_are_never_markup_nor_the_end_of_a_cue() -> None:
    nasty = ("<b>bold</b> & <00:01.000> --> 00:02", "a\n\nNOTE b\r\u2028c\x00", "", "{\\an8}top")
    vtt = webvtt([Subtitle(nasty, 0, 25)], 25)
    assert vtt.count("-->") == 1
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;00:01.000&gt; --&gt; 00:02" in vtt
    assert "a NOTE b c" in re.sub(" +", " ", vtt)
    assert vtt.count("\n\n") == 1
    plain = srt([Subtitle(nasty, 0, 25)], 25)
    assert "<b" not in plain
    assert "{\\" not in plain
    assert plain.count("\n\n") == 0


def test_each_line_of_a_text_from_right_to_left_says_so() -> None:
    assert "\u200f1845 שנה" in webvtt([Subtitle(("קר מאוד היה", "1845 שנה"), 0, 25)], 25)


def test_empty_files_are_valid() -> None:
    assert webvtt([], 25) == "WEBVTT\n"
    assert srt([], 25) == ""
