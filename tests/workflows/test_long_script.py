"""A script of 200,000 characters in many languages, divided by a model that errs, in a real system that is killed."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.price_list import BUILT_IN
from domain.calls import Usage
from domain.money import from_nano
from tests.providers.double import Behaviour, Cuts, Double, Endpoint, LedgerEntry, Rule, at_random, running_double
from tests.providers.openai_compatible.scripts import story
from tests.running import RunningSystem, running_system, until
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories

CHARACTERS = 200_000
KILLED_AT = 12
"""The call that is under way when the worker is killed."""

MIX = {
    Behaviour(): 4.0,
    Behaviour(cuts=Cuts.OFF_BY_ONE): 2.0,
    Behaviour(cuts=Cuts.EARLY_STOP): 1.0,
    Behaviour(cuts=Cuts.DUPLICATED): 1.0,
    Behaviour(cuts=Cuts.GARBAGE): 3.0,
}


def long_script() -> str:
    """With Chinese, a line of 6,000 characters without a stop, one of a single word, and blank lines of odd kinds."""
    chance = Random(7)
    parts = [
        "长江后浪推前浪，一代新人换旧人。夜深了，灯还亮着。\n" * 40,
        "und dann kam wieder niemand " * 220 + "\n",
        "ы" * 3_000 + "\n\u3000\n\u2028\n",
        "مرحبا بالعالم، قال الرجل ثم مضى. " * 30 + "\r\n\r\n",
        "👩‍👩‍👧‍👦 e\u0301tait la\u0300 ! " * 50,
    ]
    told = [story(seed, 30_000) for seed in range(7)]
    chance.shuffle(told)
    mixed = "".join(piece for pair in zip(told, [*parts, "", ""], strict=True) for piece in pair)
    return mixed[:CHARACTERS]


@pytest.mark.parametrize("most_scenes", [60, pytest.param(5_000, marks=pytest.mark.slow)])
def test_a_long_script_survives_an_erring_model_and_a_kill(most_scenes: int, tmp_path: Path) -> None:
    script = long_script()
    assert len(script) == CHARACTERS
    held = Rule(behaviours=(Behaviour(hold="gate"),), endpoint=Endpoint.CHAT, after=KILLED_AT - 1)
    with running_double(held, at_random(3, MIX, endpoint=Endpoint.CHAT)) as double:
        settings = {
            "REELGATE_TEXT": "openai",
            "OPENAI_BASE_URL": double.url,
            "REELGATE_MAX_SCENES": str(most_scenes),
        }
        with running_system(tmp_path, "embedded", **settings) as system:
            client = GraphQLClient(system)
            script_id = client.create_script(script)
            client.mutate("approveScript", "job { id }", id=script_id)
            double.wait_until_held("gate", seconds=60)
            before = double.charges
            assert len(before) == KILLED_AT
            assert system.kill("worker")
            double.release("gate")
            until(lambda: job_state(system) == "succeeded", 90, "the segmentation")
        assert_lossless(system, script, most_scenes)
        assert_paid_once(system, double, before)
        assert double.violations == []


def rows(system: RunningSystem, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(system.data_dir / "reelgate.sqlite3", timeout=20)) as connection:
        return connection.execute(query).fetchall()


def job_state(system: RunningSystem) -> str:
    state: str = rows(system, "SELECT state FROM job")[0][0]
    return state


def kept_answers(system: RunningSystem) -> list[Any]:
    kept = rows(system, "SELECT answer_key FROM provider_call WHERE answer_key IS NOT NULL")
    return [*kept, *(system.data_dir / "storage" / "calls").glob("*")]


def assert_lossless(system: RunningSystem, script: str, most_scenes: int) -> None:
    """From what the database holds; and the note says what the model was no help with."""
    (content,) = rows(system, "SELECT content FROM script")[0]
    scenes = rows(system, "SELECT text, gap FROM scene ORDER BY position")
    assert content == script
    assert "".join(text + gap for text, gap in scenes) == script
    assert all(text.strip() and not gap.strip() for text, gap in scenes)
    assert len(scenes) <= most_scenes
    assert len(scenes) == most_scenes or len(scenes) > 500
    (note,) = rows(system, "SELECT note FROM job")[0]
    unusable = re.search(r"unusable for (\d+) of (\d+) parts; the built-in rules cut there", note)
    assert unusable
    assert 1 <= int(unusable[1]) < int(unusable[2])


def assert_paid_once(system: RunningSystem, double: Double, before: list[LedgerEntry]) -> None:
    """What was answered before the kill is not asked again; the one call that was under way is."""
    charges = double.charges
    asked = Counter(entry.request_sha256 for entry in charges)
    assert {request: times for request, times in asked.items() if times > 1} == {before[-1].request_sha256: 2}
    calls = rows(system, "SELECT state, cost_nano FROM provider_call ORDER BY id")
    assert Counter(state for state, _ in calls) == {"answered": len(charges) - 1, "given_up": 1}
    spent = sum((cost_of(entry) for entry in charges), Decimal())
    lost = cost_of(before[-1])
    assert from_nano(sum(cost for _, cost in calls if cost is not None)) == spent - lost
    print(f"{len(charges)} calls, {spent} USD, {rows(system, 'SELECT note FROM job')[0][0]}")


def cost_of(entry: LedgerEntry) -> Decimal:
    assert entry.usage is not None
    assert entry.model is not None
    usage = Usage(entry.usage["prompt_tokens"], 0, entry.usage["completion_tokens"])
    cost = BUILT_IN.cost(entry.model, usage)
    assert cost is not None
    return cost
