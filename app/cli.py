"""The `reelgate` command."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from app.embedded import run_embedded
from app.errors import StartError
from app.lifeline import watch_lifeline
from app.listening import inherited_socket, is_loopback, listen, require_loopback, url_of
from app.logs import configure_logging
from app.settings import Settings, SettingsError, load_settings

T = TypeVar("T")

app = typer.Typer(
    help="Turns a written script into a finished video, with a person's decision between every two machine steps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 means any free one.")]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Allow other machines to connect, although there is no authentication yet.")
]


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000, insecure: Insecure = False) -> None:
    """Run everything on this machine: database, broker, worker and API."""
    raise typer.Exit(run_embedded(load_settings(), host=host, port=port, insecure=insecure))


@app.command()
def api(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    insecure: Insecure = False,
    fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the API alone; needs REDIS_URL and a migrated database."""
    from app.api import run_api

    settings = _begin("api")
    if fd is None:
        require_loopback(host, insecure)
        listening = listen(host, port)
        print(f"Reelgate's API listens at {url_of(listening)}", file=sys.stderr)
    else:
        listening = inherited_socket(fd)
        host = listening.getsockname()[0]
    hosts = () if is_loopback(host) else (host,)
    _run(run_api(settings, listening=listening, hosts=hosts))


@app.command()
def worker(embedded: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Run a worker alone; needs REDIS_URL and a migrated database."""
    from app.worker import run_worker

    _run(run_worker(_begin("worker"), embedded=embedded))


@app.command()
def migrate() -> None:
    """Bring the database up to date. Safe to run at any time, by several processes at once."""
    from storage.migrate import migrate as apply

    applied = _run(apply(_begin("migrate").database_url))
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("the database is up to date")


@app.command()
def schema() -> None:
    """Print the GraphQL schema."""
    from graph.schema import sdl

    typer.echo(sdl(), nl=False)


@app.command()
def produce(
    script: Annotated[
        Path | None,
        typer.Argument(help="The script: a UTF-8 text file, or - for standard input.", metavar="SCRIPT.txt"),
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the MP4 goes.")] = Path("video.mp4"),
    title: Annotated[str | None, typer.Option(help="The script's title. Default: found in the text.")] = None,
    auto_approve: Annotated[
        bool, typer.Option("--auto-approve", help="Approve every step. Default: ask at each gate.")
    ] = False,
    server: Annotated[
        str | None,
        typer.Option(help="URL of a Reelgate server. Default: the one on this data folder, else one just for this."),
    ] = None,
    script_id: Annotated[
        int | None, typer.Option("--script", help="Go on with this script of the server instead of a file.", min=1)
    ] = None,
) -> None:
    """Take a script to an MP4. Interrupted, it says how to go on.

    Exit codes: 0 the video is there, 1 it cannot be made, 2 wrong usage, 3 declined at a gate, 130 interrupted.
    """
    from app.produce import Order, produce_video

    order = Order(script, output, title, auto_approve, server, script_id)
    raise typer.Exit(produce_video(load_settings(), order))


def _begin(process: str) -> Settings:
    """What every part does first."""
    watch_lifeline()
    settings = load_settings()
    configure_logging(settings, process)
    return settings


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def main() -> None:
    """Run the command; what a person can mend is said in a line, without a traceback."""
    try:
        app()
    except (StartError, SettingsError) as error:
        _give_up(error)
    except Exception as error:
        # Only now, so that a light command does not load the database for the sake of its errors.
        from domain.errors import WorkFailed
        from storage.errors import StorageError

        if isinstance(error, StorageError):
            _give_up(error)
        if isinstance(error, WorkFailed):
            _give_up(error.message)
        raise


def _give_up(reason: object) -> NoReturn:
    print(f"reelgate: {reason}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
