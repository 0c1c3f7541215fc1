"""What a process loads: the API stays light, the supervisor lighter, and a command starts at once."""

import subprocess
import sys

import pytest

PAINTING = ["openai", "providers", "PIL", "numpy", "av", "cv2", "fontTools", "sentencex"]
WEB_AND_DATA = ["tortoise", "strawberry", "fastapi", "starlette", "uvicorn", "arq", "redis"]

BUILD_THE_API = """
from pathlib import Path
from app.api import create_app
from app.clock import SystemClock
from app.settings import load_settings
from app.wiring import System, limits_of
from graph.live import EventFeed
from jobs.bell import RedisBell, connect
from jobs.names import Names
from storage.media import MediaStore
from workflow.context import Context
settings, names = load_settings(), Names("0" * 16)
redis = connect("redis://127.0.0.1:1", names)
context = Context(RedisBell(redis, names), SystemClock(), limits_of(settings), MediaStore(Path("media").absolute()))
create_app(settings, System(context, redis, names), EventFeed())
"""


def loaded(program: str, names: list[str]) -> set[str]:
    """Which of these a fresh process has loaded after the program."""
    asked = f"{program}\nimport sys\nprint(*(name for name in {names} if name in sys.modules))"
    answer = subprocess.run([sys.executable, "-P", "-c", asked], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.split())


@pytest.mark.parametrize("program", ["import app.api", BUILD_THE_API], ids=["imported", "built"])
def test_the_api_never_loads_what_makes_pictures_or_speaks_to_providers(program: str) -> None:
    assert loaded(program, [*PAINTING, "video.render", "video.frames", "app.worker"]) == set()


@pytest.mark.parametrize("module", ["app.embedded", "app.cli", "app.local_server"])
def test_the_supervisor_and_the_command_line_are_light(module: str) -> None:
    assert loaded(f"import {module}", [*PAINTING, *WEB_AND_DATA]) == set()


def test_producing_needs_nothing_of_the_server() -> None:
    assert loaded("import app.produce", [*PAINTING, *WEB_AND_DATA, "storage", "workflow", "graph"]) == set()


def test_the_schema_is_printed_without_what_makes_pictures() -> None:
    assert loaded("import graph.schema; graph.schema.sdl()", PAINTING) == set()
