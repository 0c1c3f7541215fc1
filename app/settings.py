"""Every setting of Reelgate: environment variables, or lines of a `.env` file in the folder one starts from.

The environment wins over the file; an empty value counts as not set. `load_settings` is the way in: it raises
`SettingsError`, whose text is for the person who made the mistake. Passwords never appear in it.
"""

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import NoDecode

from app import setting_rules as rules
from app.setting_fields import setting
from app.setting_rules import LogFormat, LogLevel
from app.video_settings import VideoSettings

# Set by one of our processes for another, never by a person.
INTERNAL_VARIABLES = frozenset({"REELGATE_LIFELINE_FD", "REELGATE_LIFELINE_BROKER"})
# A key or an address with a password, put into a variable where none belongs.
_MAY_BE_SECRET = re.compile(r"@|(?=[\w-]{0,200}\d)[\w-]{20}")


class SettingsError(Exception):
    """The settings cannot be used; the text names each bad variable and says what it should be."""


class Settings(VideoSettings):
    """All settings, checked. Frozen: a process reads them once, at its start."""

    data_dir: Annotated[Path, BeforeValidator(rules.folder)] = setting(
        "REELGATE_DATA_DIR",
        Path("var"),
        "Folder for everything that is kept: database, media, locks. One server runs on a data folder at a time.",
    )
    database_url: Annotated[str, BeforeValidator(rules.database_url)] = setting(
        "DATABASE_URL",
        None,
        "Database: `sqlite:////absolute/path` (four slashes in all) or "
        "`postgresql://user:password@host:port/database`. "
        "Default: the SQLite file `reelgate.sqlite3` in the data folder.",
        secret=True,
    )
    redis_url: Annotated[str, AfterValidator(rules.redis_url)] | None = setting(
        "REDIS_URL",
        None,
        "Redis or Valkey: `redis://`, `rediss://` or `unix://`. Default: none; `reelgate serve` starts its own Valkey.",
        secret=True,
    )
    storage_url: Annotated[str, BeforeValidator(rules.storage_url)] = setting(
        "STORAGE_URL",
        None,
        "Folder for images and videos: a path or a `file://` URL. Default: `storage` in the data folder.",
        secret=True,
    )
    render_cache: Annotated[int, Field(ge=0, le=10_000_000)] = setting(
        "REELGATE_RENDER_CACHE",
        5000,
        "Megabytes of finished pieces of videos that are kept, so that only what changed is rendered again; 0: none.",
        expected="should be a whole number of megabytes from 0 to 10000000",
    )
    image_size: Annotated[str, BeforeValidator(rules.size)] = setting(
        "REELGATE_IMAGE_SIZE", "1792x1008", "Width and height of images in pixels; 16 to 7680 each."
    )
    concurrency: Annotated[int, Field(ge=1, le=256)] = setting(
        "REELGATE_CONCURRENCY",
        max(2, rules.cpus()),
        "Jobs that one worker runs at once; 1 to 256. Default: the number of processors, 2 at least.",
        expected="should be a whole number from 1 to 256",
    )
    max_scenes: Annotated[int, Field(ge=1, le=100_000)] = setting(
        "REELGATE_MAX_SCENES",
        1000,
        "Scenes that one script may have; 1 to 100000.",
        expected="should be a whole number from 1 to 100000",
    )
    max_script_chars: Annotated[int, Field(ge=1, le=10_000_000)] = setting(
        "REELGATE_MAX_SCRIPT_CHARS",
        300_000,
        "Characters that one script may have; 1 to 10000000.",
        expected="should be a whole number from 1 to 10000000",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(rules.hosts)] = setting(
        "REELGATE_ALLOWED_HOSTS",
        ("localhost", "127.0.0.1", "[::1]"),
        "Host names under which the server answers, with commas between; `*.example.com` and `*` are understood.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(rules.origins)] = setting(
        "REELGATE_CORS_ORIGINS",
        (),
        "Origins of other sites whose pages may use the API, with commas between. Default: none.",
    )
    ffmpeg_binary: Annotated[Path, BeforeValidator(rules.ffmpeg_binary)] | None = setting(
        "FFMPEG_BINARY", None, "The ffmpeg program. Default: the one that is installed with Reelgate."
    )
    log_level: Annotated[LogLevel, BeforeValidator(rules.lower)] = setting(
        "REELGATE_LOG_LEVEL",
        LogLevel.INFO,
        "The least serious log lines written: debug, info, warning, error or critical.",
        expected="should be debug, info, warning, error or critical",
    )
    log_format: Annotated[LogFormat, BeforeValidator(rules.lower)] = setting(
        "REELGATE_LOG_FORMAT",
        LogFormat.AUTO,
        "Log lines: `console` (readable), `json`, or `auto`: readable on a terminal, JSON elsewhere.",
        expected="should be auto, console or json",
    )

    _unknown: tuple[str, ...] = PrivateAttr(default=())

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, data: dict[str, Any]) -> dict[str, Any]:
        stripped = {key: value.strip() if isinstance(value, str) else value for key, value in data.items()}
        return {key: value for key, value in stripped.items() if value != ""}

    @field_validator("database_url", mode="before")
    @classmethod
    def _default_database(cls, value: str | None, info: ValidationInfo) -> str:
        return value or rules.sqlite_url(_data_dir(info) / "reelgate.sqlite3")

    @field_validator("storage_url", mode="before")
    @classmethod
    def _default_storage(cls, value: str | None, info: ValidationInfo) -> str:
        return value or (_data_dir(info) / "storage").as_uri()

    @property
    def sqlite_path(self) -> Path | None:
        """The database file; None when the database is PostgreSQL."""
        return rules.sqlite_path(self.database_url)

    @property
    def storage_dir(self) -> Path:
        """The absolute folder that media keys are relative to."""
        return rules.file_path(self.storage_url)

    @property
    def image_width(self) -> int:
        """Pixels."""
        return int(self.image_size.split("x")[0])

    @property
    def image_height(self) -> int:
        """Pixels."""
        return int(self.image_size.split("x")[1])

    @property
    def unknown_variables(self) -> tuple[str, ...]:
        """`REELGATE_…` variables that no setting reads, each with the setting that was perhaps meant."""
        return self._unknown

    def as_environment(self) -> dict[str, str]:
        """The variables that give another process exactly these settings, whatever folder it starts in."""
        values = {setting_name(field): getattr(self, field) for field in type(self).model_fields}
        return {
            name: ",".join(value) if isinstance(value, tuple) else str(value)
            for name, value in values.items()
            if value not in (None, ())
        }

    def with_unknown(self, unknown: tuple[str, ...]) -> Self:
        """These settings, remembering variables that nobody reads."""
        self._unknown = unknown
        return self


def setting_name(field: str) -> str:
    """The environment variable of a field of `Settings`."""
    return str(Settings.model_fields[field].validation_alias)


def load_settings(env_file: Path | None = Path(".env"), **overrides: Any) -> Settings:
    """Read and check the settings; `overrides` are fields by name and win over everything. Raises `SettingsError`."""
    try:
        settings = Settings(**{"_env_file": env_file, **overrides})
        written = {} if env_file is None else dotenv_values(env_file, encoding="utf-8")
    except ValidationError as error:
        lines = [_complaint(problem) for problem in error.errors(include_url=False)]
        raise SettingsError("\n  ".join(["These settings cannot be used:", *lines])) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The file {env_file} cannot be read: {error}") from None
    return settings.with_unknown(_unknown(os.environ) + _unknown(written))


def _data_dir(info: ValidationInfo) -> Path:
    # When the data folder itself is bad there is none: that is reported, and this value is never used.
    return Path(info.data.get("data_dir", "/"))


def _complaint(problem: ErrorDetails) -> str:
    name = str(problem["loc"][0])
    name = setting_name(name) if name in Settings.model_fields else name
    field = next(field for field in Settings.model_fields.values() if field.validation_alias == name)
    hints = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    said = problem["msg"].removeprefix("Value error, ")
    rule = said if problem["type"] == "value_error" else hints["expected"]
    shown = repr(problem["input"])
    value = "(not shown)" if hints["secret"] or _MAY_BE_SECRET.search(shown) else _shortened(shown)
    return f"{name} is {value}: {rule or said}"


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def _unknown(variables: Mapping[str, object]) -> tuple[str, ...]:
    known = [setting_name(field) for field in Settings.model_fields]
    strangers = [
        name
        for name in sorted(variables)
        if name.startswith("REELGATE_") and name not in known and name not in INTERNAL_VARIABLES
    ]
    return tuple(_with_suggestion(name, known) for name in strangers)


def _with_suggestion(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    return f"{name} (did you mean {close[0]}?)" if close else name
