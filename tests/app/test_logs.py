"""Log lines: one shape for ours and for those of libraries, with ids, and never with what people wrote."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.logs import configure_logging, get_logger, log_context
from app.settings import load_settings

SECRET = "It was a dark and stormy night"


class Stream(io.StringIO):
    """A stream that may claim to be a terminal."""

    def __init__(self, is_terminal: bool = False) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    levels = {
        name: (logger.level, logger.propagate, logger.handlers)
        for name, logger in logging.root.manager.loggerDict.items()
        if isinstance(logger, logging.Logger)
    }
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger):
            logger.level, logger.propagate, logger.handlers = levels.get(name, (logging.NOTSET, True, []))
    logging.getLogger().setLevel(level)  # forgets what was cached


def configured(is_terminal: bool = False, **settings: Any) -> Stream:
    stream = Stream(is_terminal)
    configure_logging(load_settings(env_file=None, **settings), "worker", stream)
    return stream


def test_json_where_nobody_looks() -> None:
    stream = configured()
    get_logger("app.thing").info("scene approved", scene_id=7)
    (line,) = stream.lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "scene approved",
        "scene_id": 7,
        "level": "info",
        "logger": "app.thing",
        "process": "worker",
    }


def test_readable_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = configured(is_terminal=True)
    get_logger("app.thing").info("scene approved", scene_id=7)
    assert "scene approved" in stream.getvalue()
    assert "scene_id=7" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(("chosen", "is_json"), [("json", True), ("console", False)])
def test_the_setting_wins(chosen: str, is_json: bool) -> None:
    stream = configured(is_terminal=is_json, log_format=chosen)
    get_logger("app.thing").info("hello")
    assert stream.getvalue().startswith("{") is is_json


def test_the_error_stream_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(env_file=None), "API")
    get_logger("app.thing").info("hello")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["process"] == "API"


@pytest.mark.parametrize("name", ["uvicorn.error", "uvicorn.access", "arq.worker", "tortoise", "anything"])
def test_lines_of_libraries_take_the_same_way_once(name: str) -> None:
    logging.getLogger(name).handlers = [logging.StreamHandler(io.StringIO())]
    stream = configured()
    if name == "anything":
        logging.getLogger(name).handlers = []
    logging.getLogger(name).warning("%s of %d", "one", 2)
    (line,) = stream.lines()
    assert (line["event"], line["logger"], line["level"]) == ("one of 2", name, "warning")


def test_ids_are_on_every_line_inside() -> None:
    stream = configured()
    with log_context(request_id="r1", script_id=3):
        with log_context(job_id=40):
            logging.getLogger("arq").info("inside")
        get_logger("app.thing").info("between")
    get_logger("app.thing").info("after")
    ids = [
        {name: line[name] for name in ("request_id", "script_id", "job_id") if name in line} for line in stream.lines()
    ]
    assert ids == [{"request_id": "r1", "script_id": 3, "job_id": 40}, {"request_id": "r1", "script_id": 3}, {}]


async def test_ids_of_tasks_do_not_mix() -> None:
    stream = configured()

    async def work(job_id: int) -> None:
        with log_context(job_id=job_id):
            await asyncio.sleep(0)
            get_logger("app.thing").info("done", expected=job_id)

    await asyncio.gather(*map(work, range(5)))
    assert [line["job_id"] for line in stream.lines()] == [line["expected"] for line in stream.lines()]


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_the_level(level: str) -> None:
    stream = configured(log_level=level)
    for name in ("debug", "info", "warning", "error", "critical"):
        getattr(get_logger("app.thing"), name)("x")
    written = [line["level"] for line in stream.lines()]
    assert written[0] == level
    assert len(written) == 5 - ["debug", "info", "warning", "error", "critical"].index(level)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_what_people_wrote_stays_out(log_format: str) -> None:
    stream = configured(log_level="debug", log_format=log_format)
    local = SECRET
    get_logger("app.thing").info(
        "made", text=local, prompt=SECRET, title=SECRET, feedback=SECRET, variables={"c": SECRET}
    )
    for name in ("aiosqlite", "tortoise.db_client", "httpcore.http11", "openai", "websockets.server"):
        logging.getLogger(name).debug("INSERT %s", SECRET)
    logging.getLogger("httpx").info("POST %s", SECRET)
    logging.getLogger("strawberry.execution").error(SECRET)
    try:
        raise ValueError("boom")
    except ValueError:
        get_logger("app.thing").exception("failed")
        logging.getLogger("uvicorn.error").exception("failed too")
    assert SECRET not in stream.getvalue()
    assert stream.getvalue().count("ValueError: boom") == 2
    assert "withheld, 30 long" in stream.getvalue()


def test_odd_characters_do_no_harm() -> None:
    stream = configured()
    get_logger("app.thing").info("x\ny\ud800\x1b[31m", path=Path("/a"))
    (line,) = stream.lines()
    assert line["event"] == "x\ny\ud800\x1b[31m"
    assert line["path"] == "/a"


def test_unknown_settings_are_mentioned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELGATE_VIDEO_FSP", "30")
    (line,) = configured().lines()
    assert line["level"] == "warning"
    assert line["names"] == ["REELGATE_VIDEO_FSP (did you mean REELGATE_VIDEO_FPS?)"]
    monkeypatch.setenv("REELGATE_LIFELINE_FD", "3")
    assert configured().lines() == []
