"""`reelgate produce`: the main job from the shell, by the same API that everybody uses.

It looks at how far the script is and does what comes next, so that it can be interrupted anywhere and go on later.
"""

from __future__ import annotations

import secrets
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from app import produce_documents as documents
from app.client import Client, Declined, Json, ServerGone
from app.errors import StartError
from app.gates import Asking, AutoApproval, Gates, Quit
from app.local_server import server_for
from app.settings import Settings

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
QUIT: Final = 3
INTERRUPTED: Final = 130

_PAUSE_SECONDS: Final = 0.25
_OVERTAKEN: Final = {"STATE_CONFLICT", "VERSION_CONFLICT"}


@dataclass(frozen=True, slots=True)
class Order:
    """What to produce. Exactly one of `script` (a path, `-` for standard input) and `script_id` is given."""

    script: Path | None
    output: Path
    title: str | None
    auto_approve: bool
    server: str | None
    script_id: int | None


class CannotProduce(Exception):
    """The work failed; the text says why and what to do."""


def produce_video(settings: Settings, order: Order) -> int:
    """Do it, and answer the exit code of the command."""
    console = Console(stderr=True, highlight=False)
    trouble = _usage_trouble(order)
    if trouble:
        console.print(f"reelgate: {escape(trouble)}")
        return USAGE
    try:
        with _terminated_as_interrupted(), server_for(settings, order.server) as url:
            return _on_server(url, order, console)
    except (StartError, ServerGone, CannotProduce, OSError, UnicodeDecodeError) as error:
        console.print(f"reelgate: {escape(_words(error))}")
        return FAILED
    except Declined as declined:
        console.print(f"reelgate: {escape(str(declined))}")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _on_server(url: str, order: Order, console: Console) -> int:
    client = Client(url)
    script_id: str | None = None
    try:
        content = None if order.script is None else _read(order.script)
        gates: Gates = AutoApproval() if order.auto_approve else Asking(console, url)
        script_id = f"script_{order.script_id}" if content is None else _create(client, order, content)
        console.print(f"{script_id} on {escape(url)}")
        Production(client, script_id, gates, console).run(order.output)
        return OK
    except (KeyboardInterrupt, Quit) as stop:
        if script_id:
            again = f"reelgate produce --script {script_id.removeprefix('script_')} -o {order.output}"
            server = f" --server {order.server}" if order.server else ""
            auto = " --auto-approve" if order.auto_approve else ""
            console.print(f"\nStopped; nothing is lost. Go on with:\n  {escape(again + server + auto)}")
        return QUIT if isinstance(stop, Quit) else INTERRUPTED
    finally:
        client.close()


class Production:
    """One script's way to its video. Every method leaves when its step is done, whoever did it."""

    def __init__(self, client: Client, script_id: str, gates: Gates, console: Console) -> None:
        self._client = client
        self._id = script_id
        self._gates = gates
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description:<8}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(), console=console,
        )  # fmt: skip

    def run(self, output: Path) -> None:
        """Raises `CannotProduce`, `Declined`, `ServerGone`, `Quit`, `OSError`."""
        started = time.monotonic()
        self._script()
        with self._bars:
            self._scenes(self._bar("Scenes"))
            self._images(self._bar("Images"))
            video = self._video(self._bar("Video"))
        size = self._client.download(video["url"], output)
        seconds, took = video["durationSeconds"], time.monotonic() - started
        self._console.print(f"{seconds:g} s of video, {size / 1e6:.1f} MB, made in {took:.1f} s:")
        print(output.resolve())

    def _script(self) -> None:
        script = self._client.query(documents.OVERVIEW, id=self._id)["script"]
        if script is None:
            raise CannotProduce(f"The server has no {self._id}.")
        if script["status"] == "DRAFT":
            self._gates.script(script)
            self._decide(documents.APPROVE_SCRIPT, id=self._id, expectedVersion=script["version"])

    def _scenes(self, bar: TaskID) -> None:
        """Wait for the segmentation, then decide on each scene."""
        while (script := self._progress())["segmentation"]["state"] != "SUCCEEDED":
            self._require_alive(script["segmentation"], "The script could not be divided into scenes")
            self._bars.update(bar, note=_note(script["segmentation"]))
            time.sleep(_PAUSE_SECONDS)
        scenes = self._read_scenes()
        for done, scene in enumerate(scenes, start=1):
            while scene["status"] == "PENDING":
                with self._paused():
                    text = self._gates.scene(scene, len(scenes))
                if text is not None:
                    changed = {"id": scene["id"], "text": text, "expectedVersion": scene["version"]}
                    scene |= self._client.command(documents.UPDATE_SCENE, **changed)["scene"]
                    continue
                self._decide(documents.APPROVE_SCENE, id=scene["id"], expectedVersion=scene["version"])
                break
            self._bars.update(bar, completed=done, total=len(scenes), note=f"{done} of {len(scenes)} approved")

    def _images(self, bar: TaskID) -> None:
        """Decide on each image as it comes, until every scene has one that fits."""
        while True:
            counts = self._progress()["progress"]
            done, total = counts["scenesIllustrated"], counts["scenes"]
            self._bars.update(bar, completed=done, total=total, note=f"{done} of {total} approved")
            if done == total and not counts["awaitingReview"]:
                return
            waiting = [pair for scene in self._read_scenes() for pair in _to_decide(scene)]
            for scene, image in waiting:
                self._decide_image(scene, image)
            if not waiting:
                if counts["jobsFailed"]:
                    self._heal_images()
                if done == total:
                    return
                time.sleep(_PAUSE_SECONDS)

    def _decide_image(self, scene: Json, image: Json) -> None:
        with self._paused():
            feedback = self._gates.image(scene, image)
        decided = {"id": image["id"], "expectedVersion": image["version"]}
        if feedback is None:
            stale = {"acceptStale": True} if image["stale"] else {}
            self._decide(documents.APPROVE_IMAGE, **decided, **stale)
        else:
            self._decide(documents.REJECT_IMAGE, **decided, feedback=feedback or None)

    def _heal_images(self) -> None:
        for scene in self._read_scenes():
            job = scene["generation"]
            if job and job["state"] in ("FAILED", "PARKED") and not _has_usable_image(scene):
                self._require_alive(job, f"No image could be made of scene {scene['order']}")

    def _video(self, bar: TaskID) -> Json:
        key = secrets.token_hex(8)
        video_id = self._client.command(documents.CREATE_VIDEO, scriptId=self._id, idempotencyKey=key)["video"]["id"]
        while (video := self._client.query(documents.VIDEO, id=video_id)["video"])["status"] == "PENDING":
            job = video["compilation"]
            self._bars.update(bar, completed=job["progress"]["fraction"] * 100, total=100, note=_note(job))
            time.sleep(_PAUSE_SECONDS)
        if video["status"] == "REJECTED":
            raise CannotProduce(f"The video could not be made: {video['error']}")
        self._bars.update(bar, completed=100, total=100, note="done")
        found: Json = video
        return found

    def _require_alive(self, job: Json, what: str) -> None:
        """A failed job is sent back where a person wants that, else it is the end."""
        if job["state"] not in ("FAILED", "PARKED", "CANCELLED"):
            return
        reason = job["error"]["message"] if job["error"] else "it was cancelled."
        with self._paused():
            if not self._gates.retry(f"{what}: {reason}"):
                raise CannotProduce(f"{what}: {reason}")
        self._decide(documents.RETRY, id=job["id"])

    def _decide(self, document: str, **arguments: object) -> None:
        """If someone else has decided meanwhile, the next look at the state shows it."""
        try:
            self._client.command(document, **arguments)
        except Declined as declined:
            if declined.code not in _OVERTAKEN:
                raise

    def _progress(self) -> Json:
        script: Json = self._client.query(documents.PROGRESS, id=self._id)["script"]
        return script

    def _read_scenes(self) -> list[Json]:
        scenes: list[Json] = self._client.query(documents.SCENES, id=self._id)["script"]["scenes"]
        return scenes

    def _bar(self, name: str) -> TaskID:
        return self._bars.add_task(name, total=None, note="")

    @contextmanager
    def _paused(self) -> Iterator[None]:
        """Bars and questions do not go together."""
        if not self._gates.asks:
            yield
            return
        self._bars.stop()
        try:
            yield
        finally:
            self._bars.start()


def _to_decide(scene: Json) -> list[tuple[Json, Json]]:
    """Pending images; and an approved one that an edit made stale, where nothing newer is there or being made."""
    pending = [image for image in scene["images"] if image["status"] == "PENDING"]
    chosen = scene["chosenImage"]
    working = scene["generation"] and scene["generation"]["state"] in ("QUEUED", "RUNNING", "RETRYING")
    if not pending and chosen and chosen["stale"] and not working:
        pending = [image for image in scene["images"] if image["id"] == chosen["id"]]
    return [(scene, image) for image in pending]


def _has_usable_image(scene: Json) -> bool:
    return any(image["status"] != "REJECTED" and not image["stale"] for image in scene["images"])


def _note(job: Json) -> str:
    if job["state"] == "RETRYING" and job["error"]:
        return f"trying again: {job['error']['message']}"
    return job["progress"]["step"] or job["state"].lower()


def _create(client: Client, order: Order, content: str) -> str:
    key = secrets.token_hex(8)
    created = client.command(documents.CREATE, title=order.title, content=content, idempotencyKey=key)
    script_id: str = created["script"]["id"]
    return script_id


def _read(path: Path) -> str:
    data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    return data.decode("utf-8-sig")


def _usage_trouble(order: Order) -> str | None:
    if (order.script is None) == (order.script_id is None):
        return "Name a script file, or an earlier script with --script; not both."
    if order.output.is_dir():
        return f"{order.output} is a folder; name the MP4 file to write."
    if not order.auto_approve and (str(order.script) == "-" or not sys.stdin.isatty()):
        return "There is nobody to ask on standard input. Add --auto-approve to approve every step."
    return None


def _words(error: Exception) -> str:
    match error:
        case UnicodeDecodeError():
            return f"The script is not UTF-8 text (byte {error.start} cannot be read). Save it as UTF-8."
        case OSError(strerror=str(reason), filename=name) if name:
            return f"{name}: {reason}"
        case _:
            return str(error)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM stops like Ctrl-C: what was started is stopped too, and the way to go on is said."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
