"""The `reelgate` command."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Coroutine
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from app.collecting import no_collections
from app.embedded import run_embedded
from app.errors import StartError
from app.health import wait_until_answering
from app.lifeline import watch_lifeline
from app.listening import inherited_socket, is_loopback, listen, reachable_address, require_loopback, url_of
from app.logs import configure_logging
from app.settings import Settings, SettingsError, load_settings
from domain.rendering import Aspect, Captions, Fill, Motion, Narration, Quality, Resolution, Transition

T = TypeVar("T")

_LOOK = "The video; what is not given is as the server has it"
FAILED = 1
INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 means any free one.")]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Allow other machines to connect, although there is no authentication yet.")
]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"reelgate {version('reelgate')}")
        raise typer.Exit


@app.callback()
def reelgate(
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Turns a written script into a finished video, with a person's decision between every two machine steps.

    Settings are environment variables, or lines of a .env file in the folder one starts from.

    Exit codes:
    0    done
    1    it failed; the reason was said
    2    wrong usage; nothing was started
    3    stopped by an answer at a gate (produce)
    130  interrupted
    """


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000, insecure: Insecure = False) -> None:
    """Run everything on this machine: database, broker, worker and API.

    Ctrl-C or SIGTERM stops all of it, a second Ctrl-C at once. Work that was under way goes on at the next start.
    """
    raise typer.Exit(run_embedded(load_settings(), host=host, port=port, insecure=insecure))


@app.command()
def api(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    insecure: Insecure = False,
    fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the API alone; needs REDIS_URL and a migrated database."""
    with no_collections():
        from app.api import run_api

    settings = _begin("api")
    if fd is not None:
        listening = inherited_socket(fd)
        host = listening.getsockname()[0]
    else:
        require_loopback(host, insecure)
        listening = listen(host, port)
    hosts = () if is_loopback(host) else (host,)
    with listening:
        serving = run_api(settings, listening=listening, hosts=hosts)
        _run(serving if fd is not None else _announced(serving, listening))


@app.command()
def worker(embedded: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Run a worker alone; needs REDIS_URL and a migrated database.

    As many may run as wanted, on any machine. Ctrl-C or SIGTERM stops it; its unfinished jobs go to others.
    """
    with no_collections():
        from app.worker import run_worker

    _run(run_worker(_begin("worker"), embedded=embedded))


@app.command()
def migrate() -> None:
    """Bring the database up to date. Safe to run at any time, by several processes at once."""
    with no_collections():
        from storage.migrate import migrate as apply

    applied = _run(apply(_begin("migrate").database_url))
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("the database is up to date")


@app.command()
def schema() -> None:
    """Print the GraphQL schema."""
    with no_collections():
        from graph.schema import sdl

    typer.echo(sdl(), nl=False)


@app.command()
def produce(
    script: Annotated[
        Path | None,
        typer.Argument(help="The script: a UTF-8 text file, or - for standard input.", metavar="SCRIPT.txt"),
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the MP4 goes.", metavar="OUT.mp4")] = Path(
        "video.mp4"
    ),
    title: Annotated[str | None, typer.Option(help="The script's title. Default: found in the text.")] = None,
    auto_approve: Annotated[
        bool, typer.Option("--auto-approve", help="Approve every step. Default: ask at each gate.")
    ] = False,
    server: Annotated[
        str | None,
        typer.Option(
            help="A Reelgate server. Default: the one that runs on the data folder, else one started just for this.",
            metavar="URL",
        ),
    ] = None,
    script_id: Annotated[
        int | None, typer.Option("--script", help="Go on with this script instead of a file.", min=1, metavar="ID")
    ] = None,
    aspect: Annotated[Aspect | None, typer.Option(help="Shape of the video.", rich_help_panel=_LOOK)] = None,
    resolution: Annotated[Resolution | None, typer.Option(help="Its shorter side.", rich_help_panel=_LOOK)] = None,
    fps: Annotated[int | None, typer.Option(help="Frames a second.", min=24, max=60, rich_help_panel=_LOOK)] = None,
    quality: Annotated[Quality | None, typer.Option(help="A draft is quick to make.", rich_help_panel=_LOOK)] = None,
    motion: Annotated[Motion | None, typer.Option(help="What the camera does.", rich_help_panel=_LOOK)] = None,
    transition: Annotated[
        Transition | None, typer.Option(help="How one scene gives way to the next.", rich_help_panel=_LOOK)
    ] = None,
    fill: Annotated[
        Fill | None, typer.Option(help="What a picture of another shape does.", rich_help_panel=_LOOK)
    ] = None,
    captions: Annotated[Captions | None, typer.Option(help="How the words are shown.", rich_help_panel=_LOOK)] = None,
    title_card: Annotated[
        bool | None, typer.Option("--title-card/--no-title-card", help="Begin with the title.", rich_help_panel=_LOOK)
    ] = None,
    narration: Annotated[
        Narration | None, typer.Option(help="Whether the words are spoken.", rich_help_panel=_LOOK)
    ] = None,
    voice: Annotated[str | None, typer.Option(help="By which voice.", metavar="NAME", rich_help_panel=_LOOK)] = None,
    scene_seconds: Annotated[
        float | None,
        typer.Option(
            help="How long each scene is shown. Default: as long as its narration, or as it takes to read.",
            metavar="SECONDS",
            rich_help_panel=_LOOK,
        ),
    ] = None,
    music: Annotated[
        Path | None,
        typer.Option(help="Music beneath it: MP3, M4A, WAV, FLAC or Ogg.", metavar="FILE", rich_help_panel=_LOOK),
    ] = None,
) -> None:
    """Take a script to an MP4, asking for a decision at each gate or approving every step.

    Interrupted or failed, it says the command that goes on. Standard output gets only the path of the MP4.

    Exit codes:
    0    the MP4 is there
    1    it cannot be made; the reason was said
    2    wrong usage; nothing was started
    3    stopped by an answer at a gate
    130  interrupted
    """
    from app.produce import Order, produce_video
    from app.produce_look import Look

    look = Look(
        aspect, resolution, fps, quality, motion, transition, fill, captions, title_card, narration, voice,
        scene_seconds, music,
    )  # fmt: skip
    order = Order(script, output, title, auto_approve, server, script_id, look)
    raise typer.Exit(produce_video(load_settings(), order))


def _begin(process: str) -> Settings:
    """What every part does first."""
    watch_lifeline()
    settings = load_settings()
    configure_logging(settings, process)
    return settings


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def _announced(serving: Coroutine[Any, Any, T], listening: socket.socket) -> T:
    """Serve, and say where once it answers."""

    async def announce() -> None:
        await wait_until_answering(reachable_address(listening))
        print(f"Reelgate's API is running at {url_of(listening)}. Ctrl-C stops it.", file=sys.stderr, flush=True)

    announcing = asyncio.create_task(announce())
    try:
        return await serving
    finally:
        announcing.cancel()


def main() -> None:
    """Run the command; what a person can mend is said in a line, without a traceback."""
    try:
        app(prog_name=None if Path(sys.argv[0]).name == "reelgate" else "python -m app.cli")
    except (StartError, SettingsError) as error:
        _give_up(error)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Nobody reads our output any more; nor is there anything left to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
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
    with suppress(OSError):
        print(f"reelgate: {reason}", file=sys.stderr)
    sys.exit(FAILED)


if __name__ == "__main__":
    main()
