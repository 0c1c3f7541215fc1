"""Logging: readable on a terminal, JSON elsewhere, always to the error stream, with request, script and job ids.

The texts that people write (scripts, prompts, feedback) never belong in a log. Three things keep them out: callers
log ids; fields that could hold such a text are withheld; libraries that log statements, bodies or frames are
quietened. Tracebacks are written without the values of local variables.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.setting_rules import LogFormat
from app.settings import Settings

WITHHELD = frozenset(
    {"text", "content", "prompt", "title", "feedback", "body", "document", "query", "variables", "sql", "parameters"}
)
# Each of these writes people's texts, or one line for every step, below the level given.
_QUIETENED = {
    "aiosqlite": logging.INFO,
    "asyncio": logging.INFO,
    "arq.worker": logging.WARNING,  # the same is said by `jobs.attempts`
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,
    "openai": logging.WARNING,
    "PIL": logging.INFO,
    "uvicorn.error": logging.WARNING,
    "strawberry.execution": logging.CRITICAL,
    "tortoise": logging.INFO,
    "tortoise.db_client": logging.INFO,
    "websockets": logging.INFO,
}
# These bring handlers of their own, which would write a second copy of each line.
_REROUTED = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "arq", "arq.worker", "tortoise")


class LogStream(Protocol):
    """Where log lines go."""

    def write(self, text: str, /) -> object:
        """Take a piece of text."""

    def flush(self) -> None:
        """Pass on what was taken."""

    def isatty(self) -> bool:
        """Whether a person sees the lines as they come."""


def configure_logging(settings: Settings, process: str, stream: LogStream | None = None) -> None:
    """Send every log line of this process to `stream` (the error stream by default), marked with the process's name."""
    target = sys.stderr if stream is None else stream
    chosen = log_format(settings, target)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _mark(process),
        _withhold,
    ]
    _configure_structlog(shared)
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(chosen, target)],
        )
    )
    _configure_stdlib(handler, settings.log_level.value.upper())
    if settings.unknown_variables and "REELGATE_LIFELINE_FD" not in os.environ:
        get_logger(__name__).warning("unknown settings ignored", names=list(settings.unknown_variables))


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose lines carry the ids bound by `log_context`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


@contextmanager
def log_context(
    *, request_id: str | None = None, script_id: int | None = None, job_id: int | None = None
) -> Iterator[None]:
    """Put these ids on every log line written inside, by this task and by those it starts."""
    ids = {"request_id": request_id, "script_id": script_id, "job_id": job_id}
    with structlog.contextvars.bound_contextvars(**{name: value for name, value in ids.items() if value is not None}):
        yield


def log_format(settings: Settings, stream: LogStream) -> LogFormat:
    """The format for lines written to `stream`; never `auto`."""
    if settings.log_format is not LogFormat.AUTO:
        return settings.log_format
    return LogFormat.CONSOLE if stream.isatty() else LogFormat.JSON


def _configure_structlog(shared: list[Processor]) -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _configure_stdlib(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _REROUTED:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.disabled = [], True, False
        logger.setLevel(logging.NOTSET)
    for name, least in _QUIETENED.items():
        logging.getLogger(name).setLevel(max(least, root.level))


def _rendering(chosen: LogFormat, stream: LogStream) -> list[Processor]:
    if chosen is LogFormat.JSON:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    colors = bool(os.environ.get("FORCE_COLOR") or stream.isatty()) and not os.environ.get("NO_COLOR")
    # The default formatter would print local variables, script texts among them.
    return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)]


def _mark(process: str) -> Processor:
    def mark(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("process", process)
        return event

    return mark


def _withhold(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: _withheld(value) if name in WITHHELD else value for name, value in event.items()}


def _withheld(value: Any) -> str:
    size = f", {len(value)} long" if isinstance(value, (str, bytes, list, tuple, dict)) else ""
    return f"<withheld{size}>"
