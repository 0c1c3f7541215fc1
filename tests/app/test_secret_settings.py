"""A key in the wrong variable, or a bad value beside it: no complaint repeats it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings, SettingsError, load_settings, setting_name
from tests.running import clean_environment

KEY = "sk-proj-Zq7vR2mXw9LkT4bN8cYh3dFj6gPs1aEu"
BAD = (
    KEY, f"{KEY}\x7f", f"{KEY} copied badly", f'{{"{KEY}": 1', f"https://somebody:{KEY}@host/v1?key={KEY}",
    f"postgresql://somebody:{KEY}@host", f"redis://:{KEY}@host:port",
)  # fmt: skip


@pytest.mark.parametrize("name", [setting_name(field) for field in Settings.model_fields])
def test_no_complaint_repeats_a_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in BAD:
        monkeypatch.setenv(name, value)
        complaint = _complaint()
        assert not any(KEY[at : at + 8] in complaint for at in range(len(KEY) - 7)), value


def _complaint() -> str:
    try:
        load_settings(None)
    except SettingsError as error:
        return str(error)
    return ""


def test_small_mistakes_are_still_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("REELGATE_TEXT", "opnai"), ("REELGATE_IMAGE_SIZE", "1920"), ("FFMPEG_BINARY", "/no/ffmpeg")):
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        load_settings(None)
    assert all(value in str(raised.value) for value in ("'opnai'", "'1920'", "'/no/ffmpeg'"))


@pytest.mark.parametrize(
    "settings",
    [
        {"REELGATE_TEXT": KEY, "OPENAI_API_KEY": f"{KEY} "},
        {"REELGATE_IMAGES": "openai", "OPENAI_API_KEY": f"{KEY}\u00e9"},
        {"REELGATE_TEXT": "openai", "REELGATE_IMAGES_API_KEY": KEY},
        {"DATABASE_URL": f"postgresql://somebody:{KEY}@127.0.0.1:1/nowhere"},
    ],
)
def test_a_server_that_cannot_start_keeps_the_key(settings: dict[str, str], tmp_path: Path) -> None:
    environment = clean_environment(**settings, REELGATE_DATA_DIR=str(tmp_path / "data"), REELGATE_LOG_LEVEL="debug")
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    said = ended.stdout + ended.stderr
    assert said
    assert not any(KEY[at : at + 8] in said for at in range(len(KEY) - 7)), said
