"""Each setting: its default, values that work, values that do not and what is said about them."""

import os
import re
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.errors import StartError
from app.provider_rules import (
    AfterLoss,
    ImageParameters,
    ImageQuality,
    OutputFormat,
    ProviderName,
    ResponseFormat,
    SpeechFormat,
    SpeechName,
    Structured,
    TokenParameter,
)
from app.setting_rules import LogFormat, LogLevel
from app.settings import Settings, SettingsError, load_settings, setting_name
from domain.calls import Usage
from domain.rendering import Captions, Motion, Narration, Quality, RenderSpec, Transition

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
        "speech_provider": SpeechName.OFFLINE,
        "openai_base_url": None,
        "openai_api_key": None,
        "text_base_url": None,
        "text_api_key": None,
        "text_model": "gpt-6-luna",
        "text_structured": Structured.JSON_SCHEMA,
        "text_token_parameter": TokenParameter.MAX_COMPLETION_TOKENS,
        "text_reasoning_effort": None,
        "text_window_chars": 24_000,
        "text_timeout": 120.0,
        "text_per_minute": 0,
        "images_base_url": None,
        "images_api_key": None,
        "images_model": "gpt-image-2.5-flare",
        "images_quality": ImageQuality.MEDIUM,
        "images_format": OutputFormat.PNG,
        "images_parameters": ImageParameters.AUTO,
        "images_response_format": ResponseFormat.B64_JSON,
        "images_request_size": None,
        "images_url_hosts": (),
        "images_timeout": 300.0,
        "images_per_minute": 0,
        "speech_base_url": None,
        "speech_api_key": None,
        "speech_model": "gpt-4o-mini-tts",
        "speech_voice": None,
        "speech_instructions": None,
        "speech_format": SpeechFormat.WAV,
        "speech_most_chars": 1500,
        "speech_timeout": 120.0,
        "speech_per_minute": 0,
        "ambiguous": AfterLoss.PARK,
        "budget": None,
        "prices": None,
        "video_size": "1920x1080",
        "video_fps": 30,
        "scene_seconds": None,
        "quality": Quality.FINAL,
        "motion": Motion.KEN_BURNS,
        "transition": Transition.CROSSFADE,
        "captions": Captions.PLAIN,
        "title_card": False,
        "lettering": False,
        "narration": Narration.AUTO,
        "render_cache": 5000,
        "image_size": "1792x1008",
        "concurrency": max(2, processors),
        "max_scenes": 1000,
        "max_script_chars": 300_000,
        "graphql_seconds": 30.0,
        "graphql_body_seconds": 30.0,
        "graphql_depth": 15,
        "graphql_fields": 1000,
        "graphql_directives": 100,
        "graphql_cost": 200_000,
        "connection_operations": 100,
        "client_connections": 2000,
        "client_subscriptions": 10_000,
        "allowed_hosts": ("localhost", "127.0.0.1", "[::1]"),
        "cors_origins": (),
        "ffmpeg_binary": None,
        "log_level": LogLevel.INFO,
        "log_format": LogFormat.AUTO,
    }
    assert settings.sqlite_path == tmp_path / "var" / "reelgate.sqlite3"
    assert settings.storage_dir == tmp_path / "var" / "storage"
    assert settings.render == RenderSpec()
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
        ("REELGATE_TEXT", "OpenAI", "text_provider", ProviderName.OPENAI),
        ("REELGATE_IMAGES", "openai", "image_provider", ProviderName.OPENAI),
        ("OPENAI_BASE_URL", "http://[::1]:8080/v1/", "openai_base_url", "http://[::1]:8080/v1"),
        ("OPENAI_API_KEY", "sk-1", "openai_api_key", "sk-1"),
        ("REELGATE_TEXT_STRUCTURED", "JSON_object", "text_structured", Structured.JSON_OBJECT),
        ("REELGATE_TEXT_TOKEN_PARAMETER", "max_tokens", "text_token_parameter", TokenParameter.MAX_TOKENS),
        ("REELGATE_TEXT_MODEL", "qwen3:30b-a3b", "text_model", "qwen3:30b-a3b"),
        ("REELGATE_TEXT_REASONING_EFFORT", "low", "text_reasoning_effort", "low"),
        ("REELGATE_IMAGES_QUALITY", "High", "images_quality", ImageQuality.HIGH),
        ("REELGATE_IMAGES_RESPONSE_FORMAT", "none", "images_response_format", ResponseFormat.NONE),
        ("REELGATE_IMAGES_REQUEST_SIZE", "1024X1024", "images_request_size", "1024x1024"),
        ("REELGATE_IMAGES_URL_HOSTS", "CDN.example:8443, *.b.example", "images_url_hosts", None),
        ("REELGATE_AMBIGUOUS", "Retry", "ambiguous", AfterLoss.RETRY),
        ("REELGATE_BUDGET", "12.50", "budget", Decimal("12.50")),
        ("REELGATE_VIDEO_SIZE", "1280X720", "video_size", "1280x720"),
        ("REELGATE_VIDEO_FPS", "24", "video_fps", 24),
        ("REELGATE_MOTION", "HOLD", "motion", Motion.HOLD),
        ("REELGATE_TITLE_CARD", "Yes", "title_card", True),
        ("REELGATE_SCENE_SECONDS", "0.1", "scene_seconds", 0.1),
        ("REELGATE_RENDER_CACHE", "0", "render_cache", 0),
        ("REELGATE_IMAGE_SIZE", "333x16", "image_size", "333x16"),
        ("REELGATE_CONCURRENCY", "1", "concurrency", 1),
        ("REELGATE_MAX_SCENES", "7", "max_scenes", 7),
        ("REELGATE_MAX_SCRIPT_CHARS", "99", "max_script_chars", 99),
        ("REELGATE_GRAPHQL_SECONDS", "0", "graphql_seconds", 0.0),
        ("REELGATE_GRAPHQL_BODY_SECONDS", "0.5", "graphql_body_seconds", 0.5),
        ("REELGATE_GRAPHQL_DEPTH", "30", "graphql_depth", 30),
        ("REELGATE_GRAPHQL_FIELDS", "50", "graphql_fields", 50),
        ("REELGATE_GRAPHQL_DIRECTIVES", "0", "graphql_directives", 0),
        ("REELGATE_GRAPHQL_COST", "1000000000", "graphql_cost", 1_000_000_000),
        ("REELGATE_CONNECTION_OPERATIONS", "1", "connection_operations", 1),
        ("REELGATE_CLIENT_CONNECTIONS", "0", "client_connections", 0),
        ("REELGATE_CLIENT_SUBSCRIPTIONS", "0", "client_subscriptions", 0),
        ("REELGATE_ALLOWED_HOSTS", "Reel.Example, *.b.example,[::1]", "allowed_hosts", None),
        ("REELGATE_CORS_ORIGINS", "https://A.example:443/, http://[::1]:80,http://b:3000", "cors_origins", None),
        ("FFMPEG_BINARY", sys.executable, "ffmpeg_binary", Path(sys.executable)),
        ("REELGATE_LOG_LEVEL", "Debug", "log_level", LogLevel.DEBUG),
        ("REELGATE_LOG_FORMAT", "JSON", "log_format", LogFormat.JSON),
    ],
)
def test_good_values(monkeypatch: pytest.MonkeyPatch, name: str, given: str, field: str, used: object) -> None:
    lists = {
        "images_url_hosts": ("cdn.example:8443", "*.b.example"),
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
    ("REELGATE_TEXT", "clippy", "should be offline or openai"),
    ("REELGATE_IMAGES", "dall-e", "should be offline or openai"),
    ("OPENAI_BASE_URL", "api.openai.com/v1", "should be an address"),
    ("OPENAI_BASE_URL", "https://api.example:port/v1", "should be an address"),
    ("OPENAI_BASE_URL", "https://me:hunter2@api.example/v1", "should hold no user and no password"),
    ("OPENAI_API_KEY", "sk-hunter2\nexport X=1", "should be a key as it was given out"),
    ("REELGATE_TEXT_BASE_URL", "https://host/v1?key=hunter2", "should be an address"),
    ("REELGATE_TEXT_API_KEY", "hunter2 hunter2", "should be a key"),
    ("REELGATE_TEXT_MODEL", "two words", "should be the name of a model"),
    ("REELGATE_TEXT_STRUCTURED", "yaml", "should be json_schema, json_object or none"),
    ("REELGATE_TEXT_TOKEN_PARAMETER", "tokens", "should be max_completion_tokens or max_tokens"),
    ("REELGATE_TEXT_REASONING_EFFORT", "a lot", "should be one word"),
    ("REELGATE_TEXT_WINDOW_CHARS", "10", "should be a whole number from 500 to 1000000"),
    ("REELGATE_TEXT_TIMEOUT", "0", "should be a number of seconds from 1 to 540"),
    ("REELGATE_TEXT_PER_MINUTE", "-1", "should be a whole number from 0"),
    ("REELGATE_IMAGES_BASE_URL", "ftp://host/v1", "should be an address"),
    ("REELGATE_IMAGES_API_KEY", "Bearer hunter2", "should be a key"),
    ("REELGATE_IMAGES_MODEL", "x" * 201, "should be the name of a model"),
    ("REELGATE_IMAGES_QUALITY", "hd", "should be auto, low, medium, high, xhigh or max"),
    ("REELGATE_IMAGES_FORMAT", "gif", "should be png, jpeg or webp"),
    ("REELGATE_IMAGES_PARAMETERS", "dall-e", "should be auto, gpt-image or compatible"),
    ("REELGATE_IMAGES_RESPONSE_FORMAT", "file", "should be b64_json, url or none"),
    ("REELGATE_IMAGES_REQUEST_SIZE", "big", "should be two whole numbers from 16 to 7680"),
    ("REELGATE_IMAGES_URL_HOSTS", "https://cdn.example", "should be host names"),
    ("REELGATE_IMAGES_TIMEOUT", "never", "should be a number of seconds from 1 to 540"),
    ("REELGATE_IMAGES_PER_MINUTE", "few", "should be a whole number from 0"),
    ("REELGATE_SPEECH", "siri", "should be offline, openai or none"),
    ("REELGATE_SPEECH_BASE_URL", "host/v1", "should be an address"),
    ("REELGATE_SPEECH_API_KEY", "two words", "should be a key"),
    ("REELGATE_SPEECH_MODEL", "two words", "should be the name of a model"),
    ("REELGATE_SPEECH_VOICE", "a\nb", "should be the name of a voice"),
    ("REELGATE_SPEECH_INSTRUCTIONS", "x" * 4097, "should be 1 to 4096 characters"),
    ("REELGATE_SPEECH_FORMAT", "pcm", "should be wav, mp3, flac, opus or aac"),
    ("REELGATE_SPEECH_MOST_CHARS", "99", "should be a whole number from 100"),
    ("REELGATE_SPEECH_TIMEOUT", "541", "should be a number of seconds from 1 to 540"),
    ("REELGATE_SPEECH_PER_MINUTE", "1.5", "should be a whole number from 0"),
    ("REELGATE_AMBIGUOUS", "hope", "should be park or retry"),
    ("REELGATE_BUDGET", "-1", "should be an amount of US dollars"),
    ("REELGATE_BUDGET", "nan", "should be an amount of US dollars"),
    ("REELGATE_PRICES", "/nowhere/prices.json", "should be JSON, or the path of a JSON file"),
    ("REELGATE_PRICES", '{"models": {"m": {"output": "cheap"}}}', "output of m should be an amount"),
    ("REELGATE_PRICES", '{"m": {"output": 1}}', "should have `models`"),
    ("REELGATE_VIDEO_SIZE", "1921x1080", "should be two even numbers from 16 to 7680"),
    ("REELGATE_VIDEO_SIZE", "huge", "should be two even numbers from 16 to 7680"),
    ("REELGATE_VIDEO_FPS", "0", "should be a whole number from 1 to 120"),
    ("REELGATE_VIDEO_FPS", "29.97", "should be a whole number from 1 to 120"),
    ("REELGATE_QUALITY", "best", "should be draft or final"),
    ("REELGATE_MOTION", "shake", "should be hold or ken_burns"),
    ("REELGATE_TRANSITION", "wipe", "should be cut, crossfade or fade_black"),
    ("REELGATE_CAPTIONS", "big", "should be none, plain, boxed or bold"),
    ("REELGATE_TITLE_CARD", "maybe", "should be yes or no"),
    ("REELGATE_LETTERING", "some", "should be yes or no"),
    ("REELGATE_NARRATION", "loud", "should be auto, on or off"),
    ("REELGATE_RENDER_CACHE", "-1", "should be a whole number of megabytes"),
    ("REELGATE_SCENE_SECONDS", "nan", "should be a number from 0.1 to 600"),
    ("REELGATE_RENDER_CACHE", "-1", "should be a whole number of megabytes from 0 to 10000000"),
    ("REELGATE_SCENE_SECONDS", "601", "should be a number from 0.1 to 600"),
    ("REELGATE_IMAGE_SIZE", "15x100", "should be two whole numbers from 16 to 7680"),
    ("REELGATE_CONCURRENCY", "0", "should be a whole number from 1 to 256"),
    ("REELGATE_MAX_SCENES", "many", "should be a whole number from 1 to 100000"),
    ("REELGATE_MAX_SCRIPT_CHARS", "-1", "should be a whole number from 1 to 10000000"),
    ("REELGATE_GRAPHQL_SECONDS", "inf", "should be a number of seconds from 0 to 3600"),
    ("REELGATE_GRAPHQL_BODY_SECONDS", "-1", "should be a number of seconds from 0 to 3600"),
    ("REELGATE_GRAPHQL_DEPTH", "0", "should be a whole number from 1"),
    ("REELGATE_GRAPHQL_FIELDS", "0", "should be a whole number from 1"),
    ("REELGATE_GRAPHQL_DIRECTIVES", "-1", "should be a whole number from 0"),
    ("REELGATE_GRAPHQL_COST", "much", "should be a whole number from 1"),
    ("REELGATE_CONNECTION_OPERATIONS", "0", "should be a whole number from 1"),
    ("REELGATE_CLIENT_CONNECTIONS", "-1", "should be a whole number from 0"),
    ("REELGATE_CLIENT_SUBSCRIPTIONS", "1.5", "should be a whole number from 0"),
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
    shown = name in ("REELGATE_IMAGES_URL_HOSTS",) or not name.endswith(("_URL", "_API_KEY"))
    if shown and len(given) < 80:
        assert f"{name} is {given!r}:" in text


def test_every_setting_that_can_be_bad_was_tried() -> None:
    assert {name for name, _, _ in BAD} == set(NAMES)


def test_prices_are_added_to_the_built_in_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    built_in = load().price_table
    written = '{"as_of": "2026-11-22", "models": {"mine": {"image": 0.04}, "gpt-6-luna": {"input": "0.2"}}}'
    (tmp_path / "prices.json").write_text(written)
    for given in (written, str(tmp_path / "prices.json")):
        monkeypatch.setenv("REELGATE_PRICES", given)
        table = load().price_table
        assert table.as_of == date(2026, 11, 22)
        assert table.cost("mine", Usage(images=2)) == Decimal("0.08")
        assert table.cost("gpt-6-luna", Usage(input_tokens=1_000_000)) == Decimal("0.2")
        assert table.models["gpt-image-2.5-flare"] == built_in.models["gpt-image-2.5-flare"]
        assert table.cost("unheard-of", Usage(images=1)) is None


@pytest.mark.parametrize("role", ["TEXT", "IMAGES"])
def test_a_key_goes_to_its_own_server_only(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    def server() -> tuple[str | None, str] | None:
        settings = load()
        return settings.text_server if role == "TEXT" else settings.images_server

    assert server() is None
    monkeypatch.setenv(f"REELGATE_{role}", "openai")
    with pytest.raises(StartError, match=f"REELGATE_{role}=openai needs a key: set OPENAI_API_KEY"):
        server()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-shared")
    assert server() == (None, "sk-shared")
    monkeypatch.setenv(f"REELGATE_{role}_BASE_URL", "http://localhost:11434/v1")
    assert server() == ("http://localhost:11434/v1", "")
    monkeypatch.setenv(f"REELGATE_{role}_API_KEY", "sk-own")
    assert server() == ("http://localhost:11434/v1", "sk-own")


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
    monkeypatch.setenv("OPENAI_API_KEY", "hunter2")
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
