"""Speech without a network: programs that stand for piper and espeak-ng, and the real ones where they are installed."""

from __future__ import annotations

import asyncio
import shutil
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import pytest

from domain.calls import CallBook
from domain.errors import WorkFailed
from domain.generation import SpeechProvider, SpeechRequest, SpokenClip
from providers.offline import voices
from providers.offline.speech import NoSpeech, OfflineSpeech
from providers.offline.voices import InstalledVoice, installed_voices
from providers.registry import OfflineVoices, speech_provider
from providers.sounds import milliseconds_of
from tests.jobs.studio import until_true
from tests.providers.double.sounds import made_speech
from video.runner import LAUNCHER

NOBODY = cast(CallBook, None)
TONE = made_speech("a tone", "wav")[44:]
SPEAKS = f"""
import sys
text = sys.stdin.buffer.read().decode()
open(sys.argv[1], "a").write(text)
sys.stdout.buffer.write(bytes.fromhex({TONE[:24_000].hex()!r}))
"""


def a_voice(folder: Path, program: str = SPEAKS, **traits: Any) -> InstalledVoice:
    script = folder / "voice.py"
    script.write_text(textwrap.dedent(program))
    told: dict[str, Any] = {
        "name": "joe", "natural": True, "languages": ("en",), "rate": 24_000, "identity": "x",
        "program": (sys.executable, "-S", str(script), str(folder / "heard")), **traits,
    }  # fmt: skip
    return InstalledVoice(**told)


async def said(provider: SpeechProvider, text: str, voice: str | None = None) -> SpokenClip:
    return await provider.speak(SpeechRequest(text, voice), NOBODY)


async def test_the_text_goes_in_on_one_line_and_a_sound_comes_out(tmp_path: Path) -> None:
    speech = OfflineSpeech([a_voice(tmp_path)], LAUNCHER)
    clip = await said(speech, " The heron\n\n--help rose. ")
    assert clip.data is not None
    assert milliseconds_of(clip.data) == 500
    assert (tmp_path / "heard").read_text() == "The heron --help rose.\n"
    assert speech.natural


@pytest.mark.parametrize(
    ("text", "spoken"), [("Es war so kalt und dunkel.", True), ("Было холодно.", False), ("夜は寒かった。", False)]
)
async def test_another_script_is_not_spoken_but_noted(tmp_path: Path, text: str, spoken: bool) -> None:
    clip = await said(OfflineSpeech([a_voice(tmp_path)], LAUNCHER), text)
    assert (clip.data is not None, clip.note is None) == (spoken, spoken)


@pytest.mark.parametrize(
    ("program", "what"),
    [
        ("import sys; sys.exit(3)", "ended with 3"),
        ("pass", "brought no sound"),
        ("import sys\nwhile True: sys.stdout.buffer.write(bytes(65536))", "went on and on"),
        ("import time; time.sleep(60)", "took longer"),
    ],
)
async def test_programs_that_fail(
    tmp_path: Path, program: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr("providers.offline.speech.MOST_BYTES", 200_000)
    if what == "took longer":
        monkeypatch.setattr("providers.offline.speech._LEAST_SECONDS", 0.3)
    with pytest.raises(WorkFailed, match=what):
        await said(OfflineSpeech([a_voice(tmp_path, program)], LAUNCHER), "A heron.")


async def test_a_cancelled_voice_is_gone_with_its_children(tmp_path: Path) -> None:
    program = """
        import os, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
        open(sys.argv[1], "w").write(f"{os.getpid()} {child.pid} ")
        time.sleep(60)
    """
    heard = tmp_path / "heard"
    task = asyncio.create_task(said(OfflineSpeech([a_voice(tmp_path, program)], LAUNCHER), "A heron."))

    async def begun() -> bool:
        return heard.exists() and heard.read_text().endswith(" ")

    await until_true(begun, 10.0, "a voice that speaks")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def gone() -> bool:
        return not any(_lives(int(pid)) for pid in heard.read_text().split())

    await until_true(gone, 5.0, "the end of its processes")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_voices_by_name(tmp_path: Path) -> None:
    joe, other = a_voice(tmp_path), a_voice(tmp_path, name="espeak-ng", natural=False, identity="y")
    speech = OfflineSpeech([joe, other], LAUNCHER, chosen="/voices/joe.onnx")
    assert speech.voice(None) == speech.voice("joe")
    assert speech.voice("espeak-ng").sha256 != speech.voice("joe").sha256
    with pytest.raises(WorkFailed, match=r"There is: joe, espeak-ng\."):
        speech.voice("/etc/passwd")


def test_without_any_voice_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    silent = speech_provider(OfflineVoices(LAUNCHER))
    assert (isinstance(silent, NoSpeech), silent.natural) == (True, False)
    clip = asyncio.run(said(silent, "A heron."))
    assert (clip.data, "No voice is installed" in (clip.note or "")) == (None, True)
    assert "REELGATE_SPEECH=none" in (asyncio.run(said(speech_provider(None), "A heron.")).note or "")


def test_a_voice_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "find_spec", lambda name: True)
    model = tmp_path / "de_DE-someone.onnx"
    model.write_bytes(b"weights")
    assert [voice.name for voice in installed_voices(str(model))].count(model.stem) == 0  # without its description
    (tmp_path / "de_DE-someone.onnx.json").write_text('{"audio": {"sample_rate": 16000}, "language": {"family": "de"}}')
    found = installed_voices(str(model))[0]
    assert (found.name, found.languages, found.rate, found.natural) == ("de_DE-someone", ("de",), 16_000, True)


@pytest.mark.skipif(find_spec("piper") is None and shutil.which("espeak-ng") is None, reason="no voice is installed")
async def test_the_real_ones() -> None:
    speech = speech_provider(OfflineVoices(LAUNCHER))
    for voice in installed_voices():
        clip = await said(speech, "The violet heron rose over the moor.", voice.name)
        assert clip.data is not None
        assert 1_000 < milliseconds_of(clip.data) < 6_000
