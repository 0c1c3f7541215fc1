"""From a script to videos with a paid provider for text, pictures and speech: nothing is bought that is not needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from app.price_list import BUILT_IN
from domain.calls import Usage
from tests.providers.double import Behaviour, Double, Endpoint, LedgerEntry, in_turn
from tests.running import Json, RunningSystem, until
from tests.workflows.paid import CHAT, IMAGES, SPEECH, SPOKEN, a_double, bodies, entries, paid_system, rows
from tests.workflows.story import GraphQLClient
from tests.workflows.test_whole_story import assert_plays

pytestmark = pytest.mark.stories

STYLE = "Woodcut in two colours, after the almanacs of 1880"
FEEDBACK = "The lamp must be lit, and show the gulls."
BETTER = "A woodcut of a lit lamp in a tower at dusk, gulls around it. Two colours."


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    with a_double(tmp_path) as running:
        yield running


@pytest.fixture
def system(tmp_path: Path, backend: str, double: Double) -> Iterator[RunningSystem]:
    with paid_system(tmp_path, backend, double, **SPOKEN) as running:
        yield running


def test_a_script_becomes_a_video_and_each_call_is_paid_once(
    system: RunningSystem, double: Double, tmp_path: Path
) -> None:
    double.script(in_turn(Behaviour(content=BETTER), endpoint=Endpoint.CHAT, containing=FEEDBACK))
    client = GraphQLClient(system)
    script_id = client.create_script(title="A night", style=STYLE)
    scenes = client.approve_script(script_id)
    edited = scenes[-1]["text"] + " It ends well."
    client.mutate("updateScene", "scene { status }", id=scenes[-1]["id"], text=edited)
    client.approve_scenes(script_id)
    first = client.pending_images(script_id)[0]
    client.mutate("rejectImage", "job { id }", id=first["id"], feedback=FEEDBACK)
    client.approve_images(script_id)
    video = client.create_video(script_id, narration="OFF")
    assert video["status"] == "APPROVED"
    assert_plays(system, video["url"], len(scenes), tmp_path)
    assert entries(double, SPEECH) == []
    assert_each_scene_is_spoken_once(system, double, client, script_id)

    images = rows(system, "SELECT id, scene_id, prompt, status FROM image ORDER BY id")
    assert len(images) == len(scenes) + 1
    assert_what_was_asked(double, scenes, edited, images)
    assert_each_call_was_paid_once(system, double, images)
    assert_the_sums_agree(system, double, script_id)
    kept = "SELECT id FROM provider_call WHERE answer_key IS NOT NULL"
    until(lambda: rows(system, kept) == [], what="the end of kept answers")
    assert list((system.data_dir / "storage" / "calls").iterdir()) == []


def assert_what_was_asked(double: Double, scenes: list[Json], edited: str, images: list[Json]) -> None:
    """One segmentation, then a prompt for each image: with the style, and after the rejection with what was said."""
    _, *prompts = bodies(double, CHAT)
    asked = [json.loads(body["messages"][1]["content"]) for body in prompts]
    assert {request["style"] for request in asked} == {STYLE}
    assert sorted(request["scene"] for request in asked[: len(scenes)]) == sorted(
        [*(scene["text"] for scene in scenes[:-1]), edited]
    )
    (again,) = asked[len(scenes) :]
    rejected, second = [
        image["prompt"] for image in images if image["scene_id"] == int(scenes[0]["id"].removeprefix("scene_"))
    ]
    assert (again["feedback"], again["rejected_prompt"]) == (FEEDBACK, rejected)
    assert all("feedback" not in request for request in asked[: len(scenes)])
    assert second == BETTER != rejected
    assert sorted(body["prompt"] for body in bodies(double, IMAGES)) == sorted(image["prompt"] for image in images)


def assert_each_scene_is_spoken_once(
    system: RunningSystem, double: Double, client: GraphQLClient, script_id: str
) -> None:
    """For the first narrated video; another look buys nothing, an edit buys its scene."""
    texts = [scene["text"] for scene in client.scenes(script_id)]
    assert estimated(system, script_id) == (len(texts), characters_price(texts))
    assert estimated(system, script_id, narration="OFF") == (0, Decimal(0))
    narrated = client.create_video(script_id)
    assert sorted(body["input"] for body in bodies(double, SPEECH)) == sorted(map(one_line, texts))
    assert narrated["durationSeconds"] >= sum(row["duration_seconds"] for row in spoken(system)) > 3 * len(texts)
    assert estimated(system, script_id) == (0, Decimal(0))
    assert estimated(system, script_id, voice="echo")[0] == len(texts)

    other = client.create_video(script_id, aspect="SQUARE", captions="BOXED")
    assert other["durationSeconds"] == narrated["durationSeconds"]
    assert len(entries(double, SPEECH)) == len(texts)

    second = client.scenes(script_id)[1]
    text = "The storm passes, and far out a lantern is lit again."
    client.mutate("updateScene", "scene { id }", id=second["id"], text=text)
    client.mutate("approveImage", "image { id }", id=second["chosenImage"]["id"], acceptStale=True)
    client.mutate("approveScene", "job { id }", id=second["id"])
    assert estimated(system, script_id) == (1, characters_price([text]))
    client.create_video(script_id)
    assert [body["input"] for body in bodies(double, SPEECH)][len(texts) :] == [text]
    assert len(spoken(system)) == len(texts) + 1


def estimated(system: RunningSystem, script_id: str, **render: object) -> tuple[int, Decimal]:
    """What a video would cost, as both faces say it: calls and US dollars."""
    query = (
        "query($id: ID!, $render: RenderInput) { script(id: $id) { videoEstimate(render: $render) "
        "{ calls amount currency } } }"
    )
    estimate = system.graphql(query, id=script_id, render=render)["script"]["videoEstimate"]
    asked = "&".join(f"{name}={str(value).lower()}" for name, value in render.items())
    assert system.rest("GET", f"/api/scripts/{script_id.removeprefix('script_')}/video-estimate?{asked}") == estimate
    return estimate["calls"], Decimal(estimate["amount"])


def characters_price(texts: list[str]) -> Decimal:
    price = BUILT_IN.cost(SPOKEN["REELGATE_SPEECH_MODEL"], Usage(characters=sum(len(one_line(text)) for text in texts)))
    assert price is not None
    return price


def one_line(text: str) -> str:
    return " ".join(text.split())


def spoken(system: RunningSystem) -> list[Json]:
    return rows(system, "SELECT duration_seconds FROM speech")


def assert_each_call_was_paid_once(system: RunningSystem, double: Double, images: list[Json]) -> None:
    assert double.violations == []
    ledger = [entry for entry in double.ledger if entry.path in (CHAT, IMAGES, SPEECH)]
    assert len({entry.request_sha256 for entry in ledger}) == len(ledger), "nothing was asked for twice"
    assert len([entry for entry in entries(double, IMAGES) if entry.charged]) == len(images)
    calls = rows(system, "SELECT role, state, request_id FROM provider_call")
    assert {call["state"] for call in calls} == {"answered"}
    assert sorted(call["request_id"] for call in calls) == sorted(entry.request_id for entry in double.charges)
    assert [call["role"] for call in calls].count("text") == len(images) + 1
    assert [call["role"] for call in calls].count("speech") == len(spoken(system))


def assert_the_sums_agree(system: RunningSystem, double: Double, script_id: str) -> None:
    """The provider's account, the database's and what a person is shown."""
    booked = rows(
        system,
        "SELECT COUNT(*) AS calls, SUM(input_tokens) AS given, SUM(output_tokens) AS made, SUM(cost_nano) AS nano, "
        "SUM(characters) AS said "
        "FROM provider_call",
    )[0]
    used = [tokens_of(entry) for entry in double.charges]
    assert booked["given"] == sum(use.input_tokens for use in used)
    assert booked["made"] == sum(use.output_tokens for use in used)
    assert booked["said"] == sum(use.characters for use in used) > 0
    costs = [BUILT_IN.cost(str(entry.model), tokens_of(entry)) for entry in double.charges]
    amount = sum((cost for cost in costs if cost is not None), Decimal(0))
    assert Decimal(int(booked["nano"])) == amount * 1_000_000_000 > 0
    query = "query($id: ID!) { script(id: $id) { cost { calls amount unknownCalls } } }"
    cost = system.graphql(query, id=script_id)["script"]["cost"]
    assert (cost["calls"], Decimal(cost["amount"]), cost["unknownCalls"]) == (booked["calls"], amount, 0)
    assert cost["calls"] == len(double.charges)


def tokens_of(entry: LedgerEntry) -> Usage:
    told = entry.usage or {}
    if entry.path == SPEECH:
        return Usage(characters=told["characters"])
    names = ("prompt_tokens", "completion_tokens") if entry.path == CHAT else ("input_tokens", "output_tokens")
    return Usage(input_tokens=told[names[0]], output_tokens=told[names[1]])
