"""What the database says about paid calls, the provider's ledger beside it, and whether the two agree."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from domain.calls import Role
from domain.lifecycle import JOB_TRANSITIONS, JobKind, JobState
from domain.money import Cost, from_nano
from providers.openai_compatible.client import request_sha256
from storage import models
from storage.calls import CallState, committed, costs_of_jobs
from storage.database import close_database, open_database
from tests.providers.double import Double, LedgerEntry
from tests.running import Json, RunningSystem
from tests.workflows.standins.sitecustomize import CALL_HEADER

_PATHS = {"/v1/images/generations": Role.IMAGES, "/v1/chat/completions": Role.TEXT, "/v1/audio/speech": Role.SPEECH}
_COUNTED = {
    Role.IMAGES: {"input_tokens": "input_tokens", "output_tokens": "output_tokens"},
    Role.TEXT: {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"},
    Role.SPEECH: {"characters": "characters"},
}
"""What is counted of each in a row, and how the provider calls it."""
_CLAIM = (JobState.QUEUED, JobState.RETRYING)
_MOST_JOBS_A_SCENE = 3


@dataclass(frozen=True)
class Charge:
    """A call that was charged: the ledger's entry, the request as it came, and the row that it names."""

    entry: LedgerEntry
    body: Json
    call_id: int

    @property
    def role(self) -> Role:
        return _PATHS[self.entry.path]


@dataclass(frozen=True)
class Books:
    """All that is known at one moment, on both sides. Rows are by their ids."""

    calls: dict[int, Json]
    jobs: dict[int, Json]
    images: list[Json]
    speeches: list[Json]
    events: list[Json]
    costs: dict[int, Cost]
    committed: Decimal
    charges: list[Charge]

    def charges_of(self, role: Role, after: int = 0) -> Counter[int]:
        """How often each job was charged for, by the entries of the ledger behind `after`."""
        counted = (charge for charge in self.charges if charge.role is role and charge.entry.seq > after)
        return Counter(self.calls[charge.call_id]["job_id"] for charge in counted)

    def charges_of_requests(self, role: Role, after: int = 0) -> Counter[tuple[int, str]]:
        """The same for each request of each job."""
        counted = (charge for charge in self.charges if charge.role is role and charge.entry.seq > after)
        calls = (self.calls[charge.call_id] for charge in counted)
        return Counter((call["job_id"], call["request_sha256"]) for call in calls)

    @property
    def last_seq(self) -> int:
        return max((charge.entry.seq for charge in self.charges), default=0)

    @property
    def image_jobs(self) -> dict[int, Json]:
        return self.jobs_of(JobKind.GENERATE_IMAGE)

    def jobs_of(self, kind: JobKind) -> dict[int, Json]:
        return {job_id: job for job_id, job in self.jobs.items() if job["kind"] == kind.value}

    def jobs_in(self, state: JobState) -> set[int]:
        return {job_id for job_id, job in self.jobs.items() if job["state"] == state.value}


def read_books(system: RunningSystem, double: Double) -> Books:
    """To be read while no call is under way: the two sides are asked one after the other."""
    url = system.environment.get("DATABASE_URL", f"sqlite:///{system.data_dir}/reelgate.sqlite3")
    return asyncio.run(_read(url, charges(double)))


def charges(double: Double) -> list[Charge]:
    assert double.violations == []
    requests = {request["seq"]: request for request in double.requests}
    named = [request["headers"][CALL_HEADER] for request in requests.values() if CALL_HEADER in request["headers"]]
    assert len(set(named)) == len(named), "a row sends one request at most"
    found = [(entry, requests[entry.seq]) for entry in double.charges]
    return [Charge(entry, request["body"], int(request["headers"][CALL_HEADER])) for entry, request in found]


async def _read(url: str, charged: list[Charge]) -> Books:
    await open_database(url)
    try:
        calls = {row["id"]: row for row in await models.ProviderCall.all().order_by("id").values()}
        jobs = {row["id"]: row for row in await models.Job.all().order_by("id").values()}
        return Books(
            calls,
            jobs,
            list(await models.Image.all().order_by("id").values()),
            list(await models.Speech.all().order_by("id").values()),
            list(await models.Event.all().order_by("id").values()),
            await costs_of_jobs(list(jobs)),
            await committed(),
            charged,
        )
    finally:
        await close_database()


def assert_charges_are_noted(books: Books) -> None:
    """Each charge has one row, which is about that very request; each answered row has its charge."""
    rows = [charge.call_id for charge in books.charges]
    assert len(set(rows)) == len(rows) <= len(books.calls)
    for charge in books.charges:
        call = books.calls[charge.call_id]
        assert call["role"] == charge.role.value
        assert call["sent_at_ms"] <= charge.entry.time.timestamp() * 1000
        assert call["state"] != CallState.REFUSED.value
        if charge.role is Role.IMAGES:
            numbers = range(1, _MOST_JOBS_A_SCENE + 1)
            assert call["request_sha256"] in {request_sha256({**charge.body, "attempt": n}) for n in numbers}
        if charge.role is Role.SPEECH:
            assert call["request_sha256"] == request_sha256(charge.body)
        if call["state"] == CallState.ANSWERED.value:
            assert call["request_id"] == charge.entry.request_id
    answered = {row["id"] for row in books.calls.values() if row["state"] == CallState.ANSWERED.value}
    assert answered <= set(rows)
    assert {row["state"] for row in books.calls.values() if row["id"] not in rows} <= {"sent", "given_up"}


def assert_answers_are_used(books: Books) -> None:
    """Once an answer of a request is kept, the request is not sent again; a job that has succeeded got its answers."""
    by_request: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for call in books.calls.values():
        by_request[call["job_id"], call["request_sha256"]].append(call["state"])
    for (job_id, _), states in by_request.items():
        assert CallState.ANSWERED.value not in states[:-1], (job_id, states)
        if books.jobs[job_id]["state"] == JobState.SUCCEEDED.value:
            assert states[-1] == CallState.ANSWERED.value, (job_id, states)
            assert set(states[:-1]) <= {CallState.GIVEN_UP.value}, (job_id, states)


def assert_costs_are_counted(books: Books) -> None:
    """What is known is what the provider counted; what is not is counted as unknown, and with its estimate."""
    reserved = Decimal(0)
    for charge in books.charges:
        call, usage = books.calls[charge.call_id], charge.entry.usage
        assert call["estimate_nano"] > 0
        if call["cost_nano"] is None:
            reserved += from_nano(call["estimate_nano"])
            continue
        assert usage is not None
        for column, name in _COUNTED[charge.role].items():
            assert call[column] == usage[name]
        assert 0 < call["cost_nano"] <= call["estimate_nano"]
        reserved += from_nano(call["cost_nano"])
    assert books.committed >= reserved > 0 or not books.charges
    for job_id, cost in books.costs.items():
        calls = [call for call in books.calls.values() if call["job_id"] == job_id]
        unknown = [call for call in calls if call["cost_nano"] is None]
        assert (cost.calls, cost.unknown) == (len(calls), len(unknown))
        assert cost.amount == sum(from_nano(call["cost_nano"] or 0) for call in calls)
    charged = {books.calls[charge.call_id]["job_id"] for charge in books.charges}
    assert charged <= set(books.costs)


def assert_events_are_exact(books: Books, retries: Counter[int]) -> None:
    """Each job's moves follow one another, are legal, end where the job is, and people's moves are theirs."""
    moves: defaultdict[int, list[Json]] = defaultdict(list)
    for event in books.events:
        if event["subject"] == "job":
            moves[event["subject_id"]].append(event)
    assert set(moves) == set(books.jobs)
    for job_id, events in moves.items():
        assert (events[0]["previous"], events[0]["new"]) == (None, JobState.QUEUED.value)
        for before, event in pairwise(events):
            previous, new = JobState(event["previous"]), JobState(event["new"])
            assert (previous, new) in JOB_TRANSITIONS
            last = JobState(before["new"])
            assert previous is last or (previous is JobState.RUNNING and last in _CLAIM), (job_id, last, previous)
            assert event["version"] > before["version"]
        assert events[-1]["new"] == books.jobs[job_id]["state"]
        assert sum(event["previous"] == JobState.PARKED.value for event in events) == retries[job_id]
    created = [(e["subject"], e["subject_id"]) for e in books.events if e["previous"] is None]
    assert len(set(created)) == len(created), "nothing is created twice"


def assert_nothing_is_left(system: RunningSystem, books: Books, kills: int, *, unplaced: int) -> None:
    """No kept answers, no staged files; each picture and each speech has its file, and of others those of `unplaced`
    deaths at most."""
    media = Path(system.data_dir) / "storage"
    assert list((media / "calls").iterdir()) == []
    staged = list((media / ".staging").iterdir())
    left_by_one = 5 if books.speeches else 1  # a video's work folder, an answer, and three texts spoken at once
    # With a Redis of others' somebody else may be writing there: what a kill left stays for a day.
    assert len(staged) <= (kills * left_by_one if "REDIS_URL" in system.environment else 0), staged
    found = [*(media / "images").rglob("*.png"), *(media / "speech").rglob("*.wav")]
    files = {path.relative_to(media).as_posix() for path in found}
    rows = {row["file_path"] for row in (*books.images, *books.speeches)}
    assert rows <= files
    # A file gets its name just before the commit: it stays when the worker dies there and its number is not used again.
    assert len(files - rows) <= unplaced, files - rows
    print(f"\nfiles without a row: {len(files - rows)}; staged files left for the daily sweep: {len(staged)}")
