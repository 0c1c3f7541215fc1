"""What each setting may be: pure functions from the text of an environment variable to the value that is used.

A `ValueError` raised here is shown to a person, so its text says what the value should be and never repeats
the value (it may hold a password). Nothing here knows the names of the settings or reads the environment.
"""

import ipaddress
import os
import re
import shutil
from enum import StrEnum
from pathlib import Path
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

SMALLEST_SIDE, LARGEST_SIDE = 16, 7680
_SIZE = re.compile(r"(\d{1,5})\s*[xX×]\s*(\d{1,5})")
_HOST = re.compile(r"\*|(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_SQLITE = "sqlite:///"
_POSTGRES = ("postgres://", "postgresql://", "postgresql+asyncpg://")
_DEFAULT_PORTS = {"http": 80, "https": 443}

SIZE_RULE = "should be two whole numbers from 16 to 7680 with an x between, such as 1920x1080"
EVEN_SIZE_RULE = (
    "should be two even numbers from 16 to 7680 with an x between, such as 1920x1080 (H.264 needs even ones)"
)
DATABASE_RULE = (
    "should be sqlite:////absolute/path (four slashes in all) or postgresql://user:password@host:port/database"
)
REDIS_RULE = "should be redis://host:port/number, rediss://host:port/number or unix:///path/of/a/socket"
STORAGE_RULE = "should be the path of a folder, or a file:///path URL"
ORIGIN_RULE = "should be origins with commas between, such as https://studio.example,http://localhost:3000"
HOSTS_RULE = "should be host names with commas between, without scheme or port, such as localhost,127.0.0.1,[::1]"
FFMPEG_RULE = "should be the path of an ffmpeg program that can be run, or the name of one on the PATH"


class LogLevel(StrEnum):
    """The least serious kind of log line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class LogFormat(StrEnum):
    """How a log line looks: `auto` is readable on a terminal and JSON elsewhere."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


def absolute(path: str | Path) -> Path:
    """The path with `~` expanded and made absolute; links are kept as they are."""
    return Path(os.path.abspath(Path(path).expanduser()))


def folder(value: object) -> Path:
    """A folder that exists or can be made later."""
    path = absolute(str(value))
    if path.exists() and not path.is_dir():
        raise ValueError("should be a folder; there is a file of this name")
    return path


def size(value: object) -> str:
    """`WIDTHxHEIGHT` in pixels, in its one spelling."""
    match = _SIZE.fullmatch(str(value))
    sides = [int(side) for side in match.groups()] if match else [0]
    if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in sides):
        raise ValueError(SIZE_RULE)
    return "x".join(map(str, sides))


def even_size(value: object) -> str:
    """A size that H.264 can have with the usual colour format: even sides."""
    try:
        text = size(value)
    except ValueError:
        raise ValueError(EVEN_SIZE_RULE) from None
    if any(int(side) % 2 for side in text.split("x")):
        raise ValueError(EVEN_SIZE_RULE)
    return text


def lower(value: object) -> object:
    """Names of levels and formats may be written in any case."""
    return value.lower() if isinstance(value, str) else value


def sqlite_url(path: Path) -> str:
    """The URL that means this SQLite file: the path stands in it as it is, whatever its characters."""
    return f"{_SQLITE}{path}"


def sqlite_path(url: str) -> Path | None:
    """The file behind a SQLite URL; None for other databases."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def database_url(value: str) -> str:
    """A database URL in its one spelling: `sqlite:////absolute/path` or `postgresql://…`."""
    if ":memory:" in value:
        raise ValueError("should be a file: several processes share the database, so it cannot be in memory")
    if value.startswith(_SQLITE):
        return sqlite_url(_database_file(value.removeprefix(_SQLITE)))
    scheme = next((scheme for scheme in _POSTGRES if value.startswith(scheme)), None)
    if scheme is None:
        raise ValueError(DATABASE_RULE)
    url = "postgresql://" + value.removeprefix(scheme)
    if not _split(url, DATABASE_RULE).path.strip("/"):
        raise ValueError("should name a database: postgresql://user:password@host:port/database")
    return url


def redis_url(value: str) -> str:
    """A Redis or Valkey URL, unchanged."""
    parts = _split(value, REDIS_RULE)
    over_tcp = parts.scheme in ("redis", "rediss") and parts.hostname and re.fullmatch(r"(/\d*)?", parts.path)
    over_socket = parts.scheme == "unix" and len(parts.path) > 1
    if not (over_tcp or over_socket):
        raise ValueError(REDIS_RULE)
    return value


def storage_url(value: str) -> str:
    """The media folder as a `file://` URL, from a path or such a URL."""
    if "://" not in value:
        return folder(value).as_uri()
    parts = _split(value, STORAGE_RULE)
    if parts.scheme != "file":
        raise ValueError(f"{STORAGE_RULE}: object stores such as s3:// are not in this version")
    if parts.netloc not in ("", "localhost") or len(parts.path) < 2 or parts.query or parts.fragment:
        raise ValueError(STORAGE_RULE)
    return folder(file_path(value)).as_uri()


def file_path(url: str) -> Path:
    """The path behind a `file://` URL."""
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(url).path)))


def hosts(value: object) -> tuple[str, ...]:
    """Host names as they stand in a Host header, without the port."""
    names = tuple(name.lower() for name in comma_list(value))
    if not names or not all(map(_is_host, names)):
        raise ValueError(HOSTS_RULE)
    return names


def origins(value: object) -> tuple[str, ...]:
    """Origins in the spelling that browsers send: lower case, no default port, no slash at the end."""
    return tuple(_origin(text) for text in comma_list(value))


def comma_list(value: object) -> tuple[str, ...]:
    """The parts of a list written with commas, without blanks and repetitions."""
    parts = value.split(",") if isinstance(value, str) else list(value) if isinstance(value, (list, tuple)) else []
    return tuple(dict.fromkeys(text for part in parts if (text := str(part).strip())))


def ffmpeg_binary(value: object) -> Path:
    """A program that exists and can be run."""
    found = shutil.which(Path(str(value)).expanduser())
    if found is None:
        raise ValueError(FFMPEG_RULE)
    return absolute(found)


def cpus() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _database_file(text: str) -> Path:
    """A path relative to the present folder is allowed, unless an absolute one with a slash forgotten is likelier."""
    path = absolute(text)
    if not text.strip("/") or path.is_dir() or (not path.parent.exists() and Path("/", text).parent.exists()):
        raise ValueError(DATABASE_RULE)
    return path


def _is_host(name: str) -> bool:
    if name.startswith("[") and name.endswith("]"):
        try:
            return bool(ipaddress.IPv6Address(name[1:-1]))
        except ValueError:
            return False
    return bool(_HOST.fullmatch(name))


def _origin(text: str) -> str:
    parts = _split(text.lower(), ORIGIN_RULE)
    extra = parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or extra or "*" in parts.netloc:
        raise ValueError(ORIGIN_RULE)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _split(url: str, rule: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname
    except ValueError:
        raise ValueError(rule) from None
    return parts
