"""A campaign of kills round paid calls: a script after another is played, and the worker dies where it is told to."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

from domain.calls import Role
from domain.errors import JobErrorCode
from domain.lifecycle import JobKind, JobState
from storage.calls import CallState
from tests.providers.double import Behaviour, Double, Endpoint, in_turn
from tests.running import Json, RunningSystem, until
from tests.workflows import accounts
from tests.workflows.accounts import Books, read_books
from tests.workflows.standins.sitecustomize import CALL_HEADER, Point
from tests.workflows.story import GraphQLClient

_JOBS = """
query($id: ID!) { jobs(first: 100, scriptId: $id) { nodes { id kind state error { code } } } }"""

LOSING: Final = frozenset({Point.ROW, Point.AT_PROVIDER, Point.ANSWERED, Point.ANSWER_STAGED})
"""Deaths after which nobody can know that no answer was lost."""

PAID_AND_LOST: Final = frozenset({Point.AT_PROVIDER, Point.ANSWERED, Point.ANSWER_STAGED, Point.ANSWER_PLACED})

AT_ONCE: Final = 3
"""Texts of a video that are spoken side by side."""

VOICES: Final = ("alloy", "ash", "coral", "echo", "fable", "nova")

_ENDPOINTS: Final = {Role.IMAGES: Endpoint.IMAGES, Role.TEXT: Endpoint.CHAT, Role.SPEECH: Endpoint.SPEECH}
_QUIET_SECONDS = 240.0


class Place(NamedTuple):
    """Where a worker is to die; without a point at a random moment."""

    role: Role
    point: Point | None

    def __str__(self) -> str:
        return f"{self.role} {self.point or 'any moment'}"


IMAGE_PLACES: Final = (*(Place(Role.IMAGES, point) for point in Point), Place(Role.IMAGES, None))
SPEECH_PLACES: Final = (*(Place(Role.SPEECH, point) for point in Point), Place(Role.SPEECH, None))
TEXT_PLACES: Final = tuple(Place(Role.TEXT, point) for point in (Point.AT_PROVIDER, Point.ROW, Point.KEPT))


def planned_kills(kills: int, seed: int) -> list[Place]:
    """Each place as often as any other, in any order; of every round one kill is of a text call."""
    chance = random.Random(seed)
    places: list[Place] = []
    for number in count():
        turn = [*IMAGE_PLACES, TEXT_PLACES[number % len(TEXT_PLACES)]]
        chance.shuffle(turn)
        places += turn
        if len(places) >= kills:
            return places[:kills]
    raise AssertionError


def planned_kills_of_speech(kills: int, seed: int) -> list[Place]:
    """Each place as often as any other, in any order."""
    chance = random.Random(seed)
    places = [place for _ in range(kills // len(SPEECH_PLACES) + 1) for place in SPEECH_PLACES]
    chance.shuffle(places)
    return places[:kills]


@dataclass
class Campaign:
    """Plays scripts until all kills are done. `parks`: a lost answer waits for a person, who is played here as well.

    What a person decides about is `role`: scripts are illustrated, or one after another is narrated in its voices.
    """

    system: RunningSystem
    double: Double
    folder: Path
    kills: list[Place]
    parks: bool
    role: Role = Role.IMAGES
    done: Counter[str] = field(default_factory=Counter)
    retries: Counter[int] = field(default_factory=Counter)
    videos: int = 0
    _pending: Place | None = None
    _due: float = 0.0
    _gate: str = ""
    _gates: count[int] = field(default_factory=count)
    _seen: int = 0
    _lost: set[int] = field(default_factory=set)
    _checked: int = 0

    def run(self, content: str) -> Books:
        play = self._narrate if self.role is Role.SPEECH else self._play
        while self.kills or self._pending is not None:
            play(content)
        until(self._answers_are_forgotten, 30, "the end of the kept answers")
        books = read_books(self.system, self.double)
        unplaced = sum(self.done[str(place)] for place in self._places if place.point in (Point.RESULT_PLACED, None))
        accounts.assert_nothing_is_left(self.system, books, self.done.total(), unplaced=unplaced)
        return books

    def _play(self, content: str) -> None:
        client = GraphQLClient(self.system)
        script_id = client.create_script(content)
        client.mutate("approveScript", "job { id }", id=script_id)
        self._settle(script_id)
        client.approve_scenes(script_id)
        self._settle(script_id)
        for image in client.pending_images(script_id)[::3]:
            client.mutate("rejectImage", "job { id }", id=image["id"], feedback="More light, please.")
        self._settle(script_id)
        client.approve_images(script_id)
        for scene in client.scenes(script_id):
            statuses = Counter(image["status"] for image in scene["images"])
            assert statuses["APPROVED"] == 1, scene
            assert statuses["REJECTED"] == statuses.total() - 1, scene

    def _narrate(self, content: str) -> None:
        client = GraphQLClient(self.system)
        script_id = client.create_script(content)
        client.approve_script(script_id)
        client.approve_scenes(script_id)
        client.approve_images(script_id)
        for voice in VOICES:
            if not self.kills and self._pending is None:
                return
            asked = {"scriptId": script_id, "render": {"narration": "ON", "voice": voice}}
            video_id = client.mutate("createVideo", "video { id }", **asked)["video"]["id"]
            self._settle(script_id)
            video = client.finished_video(video_id)
            assert video is not None
            assert video["status"] == "APPROVED", video
            self.videos += 1

    @property
    def _places(self) -> tuple[Place, ...]:
        return SPEECH_PLACES if self.role is Role.SPEECH else IMAGE_PLACES

    def _settle(self, script_id: str) -> None:
        """Until all jobs have succeeded; a person sends those back that wait for one."""
        while True:
            self._drive(script_id)
            parked = self._check()
            if not parked:
                return
            for job_id in parked:
                GraphQLClient(self.system).mutate("retryJob", "job { id }", id=f"job_{job_id}")
                self.retries[job_id] += 1

    def _drive(self, script_id: str) -> None:
        """Kill until nothing goes on any more by itself."""
        deadline = time.monotonic() + _QUIET_SECONDS
        while not self._quiet(script_id):
            assert time.monotonic() < deadline, f"{self._jobs(script_id)}\n{self.system.log()[-3000:]}"
            self._step()
            time.sleep(0.1)

    def _jobs(self, script_id: str) -> list[Json]:
        jobs: list[Json] = self.system.graphql(_JOBS, id=script_id)["jobs"]["nodes"]
        return jobs

    def _quiet(self, script_id: str) -> bool:
        states = Counter(job["state"] for job in self._jobs(script_id))
        assert not states["FAILED"], self._jobs(script_id)
        return set(states) <= {"SUCCEEDED", "PARKED"}

    # --- kills ---------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        if self._pending is None and self.kills:
            self._pending = self.kills.pop(0)
            self._order(self._pending)
        elif self._pending is not None and self._struck(self._pending):
            self.done[str(self._pending)] += 1
            self._pending = None

    def _order(self, place: Place) -> None:
        match place.point:
            case None:
                self._due = time.monotonic() + random.uniform(0.1, 1.5)
            case Point.AT_PROVIDER:
                self._gate = f"kill-{next(self._gates)}"
                self.double.script(in_turn(Behaviour(hold=self._gate), endpoint=_ENDPOINTS[place.role]))
            case point:
                draft = self.folder / "draft"
                draft.write_text(f"{place.role} {point}")
                draft.rename(self.folder / "order")

    def _struck(self, place: Place) -> bool:
        match place.point:
            case None:
                return time.monotonic() >= self._due and self.system.kill("worker")
            case Point.AT_PROVIDER:
                if not self.double.state.held.get(self._gate) or not self.system.kill("worker"):
                    return False
                if place.role is not Role.TEXT:
                    held = [entry for entry in self.double.ledger if entry.outcome == "held" and entry.charged][-1]
                    (request,) = [told for told in self.double.requests if told["seq"] == held.seq]
                    self._lost.add(int(request["headers"][CALL_HEADER]))
                return True
            case _:
                deaths = self._deaths()
                if len(deaths) == self._seen:
                    return False
                self._seen = len(deaths)
                if place.role is not Role.TEXT and place.point in LOSING:
                    self._lost.add(deaths[-1]["call"])
                return True

    def _deaths(self) -> list[Json]:
        path = self.folder / "deaths.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    # --- what must hold whenever all is quiet ---------------------------------------------------------------------

    def _check(self) -> set[int]:
        """Answers the jobs that wait for a person."""
        books = read_books(self.system, self.double)
        accounts.assert_charges_are_noted(books)
        accounts.assert_answers_are_used(books)
        accounts.assert_costs_are_counted(books)
        parked = books.jobs_in(JobState.PARKED)
        kind = JobKind.COMPILE_VIDEO if self.role is Role.SPEECH else JobKind.GENERATE_IMAGE
        assert parked <= set(books.jobs_of(kind)), "text calls never wait for a person"
        assert {books.jobs[job_id]["error_code"] for job_id in parked} <= {JobErrorCode.ANSWER_LOST.value}
        lost = {books.calls[call_id]["job_id"] for call_id in self._lost}
        if self.parks:
            assert lost <= parked, "an answer that may be lost waits for a person"
        if self.role is Role.SPEECH:
            self._check_speech(books)
        elif self.parks:
            charged = books.charges_of(Role.IMAGES, after=self._checked)
            assert set(charged.values()) <= {1}, "never twice without a person's retry in between"
            assert books.charges_of(Role.IMAGES).total() <= len(books.image_jobs) + self.retries.total()
        else:
            kills = sum(self.done[str(place)] for place in IMAGE_PLACES)
            assert books.charges_of(Role.IMAGES).total() <= len(books.image_jobs) + kills
        assert self.parks or not parked
        self._lost.clear()
        self._checked = books.last_seq
        accounts.assert_events_are_exact(books, self.retries)
        return parked

    def _check_speech(self, books: Books) -> None:
        """Texts are spoken side by side, and one kill can lose several answers: what is given up is bought again."""
        if self.parks:
            charged = books.charges_of_requests(Role.SPEECH, after=self._checked)
            assert set(charged.values()) <= {1}, "never twice without a person's retry in between"
        given_up: Counter[tuple[int, str]] = Counter()
        for call in books.calls.values():
            if call["state"] == CallState.GIVEN_UP.value:
                given_up[call["job_id"], call["request_sha256"]] += 1
        for request, number in books.charges_of_requests(Role.SPEECH).items():
            assert number <= 1 + given_up[request], "only what was given up is bought again"
        kills = sum(self.done[str(place)] for place in SPEECH_PLACES)
        assert given_up.total() <= AT_ONCE * (kills + len(self._lost))
        spoken = Counter(
            (speech["script_id"], speech["text_sha256"], speech["voice_sha256"]) for speech in books.speeches
        )
        assert set(spoken.values()) <= {1}

    def _answers_are_forgotten(self) -> bool:
        return not list((self.system.data_dir / "storage" / "calls").iterdir())
