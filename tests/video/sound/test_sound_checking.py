"""Uploaded music and speech from providers: what is taken, what is refused and why, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from domain.errors import InvalidInput, JobErrorCode, LimitExceeded, WorkFailed
from tests.video.sound.conftest import Floats, sha256_of, speech_like, tone, write_wav
from video.sound import decoding
from video.sound.music import check_music
from video.sound.plan import SAMPLE_RATE
from video.sound.speech import normalise_speech

FORMATS = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "96k", "-metadata", "title=secret"),
    "m4a": ("-c:a", "aac", "-metadata", "title=secret"),
    "aac": ("-c:a", "aac", "-f", "adts"),
    "ogg": ("-c:a", "libvorbis", "-metadata", "title=secret"),
    "opus": ("-c:a", "libopus"),
    "flac": ("-c:a", "flac", "-metadata", "title=secret"),
    "wav": ("-c:a", "pcm_s24le", "-metadata", "title=secret"),
}


@pytest.fixture
def encoded(tmp_path: Path, run_tool: Callable[..., bytes]) -> Callable[..., Path]:
    def encode(sound: Floats, name: str, *options: object, rate: int = 44_100, channels: int = 2) -> Path:
        source, path = write_wav(tmp_path / "source.wav", sound, channels=channels), tmp_path / f"upload.{name}"
        run_tool("-i", source, "-ar", rate, "-ac", channels, *FORMATS[name], *options, path)
        return path

    return encode


@pytest.mark.parametrize("name", FORMATS)
async def test_music_of_every_kind_becomes_one(
    encoded: Callable[..., Path], run_tool: Callable[..., bytes], ffmpeg_binary: str, work_dir: Path, name: str
) -> None:
    """Whatever it is called."""
    source = encoded(tone(2.0), name, rate=48_000 if name == "opus" else 44_100)
    upload, output = source.rename(source.with_name("upload.txt")), work_dir / "music.flac"
    facts = await check_music(upload, output, ffmpeg=ffmpeg_binary)
    raw = run_tool("-f", "flac", "-i", output, "-f", "s16le", "-")
    assert len(raw) == facts.samples * 4
    assert facts.seconds == pytest.approx(2.0, abs=0.0001 if name in ("wav", "flac", "ogg", "opus") else 0.06)
    assert (facts.byte_size, facts.sha256) == (output.stat().st_size, sha256_of(output))
    assert b"secret" not in output.read_bytes()
    samples = np.frombuffer(raw, "<i2")[9600:-9600] / 32768
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)
    assert list(work_dir.iterdir()) == [output]


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n"
REFUSED = {
    "empty": (b"", "empty"),
    "text": (b"Dear Sir or Madam, this is no music at all.", "not an MP3"),
    "playlist": (PLAYLIST, "not an MP3"),
    "concat list": (b"ffconcat version 1.0\nfile /etc/passwd\n", "not an MP3"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "not an MP3"),
    "playlist behind an MP3's first bytes": (b"ID3\4\0\0\0\0\0\0" + PLAYLIST * 50, "damaged"),
    "noise behind an MP3's first bytes": (b"\xff\xfb" + np.random.default_rng(1).bytes(20_000), "damaged|second"),
    "a FLAC's first bytes": (b"fLaC" + bytes(200), "damaged"),
    "an MP4 without an index": (struct.pack(">I4s", 24, b"ftyp") + b"M4A \0\0\0\0M4A mp42", "incomplete"),
    "half an OGG": (b"OggS\0\2" + bytes(100), "incomplete"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_no_music_is_refused(ffmpeg_binary: str, tmp_path: Path, work_dir: Path, name: str) -> None:
    content, reason = REFUSED[name]
    upload = tmp_path / "song.mp3"
    upload.write_bytes(content)
    with pytest.raises(InvalidInput, match=reason) as refusal:
        await check_music(upload, work_dir / "music.flac", ffmpeg=ffmpeg_binary)
    assert refusal.value.field == ("music",)
    assert str(tmp_path) not in refusal.value.message
    assert list(work_dir.iterdir()) == []


@pytest.mark.parametrize("name", ["wav", "m4a", "ogg", "flac"])
async def test_half_a_file_is_refused(
    encoded: Callable[..., Path], ffmpeg_binary: str, work_dir: Path, name: str
) -> None:
    upload = encoded(speech_like(4.0), name)
    content = upload.read_bytes()
    upload.write_bytes(content[: len(content) // 2])
    with pytest.raises(InvalidInput, match="incomplete"):
        await check_music(upload, work_dir / "music.flac", ffmpeg=ffmpeg_binary)
    assert list(work_dir.iterdir()) == []


async def test_too_much_or_too_little_music(encoded: Callable[..., Path], ffmpeg_binary: str, work_dir: Path) -> None:
    output = work_dir / "music.flac"
    upload = encoded(tone(3.0), "mp3")
    with pytest.raises(LimitExceeded, match=r"larger than 0\.01"):
        await check_music(upload, output, ffmpeg=ffmpeg_binary, most_bytes=10_486)
    with pytest.raises(LimitExceeded, match="longer than"):
        await check_music(upload, output, ffmpeg=ffmpeg_binary, most_seconds=2)
    with pytest.raises(InvalidInput, match="shorter than a second"):
        await check_music(encoded(tone(0.5), "wav"), output, ffmpeg=ffmpeg_binary)
    assert list(work_dir.iterdir()) == []


async def test_decoding_that_takes_too_long_is_ended(
    encoded: Callable[..., Path],
    a_program: Callable[[str], str],
    work_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = set(psutil.Process().children(recursive=True))
    monkeypatch.setattr(decoding, "CPU_SECONDS", 1)
    upload = encoded(tone(2.0), "mp3")
    with pytest.raises(WorkFailed) as failure:
        await check_music(upload, work_dir / "music.flac", ffmpeg=a_program("sleep 30"), timeout=0.5)
    assert failure.value.code is JobErrorCode.TIMED_OUT
    with pytest.raises(InvalidInput, match="takes too much"):
        await check_music(upload, work_dir / "music.flac", ffmpeg=a_program("while :; do :; done"))
    assert list(work_dir.iterdir()) == []
    assert set(psutil.Process().children(recursive=True)) <= before


async def test_checking_can_be_cancelled(
    encoded: Callable[..., Path], a_program: Callable[[str], str], work_dir: Path
) -> None:
    before = set(psutil.Process().children(recursive=True))
    checking = check_music(encoded(tone(2.0), "mp3"), work_dir / "m.flac", ffmpeg=a_program("sleep 30"))
    task = asyncio.create_task(checking)
    await asyncio.sleep(0.3)
    task.cancel()
    async with asyncio.timeout(1):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert list(work_dir.iterdir()) == []
    assert set(psutil.Process().children(recursive=True)) <= before


@pytest.mark.parametrize(("name", "rate"), [("wav", 22_050), ("mp3", 24_000), ("opus", 48_000)])
async def test_speech_of_every_kind_becomes_one(
    encoded: Callable[..., Path],
    run_ebur128: Callable[..., str],
    ffmpeg_binary: str,
    work_dir: Path,
    name: str,
    rate: int,
) -> None:
    """Dead air goes, a little room stays; a quiet voice becomes as loud as a loud one."""
    for level in (0.004, 0.2):
        words = speech_like(3.0, level=level)
        first, last = np.flatnonzero(np.abs(words) > level * 0.2)[[0, -1]]
        padded = np.concatenate([np.zeros(50_000), words, np.zeros(100_000)])
        output = work_dir / "words.wav"
        facts = await normalise_speech(
            encoded(padded, name, rate=rate, channels=1), output, ffmpeg=ffmpeg_binary, work_dir=work_dir
        )
        spoken = float(last - first) / SAMPLE_RATE
        assert spoken + 0.15 < facts.seconds < spoken + 0.4
        summary = run_ebur128(output).rpartition("Summary:")[2]
        loudness = float(summary.partition("I:")[2].split()[0])
        assert loudness + 3.01 == pytest.approx(-20, abs=0.5)
        assert output.stat().st_size == facts.byte_size == 44 + facts.samples * 2
        assert list(work_dir.iterdir()) == [output]


async def test_a_single_word_is_as_loud(encoded: Callable[..., Path], ffmpeg_binary: str, work_dir: Path) -> None:
    """Too short to be measured by the standard."""
    output = work_dir / "word.wav"
    word = np.concatenate([np.zeros(9000), tone(0.15, level=0.01), np.zeros(9000)])
    facts = await normalise_speech(encoded(word, "wav"), output, ffmpeg=ffmpeg_binary, work_dir=work_dir)
    assert 0.2 < facts.seconds < 0.4
    samples = np.frombuffer(output.read_bytes()[44:], "<i2") / 32768
    loudest = np.sort(samples**2)[-7200:]
    assert 10 * np.log10(loudest.mean()) == pytest.approx(-22.3, abs=1)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"<html>", "not an MP3"), (b"", "empty"), (b"ID3\4\0\0\0\0\0\0" + bytes(99), "decoded")]
)
async def test_what_is_no_speech_may_be_asked_for_again(
    ffmpeg_binary: str, tmp_path: Path, work_dir: Path, content: bytes, reason: str
) -> None:
    source = tmp_path / "speech.wav"
    source.write_bytes(content)
    with pytest.raises(WorkFailed, match=f"Scene 4: its narration cannot be used: .*{reason}") as failure:
        await normalise_speech(source, work_dir / "out.wav", ffmpeg=ffmpeg_binary, work_dir=work_dir, subject="Scene 4")
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.BAD_OUTPUT, True)
    assert list(work_dir.iterdir()) == []


async def test_silence_and_endless_speech_are_refused(
    encoded: Callable[..., Path], ffmpeg_binary: str, work_dir: Path
) -> None:
    places = {"ffmpeg": ffmpeg_binary, "work_dir": work_dir}
    with pytest.raises(WorkFailed, match="silent"):
        await normalise_speech(encoded(np.zeros(90_000), "wav"), work_dir / "out.wav", **places)  # type: ignore[arg-type]
    with pytest.raises(WorkFailed, match="longer") as failed:
        await normalise_speech(
            encoded(speech_like(4.0), "wav"),
            work_dir / "out.wav",
            most_seconds=2,
            **places,  # type: ignore[arg-type]
        )
    assert not failed.value.retryable  # the same words would be paid for again, and be as long
    assert list(work_dir.iterdir()) == []


async def test_a_streamed_wav_has_no_length(encoded: Callable[..., Path], ffmpeg_binary: str, work_dir: Path) -> None:
    source = encoded(speech_like(2.0), "wav")
    content = bytearray(source.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = content[4:8] = b"\xff\xff\xff\xff"
    source.write_bytes(content)
    facts = await normalise_speech(source, work_dir / "out.wav", ffmpeg=ffmpeg_binary, work_dir=work_dir)
    assert 1.5 < facts.seconds < 2.1
