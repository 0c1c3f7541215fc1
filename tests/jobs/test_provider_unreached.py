"""A provider that is not there: nothing was sent, so nothing can have been paid, and the job goes on by itself."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from domain.lifecycle import JobState
from tests.jobs.paid import PaidStudio, make_due

pytestmark = pytest.mark.usefixtures("quick_sweeps")


@contextmanager
def nobody_there() -> Iterator[str]:
    """An address where connections are refused."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/v1"


@contextmanager
def nobody_answers_the_door() -> Iterator[str]:
    """An address where connections are never made: the queue of those who wait is full."""
    with ExitStack() as held:
        listening = held.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


@pytest.mark.parametrize(
    ("place", "code"),
    [(nobody_there, "PROVIDER_UNAVAILABLE"), (nobody_answers_the_door, "TIMED_OUT")],
    ids=["refused", "timeout"],
)
async def test_what_was_never_sent_is_sent_later(paid: PaidStudio, place: object, code: str) -> None:
    assert callable(place)
    with place() as url:
        async with paid.worker(images_base_url=url, images_api_key="sk-of-the-other", image_seconds=0.8):
            (job,) = await paid.picture_jobs(1)
            await paid.studio.reaches(job, JobState.RETRYING)
            seen = await paid.seen(job)
            error = seen["error"]
            assert (seen["attempt"], error["code"], error["retryable"]) == (1, code, True)
            assert "The image provider cannot be reached." in error["message"]
            assert error["nextRetryAt"] is not None
    assert await paid.calls_of(job) == [("text", "answered"), ("images", "refused")]
    async with paid.worker():
        await make_due(job)
        await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert paid.charged() == (1, 1)
    assert await paid.studio.moves_of(job) == ["queued", "retrying", "succeeded"]
