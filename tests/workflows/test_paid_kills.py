"""SIGKILL at each point round a paid call: what was charged is noted, and nothing is bought twice unasked.

The provider's own ledger, a file of another process, is the truth about charges.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.calls import Role
from domain.lifecycle import JobKind, JobState
from tests.providers.double import double_process, read_ledger
from tests.running import SCRIPT, running_system
from tests.workflows.accounts import Books
from tests.workflows.dying import (
    IMAGE_PLACES,
    PAID_AND_LOST,
    SPEECH_PLACES,
    Campaign,
    Place,
    planned_kills,
    planned_kills_of_speech,
)
from tests.workflows.paid import SPOKEN
from tests.workflows.standins.sitecustomize import FOLDER
from tests.workflows.test_kills import PARAGRAPHS

pytestmark = pytest.mark.stories

_STANDINS = Path(__file__).parent / "standins"
SCENES = 3
_KILLS = 4 * (len(IMAGE_PLACES) + 1)


@contextmanager
def a_campaign(
    folder: Path, backend: str, kills: list[Place], *, ambiguous: str, concurrency: int, role: Role = Role.IMAGES
) -> Iterator[Campaign]:
    """A system whose provider is a process of its own, and whose workers die when told to.

    Where speech is paid for, nothing else is.
    """
    orders = folder / "orders"
    orders.mkdir()
    with double_process(ledger=folder / "ledger.jsonl") as double:
        paid = SPOKEN if role is Role.SPEECH else {"REELGATE_TEXT": "openai", "REELGATE_IMAGES": "openai"}
        settings = {
            **paid, "OPENAI_BASE_URL": double.url,
            "OPENAI_API_KEY": "sk-test", "REELGATE_AMBIGUOUS": ambiguous, "REELGATE_CONCURRENCY": str(concurrency),
            "PYTHONPATH": str(_STANDINS), FOLDER: str(orders),
        }  # fmt: skip
        with running_system(folder, backend, **settings) as system:
            yield Campaign(system, double, orders, kills, parks=ambiguous == "park", role=role)
        assert system.orphans() == []


def assert_the_ledger_agrees(folder: Path, books: Books) -> None:
    """The file on the disk, not what the double says of itself."""
    charged = [entry.seq for entry in read_ledger(folder / "ledger.jsonl") if entry.charged]
    assert charged == [charge.entry.seq for charge in books.charges]
    assert books.jobs_in(JobState.SUCCEEDED) == set(books.jobs)


def assert_only_what_was_lost_is_bought_again(campaign: Campaign, books: Books) -> None:
    """With one job at a time: a charge more for each death that lost a paid answer, and for no other."""
    extra = books.charges_of(Role.IMAGES).total() - len(books.image_jobs)
    lost = sum(campaign.done[str(Place(Role.IMAGES, point))] for point in PAID_AND_LOST)
    assert lost <= extra <= lost + campaign.done[str(Place(Role.IMAGES, None))]


def assert_all_is_spoken_once(campaign: Campaign, books: Books) -> None:
    """A charge for each scene of each video, and one more for each answer that was given up at most."""
    spoken = books.charges_of_requests(Role.SPEECH)
    given_up = sum(call["state"] == "given_up" for call in books.calls.values())
    assert len(spoken) == len(books.speeches) == SCENES * campaign.videos
    assert len(spoken) <= spoken.total() <= len(spoken) + given_up


def report(campaign: Campaign, books: Books) -> None:
    print(f"\nkills: {campaign.done.total()}: {dict(sorted(campaign.done.items()))}")
    for role in Role:
        calls = [call for call in books.calls.values() if call["role"] == role.value]
        lost = [call for call in calls if call["state"] == "given_up"]
        charges = books.charges_of(role).total()
        print(f"{role}: {charges} charges, {len(calls)} attempts, {len(lost)} of them given up")
    unknown = sum(cost.unknown for cost in books.costs.values())
    print(" ".join(f"{len(books.jobs_of(kind))} {kind}" for kind in JobKind))
    print(f"parked and retried by a person: {campaign.retries.total()}; calls of unknown cost: {unknown}")


def test_a_kill_at_each_point_of_a_paid_call(tmp_path: Path) -> None:
    kills = [place for place in IMAGE_PLACES if place.point is not None]
    planned = len(kills)
    with a_campaign(tmp_path, "embedded", kills, ambiguous="park", concurrency=1) as campaign:
        books = campaign.run(SCRIPT)
        report(campaign, books)
        assert_the_ledger_agrees(tmp_path, books)
        assert_only_what_was_lost_is_bought_again(campaign, books)
        assert campaign.done.total() == planned


def test_a_kill_at_each_point_of_a_call_for_speech(tmp_path: Path) -> None:
    kills = [place for place in SPEECH_PLACES if place.point is not None]
    planned = len(kills)
    with a_campaign(tmp_path, "embedded", kills, ambiguous="park", concurrency=1, role=Role.SPEECH) as campaign:
        books = campaign.run(SCRIPT)
        report(campaign, books)
        assert_the_ledger_agrees(tmp_path, books)
        assert_all_is_spoken_once(campaign, books)
        assert campaign.done.total() == planned


@pytest.mark.slow
@pytest.mark.parametrize("ambiguous", ["park", "retry"])
def test_fifty_kills_round_paid_speech(tmp_path: Path, backend: str, ambiguous: str) -> None:
    kills = planned_kills_of_speech(max(4, round(50 * float(os.environ.get("REELGATE_CAMPAIGN", "1")))), seed=11)
    planned = len(kills)
    with a_campaign(tmp_path, backend, kills, ambiguous=ambiguous, concurrency=2, role=Role.SPEECH) as campaign:
        books = campaign.run(SCRIPT)
        report(campaign, books)
        assert_the_ledger_agrees(tmp_path, books)
        assert_all_is_spoken_once(campaign, books)
        assert campaign.done.total() == planned


@pytest.mark.slow
@pytest.mark.parametrize("ambiguous", ["park", "retry"])
def test_fifty_kills_round_paid_calls(tmp_path: Path, backend: str, ambiguous: str) -> None:
    """A hundred on each database. With one job at a time a kill loses one answer at most, and a rule can count."""
    kills = planned_kills(max(4, round(_KILLS * float(os.environ.get("REELGATE_CAMPAIGN", "1")))), seed=7)
    planned = len(kills)
    concurrency = 2 if ambiguous == "park" else 1
    with a_campaign(tmp_path, backend, kills, ambiguous=ambiguous, concurrency=concurrency) as campaign:
        books = campaign.run(PARAGRAPHS)
        report(campaign, books)
        assert_the_ledger_agrees(tmp_path, books)
        if concurrency == 1:
            assert_only_what_was_lost_is_bought_again(campaign, books)
        assert campaign.done.total() == planned
