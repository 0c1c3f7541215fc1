"""Each setting: its default, values that work, values that do not and what is said about them."""

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from app.setting_rules import LogFormat, LogLevel, ProviderName
from app.settings import Settings, SettingsError, load_settings, setting_name

ROOT = Path(__file__).parents[2]
NAMES = [setting_name(field) for field in Settings.model_fields]


def load(**overrides: Any) -> Settings:
    return load_settings(env_file=None, **overrides)


def refusal() -> str:
    with pytest.raises(SettingsError) as caught:
        load()
    return str(caught.value)


def test_defaults(tmp_path: Path) -> None:
    settings = load()
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    assert settings.model_dump() == {
        "data_dir": tmp_path / "var",
        "database_url": f"sqlite:///{tmp_path}/var/reelgate.sqlite3",
        "redis_url": None,
        "storage_url": (tmp_path / "var" / "storage").as_uri(),
        "text_provider": ProviderName.OFFLINE,
        "image_provider": ProviderName.OFFLINE,
        "video_size": "1920x1080",
        "video_fps": 30,
        "scene_seconds": 5.0,
        "image_size": "1792x1008",
        "concurrency": max(2, processors),
        "max_scenes": 1000,
        "max_script_chars": 300_000,
        "allowed_hosts": ("localhost", "127.0.0.1", "[::1]"),
        "cors_origins": (),
        "ffmpeg_binary": None,
        "log_level": LogLevel.INFO,
        "log_format": LogFormat.AUTO,
    }
    assert settings.sqlite_path == tmp_path / "var" / "reelgate.sqlite3"
    assert settings.storage_dir == tmp_path / "var" / "storage"
    assert (settings.video_width, settings.video_height) == (1920, 1080)
    assert (settings.image_width, settings.image_height) == (1792, 1008)
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("name", "given", "field", "used"),
    [
        ("REELGATE_DATA_DIR", "/srv/../srv/reel gate", "data_dir", Path("/srv/reel gate")),
        ("DATABASE_URL", "sqlite:////srv/a b%20?.db", "sqlite_path", Path("/srv/a b%20?.db")),
        ("DATABASE_URL", "sqlite:////srv/../srv/x.db", "database_url", "sqlite:////srv/x.db"),
        ("DATABASE_URL", "sqlite:///here.db", "sqlite_path", Path("here.db")),
        ("DATABASE_URL", "postgres://me:pw@db/reel", "database_url", "postgresql://me:pw@db/reel"),
        ("DATABASE_URL", "postgresql+asyncpg://db:99/reel", "database_url", "postgresql://db:99/reel"),
        ("DATABASE_URL", "postgresql://db/reel", "sqlite_path", None),
        ("REDIS_URL", "redis://localhost:6379/4", "redis_url", "redis://localhost:6379/4"),
        ("REDIS_URL", "rediss://:pw@cache", "redis_url", "rediss://:pw@cache"),
        ("REDIS_URL", "unix:///run/valkey.sock", "redis_url", "unix:///run/valkey.sock"),
        ("STORAGE_URL", "/srv/media files", "storage_dir", Path("/srv/media files")),
        ("STORAGE_URL", "file:///srv/media%20files", "storage_dir", Path("/srv/media files")),
        ("REELGATE_TEXT", "OFFLINE", "text_provider", ProviderName.OFFLINE),
        ("REELGATE_IMAGES", "offline", "image_provider", ProviderName.OFFLINE),
        ("REELGATE_VIDEO_SIZE", "1280X720", "video_size", "1280x720"),
        ("REELGATE_VIDEO_FPS", "24", "video_fps", 24),
        ("REELGATE_SCENE_SECONDS", "0.1", "scene_seconds", 0.1),
        ("REELGATE_IMAGE_SIZE", "333x16", "image_size", "333x16"),
        ("REELGATE_CONCURRENCY", "1", "concurrency", 1),
        ("REELGATE_MAX_SCENES", "7", "max_scenes", 7),
        ("REELGATE_MAX_SCRIPT_CHARS", "99", "max_script_chars", 99),
        ("REELGATE_ALLOWED_HOSTS", "Reel.Example, *.b.example,[::1]", "allowed_hosts", None),
        ("REELGATE_CORS_ORIGINS", "https://A.example:443/, http://[::1]:80,http://b:3000", "cors_origins", None),
        ("FFMPEG_BINARY", sys.executable, "ffmpeg_binary", Path(sys.executable)),
        ("REELGATE_LOG_LEVEL", "Debug", "log_level", LogLevel.DEBUG),
        ("REELGATE_LOG_FORMAT", "JSON", "log_format", LogFormat.JSON),
    ],
)
def test_good_values(monkeypatch: pytest.MonkeyPatch, name: str, given: str, field: str, used: object) -> None:
    lists = {
        "allowed_hosts": ("reel.example", "*.b.example", "[::1]"),
        "cors_origins": ("https://a.example", "http://[::1]", "http://b:3000"),
    }
    monkeypatch.setenv(name, given)
    if used == Path("here.db"):
        used = Path.cwd() / "here.db"
    assert getattr(load(), field) == lists.get(field, used)


BAD = [
    ("REELGATE_DATA_DIR", __file__, "should be a folder"),
    ("DATABASE_URL", "mysql://me:hunter2@db/reel", "should be sqlite:////absolute/path"),
    ("DATABASE_URL", "sqlite://:memory:", "cannot be in memory"),
    ("DATABASE_URL", "sqlite:///", "should be sqlite:////absolute/path"),
    ("DATABASE_URL", "sqlite:///tmp/hunter2.db", "should be sqlite:////absolute/path"),
    ("DATABASE_URL", "sqlite://hunter2.db", "should be sqlite:////absolute/path"),
    ("DATABASE_URL", "sqlite:////tmp", "should be sqlite:////absolute/path"),
    ("DATABASE_URL", "postgresql://me:hunter2@db", "should name a database"),
    ("DATABASE_URL", "postgresql://me:hunter2@db:port/reel", "should be sqlite:////absolute/path"),
    ("REDIS_URL", "http://:hunter2@cache", "should be redis://"),
    ("REDIS_URL", "redis://:hunter2@cache/first", "should be redis://"),
    ("REDIS_URL", "unix://", "should be redis://"),
    ("STORAGE_URL", "s3://me:hunter2@bucket", "object stores such as s3:// are not in this version"),
    ("STORAGE_URL", "file://elsewhere/hunter2", "should be the path of a folder"),
    ("STORAGE_URL", __file__, "should be a folder"),
    ("REELGATE_TEXT", "openai", "openai is not in this version"),
    ("REELGATE_TEXT", "clippy", "should be offline"),
    ("REELGATE_IMAGES", "OpenAI", "openai is not in this version"),
    ("REELGATE_VIDEO_SIZE", "1921x1080", "should be two even numbers from 16 to 7680"),
    ("REELGATE_VIDEO_SIZE", "huge", "should be two even numbers from 16 to 7680"),
    ("REELGATE_VIDEO_FPS", "0", "should be a whole number from 1 to 120"),
    ("REELGATE_VIDEO_FPS", "29.97", "should be a whole number from 1 to 120"),
    ("REELGATE_SCENE_SECONDS", "nan", "should be a number from 0.1 to 600"),
    ("REELGATE_SCENE_SECONDS", "601", "should be a number from 0.1 to 600"),
    ("REELGATE_IMAGE_SIZE", "15x100", "should be two whole numbers from 16 to 7680"),
    ("REELGATE_CONCURRENCY", "0", "should be a whole number from 1 to 256"),
    ("REELGATE_MAX_SCENES", "many", "should be a whole number from 1 to 100000"),
    ("REELGATE_MAX_SCRIPT_CHARS", "-1", "should be a whole number from 1 to 10000000"),
    ("REELGATE_ALLOWED_HOSTS", "http://reel.example", "should be host names"),
    ("REELGATE_ALLOWED_HOSTS", "reel.example:8000", "should be host names"),
    ("REELGATE_ALLOWED_HOSTS", ",", "should be host names"),
    ("REELGATE_CORS_ORIGINS", "*", "should be origins"),
    ("REELGATE_CORS_ORIGINS", "https://a.example/path", "should be origins"),
    ("REELGATE_CORS_ORIGINS", "a.example", "should be origins"),
    ("FFMPEG_BINARY", "/nowhere/ffmpeg", "should be the path of an ffmpeg program"),
    ("REELGATE_LOG_LEVEL", "loud", "should be debug, info, warning, error or critical"),
    ("REELGATE_LOG_FORMAT", "xml", "should be auto, console or json"),
]


@pytest.mark.parametrize(("name", "given", "said"), BAD)
def test_bad_values(monkeypatch: pytest.MonkeyPatch, name: str, given: str, said: str) -> None:
    monkeypatch.setenv(name, given)
    text = refusal()
    assert f"\n  {name} is " in text
    assert said in text
    assert "hunter2" not in text
    if "_URL" not in name:
        assert f"{name} is {given!r}:" in text


def test_every_setting_that_can_be_bad_was_tried() -> None:
    assert {name for name, _, _ in BAD} == set(NAMES)


def test_all_mistakes_are_listed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELGATE_VIDEO_FPS", "fast")
    monkeypatch.setenv("REELGATE_MAX_SCENES", "x" * 500)
    lines = refusal().splitlines()
    assert lines[0] == "These settings cannot be used:"
    assert lines[1] == "  REELGATE_VIDEO_FPS is 'fast': should be a whole number from 1 to 120"
    assert len(lines) == 3
    assert len(lines[2]) < 200


def test_a_scene_is_one_frame_long_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELGATE_VIDEO_FPS", "2")
    monkeypatch.setenv("REELGATE_SCENE_SECONDS", "0.4")
    assert "REELGATE_SCENE_SECONDS is '0.4': should be long enough for one frame" in refusal()


def test_passwords_are_not_in_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@db/reel")
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@cache")
    assert "hunter2" not in repr(load()) + str(load())


@pytest.mark.parametrize("blank", ["", "  "])
def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    expected = load()
    for name in NAMES:
        monkeypatch.setenv(name, blank)
    assert load() == expected


def test_the_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "REELGATE_VIDEO_FPS=24\nREELGATE_MAX_SCENES=5\nREELGATE_ALLOWED_HOSTS=a,b\nOTHER=1\n"
    )
    monkeypatch.setenv("REELGATE_VIDEO_FPS", "25")
    settings = load_settings()
    assert (settings.video_fps, settings.max_scenes, settings.allowed_hosts) == (25, 5, ("a", "b"))
    assert settings.unknown_variables == ()


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"REELGATE_TEXT=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"The file \.env cannot be read"):
        load_settings()


def test_overrides_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REELGATE_VIDEO_FPS", "25")
    monkeypatch.setenv("REELGATE_DATA_DIR", "/elsewhere")
    settings = load(video_fps=12, data_dir=tmp_path)
    assert (settings.video_fps, settings.data_dir) == (12, tmp_path)
    assert settings.storage_dir == tmp_path / "storage"


def test_unknown_variables_are_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("REELGATE_COLOUR=blue\n")
    monkeypatch.setenv("REELGATE_VIDEO_FSP", "30")
    monkeypatch.setenv("REELGATE_LIFELINE_FD", "3")
    assert load_settings().unknown_variables == (
        "REELGATE_VIDEO_FSP (did you mean REELGATE_VIDEO_FPS?)",
        "REELGATE_COLOUR",
    )


@pytest.mark.parametrize("name", ["plain", "with spaces", "Ünï Ω", "100% #1 ?x&y=z", "comma,semi;colon"])
def test_another_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    settings = load(
        data_dir=tmp_path / name, cors_origins="https://a.example,http://b:3000", redis_url="redis://c:1/2", video_fps=7
    )
    monkeypatch.chdir("/")
    for variable, value in settings.as_environment().items():
        monkeypatch.setenv(variable, value)
    assert load() == settings
    assert load().sqlite_path == tmp_path / name / "reelgate.sqlite3"
    assert load().storage_dir == tmp_path / name / "storage"


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_example_file_shows_every_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text()
    assert sorted(re.findall(r"^#([A-Z_]+)=", text, flags=re.MULTILINE)) == sorted(NAMES)
    (tmp_path / ".env").write_text(re.sub(r"^#([A-Z_]+=)", r"\1", text, flags=re.MULTILINE))
    assert load_settings() == load()


def test_the_operations_page_has_every_setting() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in NAMES if f"`{name}`" not in page] == []
