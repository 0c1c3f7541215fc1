"""What may be offered, over the whole grid of states."""

from __future__ import annotations

from itertools import product

import pytest

from domain.actions import image_actions, scene_actions, script_actions, video_actions
from domain.lifecycle import JobState, ReviewAction, Status

E, A, R = ReviewAction.EDIT, ReviewAction.APPROVE, ReviewAction.REJECT
G, T, C, V = ReviewAction.GENERATE, ReviewAction.RETRY, ReviewAction.CANCEL, ReviewAction.CREATE_VIDEO

RETRYABLE = {JobState.RETRYING, JobState.FAILED, JobState.PARKED, JobState.CANCELLED}
ACTIVE = {JobState.QUEUED, JobState.RUNNING, JobState.RETRYING, JobState.PARKED}
STATES = [None, *JobState]


@pytest.mark.parametrize("state", STATES)
def test_a_draft_is_edited_and_approved(state: JobState | None) -> None:
    offered = script_actions(Status.DRAFT, segmentation=state, scenes=2, scenes_approved=2, scenes_illustrated=2)
    assert set(offered) - {T, C} == {E, A}


@pytest.mark.parametrize("state", STATES)
def test_an_approved_script_has_the_actions_of_its_segmentation(state: JobState | None) -> None:
    offered = script_actions(Status.APPROVED, segmentation=state, scenes=0, scenes_approved=0, scenes_illustrated=0)
    retryable = state in RETRYABLE
    assert set(offered) == ({T} if retryable else set()) | ({C} if state in ACTIVE else set())


@pytest.mark.parametrize(("approved", "illustrated"), list(product(range(3), range(3))))
def test_a_video_needs_every_scene_approved_and_illustrated(approved: int, illustrated: int) -> None:
    counts = {"scenes": 2, "scenes_approved": approved, "scenes_illustrated": illustrated}
    done = JobState.SUCCEEDED
    assert (V in script_actions(Status.APPROVED, segmentation=done, **counts)) is (approved == illustrated == 2)
    assert V not in script_actions(Status.DRAFT, segmentation=done, **counts)


@pytest.mark.parametrize(("state", "present"), list(product(STATES, (True, False))))
def test_a_scene(state: JobState | None, present: bool) -> None:
    cancel = {C} if state in ACTIVE else set()
    retry = {T} if state in RETRYABLE and present else set()
    assert set(scene_actions(Status.PENDING, generation=state, of_present_text=present)) == {E, A} | cancel
    assert set(scene_actions(Status.APPROVED, generation=state, of_present_text=present)) == {E, G} | cancel | retry


@pytest.mark.parametrize(
    ("status", "stale", "expected"),
    [
        (Status.PENDING, False, {A, R}),
        (Status.PENDING, True, {A, R}),
        (Status.APPROVED, False, {ReviewAction.CHOOSE}),
        (Status.APPROVED, True, {A}),
        (Status.REJECTED, False, set()),
        (Status.REJECTED, True, set()),
    ],
)
def test_an_image(status: Status, stale: bool, expected: set[ReviewAction]) -> None:
    assert set(image_actions(status, stale=stale)) == expected
    assert set(image_actions(status, stale=stale, chosen=True)) == expected - {ReviewAction.CHOOSE}
    assert not image_actions(status, stale=stale, removed=True)


@pytest.mark.parametrize("state", STATES)
def test_a_video(state: JobState | None) -> None:
    retry = {T} if state in (JobState.RETRYING, JobState.PARKED) else set()
    assert set(video_actions(Status.PENDING, compilation=state)) == {C} | retry
    for ended in (Status.APPROVED, Status.REJECTED):
        assert video_actions(ended, compilation=state) == ()
