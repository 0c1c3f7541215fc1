"""A worker with a paid provider: what it says when it starts, and what becomes of a call when it is told to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from tests.providers.double import Behaviour, Double, Endpoint, always, in_turn
from tests.running import Json, RunningSystem, clean_environment, until
from tests.workflows.paid import CHAT, IMAGES, KEY, a_double, entries, paid_system, rows
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories

ONE_SCENE = "The lighthouse keeper climbs the stairs at dusk."
_JOBS = "{ jobs(first: 10) { nodes { id kind state attempt error { code message } } } }"


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    with a_double(tmp_path) as running:
        yield running


def job(system: RunningSystem, kind: str) -> Json:
    (found,) = [node for node in system.graphql(_JOBS)["jobs"]["nodes"] if node["kind"] == kind]
    shown: Json = found
    return shown


def job_is(system: RunningSystem, kind: str, state: str) -> Json:
    return until(lambda: found if (found := job(system, kind))["state"] == state else None, 30, f"{kind} {state}")


def lines(system: RunningSystem, *words: str) -> list[str]:
    """What was logged with all of these words in it."""
    return [line for line in system.log().splitlines() if all(word in line for word in words)]


def picture_under_way(system: RunningSystem, double: Double) -> None:
    """A script of one scene, whose picture has been asked for; it is charged by then."""
    client = GraphQLClient(system)
    script_id = client.create_script(ONE_SCENE, title="Dusk")
    client.approve_script(script_id)
    client.approve_scenes(script_id)
    until(lambda: entries(double, IMAGES), what="a request for a picture")


def worker_of(system: RunningSystem) -> psutil.Process:
    (worker,) = until(lambda: system.family()["worker"], what="a worker")
    return worker


def test_a_bad_key_is_told_at_once_and_stops_everything_before_it_is_asked_for(tmp_path: Path, double: Double) -> None:
    """Put right, everything goes on by itself."""
    double.accept_only(KEY)
    with paid_system(tmp_path, "embedded", double, OPENAI_API_KEY="sk-mistyped-0123456789") as system:
        until(lambda: len(lines(system, "provider paused", '"level": "error"')) == 2, what="both roles in the log")
        for role in ("text", "images"):
            assert lines(system, "provider paused", f'"role": "{role}"', "Check the key in the settings.")
        pauses = until(lambda: found if len(found := paused(system)) == 2 else None, what="two pauses")
        assert [(row["role"], row["code"], row["pauses"]) for row in pauses] == [
            ("images", "PROVIDER_UNAVAILABLE", 1), ("text", "PROVIDER_UNAVAILABLE", 1),
        ]  # fmt: skip
        client = GraphQLClient(system)
        script_id = client.create_script()
        client.mutate("approveScript", "script { status }", id=script_id)
        waiting = job_is(system, "SEGMENT_SCRIPT", "RETRYING")
        assert (waiting["attempt"], waiting["error"]["code"]) == (0, "PROVIDER_UNAVAILABLE")
        assert "does not accept the API key" in waiting["error"]["message"]
        assert entries(double, CHAT) == []
        assert "sk-mistyped" not in system.log()

        assert system.stop() == 0
        system.environment["OPENAI_API_KEY"] = KEY
        system.start()
        job_is(system, "SEGMENT_SCRIPT", "SUCCEEDED")
        assert paused(system) == []
        assert KEY not in system.log()


def paused(system: RunningSystem) -> list[Json]:
    return rows(system, "SELECT role, code, pauses FROM provider_pause ORDER BY role")


def test_a_model_that_will_be_shut_down_is_told_of(tmp_path: Path, double: Double) -> None:
    end = datetime.now(UTC).date() + timedelta(days=20)
    double.announce_end("gpt-6-luna", end)
    double.announce_end("gpt-image-2.5-flare", end + timedelta(days=365))
    with paid_system(tmp_path, "embedded", double) as system:
        (line,) = until(lambda: lines(system, "will be shut down on"), what="a warning")
        assert '"level": "warning"' in line
        assert f"'gpt-6-luna' will be shut down on {end}. Choose another one in the settings." in line
        until(lambda: lines(system, "worker ready"), what="a worker that works all the same")
        assert paused(system) == []


@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.parametrize("role", ["REELGATE_TEXT", "REELGATE_IMAGES"])
def test_without_a_key_nothing_starts(tmp_path: Path, command: str, role: str) -> None:
    environment = clean_environment(REELGATE_DATA_DIR=str(tmp_path / "data"), **{role: "openai"})
    words = [sys.executable, "-m", "app.cli", command, *(["--port", "0"] if command == "serve" else [])]
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert f"{role}=openai needs a key: set OPENAI_API_KEY or {role}_API_KEY" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("who", ["worker", "serve"])
def test_a_stop_waits_for_the_picture_that_is_under_way(tmp_path: Path, double: Double, who: str) -> None:
    double.script(in_turn(Behaviour(first_byte_after=3), endpoint=Endpoint.IMAGES))
    with paid_system(tmp_path, "embedded", double) as system:
        worker = worker_of(system)
        picture_under_way(system, double)
        if who == "worker":
            worker.terminate()
            until(lambda: not worker.is_running(), what="the end of the worker")
        else:
            assert system.stop() == 0
            assert rows(system, "SELECT state FROM job WHERE kind = 'generate_image'") == [{"state": "retrying"}]
            assert len(list((system.data_dir / "storage" / "calls").iterdir())) == 2, "prompt and picture"
            system.start()
        assert lines(system, "stopping; paid calls under way may end")
        assert job_is(system, "GENERATE_IMAGE", "SUCCEEDED")["attempt"] == 1
        assert len(entries(double, IMAGES)) == 1
        assert len(double.charges) == 2, "nothing but one prompt and one picture: a script of one sentence is one scene"
        calls = rows(system, "SELECT role, state FROM provider_call ORDER BY id")
        assert calls == [{"role": "text", "state": "answered"}, {"role": "images", "state": "answered"}]
        assert len(rows(system, "SELECT id FROM image")) == 1
        until(lambda: not list((system.data_dir / "storage" / "calls").iterdir()), what="the end of kept answers")


def test_a_second_signal_does_not_wait_and_the_picture_is_a_persons_to_decide(tmp_path: Path, double: Double) -> None:
    double.script(always(Behaviour(hold="door"), endpoint=Endpoint.IMAGES))
    with paid_system(tmp_path, "embedded", double, REELGATE_AMBIGUOUS="park") as system:
        worker = worker_of(system)
        picture_under_way(system, double)
        worker.send_signal(signal.SIGTERM)
        until(lambda: lines(system, "stopping; paid calls under way may end"), what="patience")
        assert rows(system, "SELECT state FROM provider_call WHERE role = 'images'") == [{"state": "sent"}]
        worker.send_signal(signal.SIGTERM)
        until(lambda: not worker.is_running(), 10, "the end of the worker")
        parked = job_is(system, "GENERATE_IMAGE", "PARKED")
        assert parked["error"]["code"] == "ANSWER_LOST"
        assert rows(system, "SELECT state FROM provider_call WHERE role = 'images'") == [{"state": "unknown"}]
        assert len(entries(double, IMAGES)) == 1, "nobody asks again by himself"

        double.forget()
        GraphQLClient(system).mutate("retryJob", "job { state }", id=parked["id"])
        job_is(system, "GENERATE_IMAGE", "SUCCEEDED")
        states = rows(system, "SELECT state FROM provider_call WHERE role = 'images' ORDER BY id")
        assert states == [{"state": "given_up"}, {"state": "answered"}]
        assert len(entries(double, IMAGES)) == len(entries(double, CHAT)) + 1 == 2
