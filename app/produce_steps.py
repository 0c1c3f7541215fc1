"""The steps from a script to its video, by the same API that everybody uses.

Each step looks at how far the script is and does what comes next, so that it may have been interrupted anywhere, and
others may decide at the same time. What is asked for is never asked faster than the server can easily answer.
"""

from __future__ import annotations

import secrets
import time
from typing import Final

from app import produce_documents as documents
from app.client import Client, Declined, Json
from app.gates import Gates
from app.produce_board import Board

SCENES: Final = "Scenes"
IMAGES: Final = "Images"
VIDEO: Final = "Video"

_PAUSE_SECONDS: Final = 0.25
_LONGEST_PAUSE_SECONDS: Final = 5.0
_REST: Final = 5
"""So many times as long as the server needed for the last answers it is left in peace."""
_CONFLICTS: Final = ("STATE_CONFLICT", "VERSION_CONFLICT")
_ENDED_BADLY: Final = ("FAILED", "PARKED", "CANCELLED")
_MOST_REFUSALS: Final = 3


class CannotProduce(Exception):
    """The work failed; the text says why and what to do."""


class Production:
    """One script's way to its video. Every method leaves when its step is done, whoever did it.

    `resumed`: a person goes on with an earlier script, which means that what failed then is tried once more. `render`
    is how the video is to be made; with it a new one is asked for, which costs little where another is like it.
    """

    def __init__(
        self, client: Client, script_id: str, gates: Gates, board: Board, *, resumed: bool, render: Json | None = None
    ) -> None:
        self._client = client
        self._id = script_id
        self._gates = gates
        self._board = board
        self._resumed = resumed
        self._render = render
        self._retried: set[str] = set()
        self._refusals: dict[tuple[str, object], int] = {}
        self._asking = 0.0

    def run(self) -> Json:
        """The finished video. Raises `CannotProduce`, `Declined`, `ServerGone`, `StartError`, `Quit`."""
        self._approve_script()
        with self._board:
            self._segment()
            self._illustrate()
            while (video := self._compile()) is None:
                self._illustrate()
        return video

    def _approve_script(self) -> None:
        while (script := self._read(documents.SCRIPT)["script"])["status"] == "DRAFT":
            self._gates.script(script)
            self._decide(documents.APPROVE_SCRIPT, id=self._id, expectedVersion=script["version"])

    # --- scenes --------------------------------------------------------------------------------------------------

    def _segment(self) -> None:
        while True:
            job = self._read(documents.PROGRESS)["script"]["segmentation"]
            if job and job["state"] == "SUCCEEDED":
                return
            if job and job["state"] in _ENDED_BADLY:
                self._mend(job, "The script could not be divided into scenes")
            self._board.show(SCENES, 0, 0, _note(job))
            self._rest()

    def _approve_scenes(self, total: int) -> None:
        scenes = self._read(documents.PENDING_SCENES)["script"]["scenes"]
        for index, scene in enumerate(scenes):
            self._show_approved(SCENES, total - len(scenes) + index, total)
            self._approve_scene(scene, total)
        self._show_approved(SCENES, total, total)

    def _approve_scene(self, scene: Json, total: int) -> None:
        """If it turns out to have changed, it is left for the next look."""
        while (text := self._asked_about_scene(scene, total)) is not None:
            changed = {"id": scene["id"], "text": text, "expectedVersion": scene["version"]}
            try:
                scene |= self._client.command(documents.UPDATE_SCENE, **changed)["scene"]
            except Declined as declined:
                self._board.say(str(declined))
                if declined.code in _CONFLICTS:
                    return
        self._decide(documents.APPROVE_SCENE, id=scene["id"], expectedVersion=scene["version"])

    def _asked_about_scene(self, scene: Json, total: int) -> str | None:
        if not self._gates.asks:
            return self._gates.scene(scene, total)
        with self._board.hidden():
            return self._gates.scene(scene, total)

    # --- images --------------------------------------------------------------------------------------------------

    def _illustrate(self) -> None:
        """Until every scene is approved and shows an approved image of its present text."""
        while True:
            seen = self._read(documents.PROGRESS)
            counts, retrying = seen["script"]["progress"], seen["jobs"]["nodes"]
            total, done = counts["scenes"], counts["scenesIllustrated"]
            if counts["scenesApproved"] < total:
                self._approve_scenes(total)
                continue
            self._show_approved(SCENES, total, total)
            self._show_approved(IMAGES, done, total, _note(retrying[0]) if retrying else "")
            if counts["awaitingReview"] and self._decide_images(done, total):
                continue
            if done == total:
                return
            if not counts["jobsActive"]:
                self._unblock()
            self._rest()

    def _decide_images(self, done: int, total: int) -> bool:
        """Whether there was anything to decide."""
        waiting = [
            (scene, image)
            for scene in self._read(documents.ILLUSTRATIONS)["script"]["scenes"]
            for image in scene["images"]
            if self._gates.asks or not image["stale"]
        ]
        for scene, image in waiting:
            feedback = self._asked_about_image(scene, image)
            decided = {"id": image["id"], "expectedVersion": image["version"]}
            if feedback is not None:
                self._decide(documents.REJECT_IMAGE, **decided, feedback=feedback or None)
            elif self._decide(documents.APPROVE_IMAGE, **decided, acceptStale=image["stale"] or None):
                done += _lacks_image(scene)
                self._show_approved(IMAGES, min(done, total), total)
        return bool(waiting)

    def _unblock(self) -> None:
        """Nobody is at work, and yet some scenes have no image that fits."""
        lacking = [scene for scene in self._read(documents.ILLUSTRATIONS)["script"]["scenes"] if _lacks_image(scene)]
        for scene in lacking:
            job, old = scene["generation"], scene["chosenImage"]
            if job and job["state"] in ("FAILED", "PARKED"):
                others = f" (and of {len(lacking) - 1} more)" if len(lacking) > 1 else ""
                self._mend(job, f"No image could be made of scene {scene['order']}{others}")
            elif old and self._gates.asks and self._asked_about_image(scene, old) is None:
                accepted = {"id": old["id"], "expectedVersion": old["version"], "acceptStale": True}
                self._decide(documents.APPROVE_IMAGE, **accepted)
            else:
                self._decide(documents.GENERATE_IMAGE, sceneId=scene["id"], idempotencyKey=secrets.token_hex(8))

    def _asked_about_image(self, scene: Json, image: Json) -> str | None:
        if not self._gates.asks:
            return self._gates.image(scene, image)
        with self._board.hidden():
            return self._gates.image(scene, image | {"url": self._client.url + image["url"]})

    # --- the video -----------------------------------------------------------------------------------------------

    def _compile(self) -> Json | None:
        """The video, perhaps one that is there already or on its way; None when the scenes are not ready after all."""
        latest = self._read(documents.LATEST_VIDEO)["script"]["latestVideo"]
        if not self._render and latest and not latest["stale"] and latest["status"] != "REJECTED":
            return self._awaited(latest["id"])
        self._say_what_it_costs()
        key = secrets.token_hex(8)
        made = self._decide(documents.CREATE_VIDEO, scriptId=self._id, idempotencyKey=key, render=self._render)
        return self._awaited(made["video"]["id"]) if made else None

    def _say_what_it_costs(self) -> None:
        """Nothing, where it costs nothing."""
        script = self._client.query(documents.VIDEO_ESTIMATE, id=self._id, render=self._render)["script"]
        if (estimate := script and script["videoEstimate"]) and estimate["calls"]:
            self._board.say(_cost_of_narration(estimate))

    def _awaited(self, video_id: str) -> Json:
        while (video := self._read(documents.VIDEO, video_id)["video"])["status"] == "PENDING":
            job = video["compilation"]
            if job["state"] == "PARKED":
                self._mend(job, "The video cannot go on")
            self._board.show(VIDEO, int(job["progress"]["fraction"] * 100), 100, _note(job))
            self._rest()
        if video["status"] == "REJECTED":
            raise CannotProduce(f"The video could not be made: {video['error']}")
        self._board.show(VIDEO, 100, 100, "done")
        if video["compilation"]["note"]:
            self._board.say(video["compilation"]["note"])
        found: Json = video
        return found

    # --- asking and deciding -------------------------------------------------------------------------------------

    def _mend(self, job: Json, what: str) -> None:
        """A failed job is sent back where a person wants that, else it is the end."""
        reason = job["error"]["message"] if job["error"] else "it was cancelled."
        again = self._resumed and not self._gates.asks and job["id"] not in self._retried
        self._retried.add(job["id"])
        if not again:
            with self._board.hidden():
                again = self._gates.retry(f"{what}: {reason}")
        if not again:
            raise CannotProduce(f"{what}: {reason}")
        self._decide(documents.RETRY, id=job["id"])

    def _decide(self, document: str, **arguments: object) -> Json | None:
        """None if someone else was faster; the next look at the state shows it. Raises `Declined` if that repeats."""
        try:
            return self._client.command(document, **arguments)
        except Declined as declined:
            subject = document, arguments.get("id", arguments.get("sceneId"))
            self._refusals[subject] = self._refusals.get(subject, 0) + 1
            if declined.code not in _CONFLICTS or self._refusals[subject] == _MOST_REFUSALS:
                raise
            return None

    def _read(self, document: str, node: str = "") -> Json:
        began = time.monotonic()
        try:
            found = self._client.query(document, id=node or self._id)
        finally:
            self._asking += time.monotonic() - began
        if None in found.values():
            raise CannotProduce(f"The server at {self._client.url} has no {node or self._id}.")
        return found

    def _rest(self) -> None:
        time.sleep(min(_LONGEST_PAUSE_SECONDS, max(_PAUSE_SECONDS, _REST * self._asking)))
        self._asking = 0.0

    def _show_approved(self, stage: str, done: int, total: int, trouble: str = "") -> None:
        note = f"{done} of {total} approved"
        self._board.show(stage, done, total, f"{note}, {trouble}" if trouble else note)


def _lacks_image(scene: Json) -> bool:
    return scene["chosenImage"] is None or bool(scene["chosenImage"]["stale"])


def _cost_of_narration(estimate: Json) -> str:
    calls = "one paid call" if estimate["calls"] == 1 else f"{estimate['calls']} paid calls"
    amount = estimate["amount"]
    most = "no price is known for it" if amount is None else f"at most {amount} {estimate['currency']}"
    return f"The narration takes {calls}: {most}."


def _note(job: Json | None) -> str:
    match job:
        case None | {"state": "QUEUED"}:
            return "waiting for a worker"
        case {"state": "RETRYING", "error": {"message": str(reason)}}:
            return f"trying again: {reason}"
        case _:
            step = str(job["progress"]["step"] or job["state"].lower())
            left = job["progress"].get("secondsLeft")
            return step if left is None else f"{step} (about {_in_words(left)} left)"


def _in_words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
