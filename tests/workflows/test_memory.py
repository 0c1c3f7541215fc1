"""How much memory large pictures take: in the worker a few copies of each at a time, in the API next to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.providers.double import Behaviour, Endpoint, Picture, always, double_process
from tests.running import running_system, until
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories

MB = 1_000_000
API_GROWTH = 20 * MB
"""Measured: 1 to 2 MB."""


@dataclass(frozen=True)
class Case:
    """Pictures of noise, so many bytes each as PNG, `at_once` of them answered at the same time.

    `growth` is by how much the worker's high-water mark may rise above what it is at the start.
    """

    pictures: int
    size: str
    least_bytes: int
    at_once: int
    growth: int


TWENTY = Case(20, "2048x1312", 8_000_000, 4, 160 * MB)
"""Measured: 91 to 107 MB, 25 for each job at once: text and JSON of 11 MB each, or picture and decoded of 8 each."""

LARGEST = Case(1, "3840x2160", 24_800_000, 1, 130 * MB)
"""An answer of 33 MB. Measured: 92 MB: its text and what JSON makes of it."""


@pytest.mark.parametrize("case", [LARGEST, pytest.param(TWENTY, marks=pytest.mark.slow)], ids=["largest", "twenty"])
def test_large_pictures_take_bounded_memory(case: Case, tmp_path: Path) -> None:
    with double_process("--least-pixels", "1", ledger=tmp_path / "ledger.jsonl") as double:
        settings = {
            "REELGATE_IMAGES": "openai",
            "OPENAI_BASE_URL": double.url,
            "REELGATE_IMAGE_SIZE": case.size,
            "REELGATE_CONCURRENCY": str(case.at_once),
        }
        noise = Behaviour(picture=Picture.NOISE, hold="gate")
        double.script(always(noise, endpoint=Endpoint.IMAGES))
        with running_system(tmp_path, "embedded", **settings) as system:
            client = GraphQLClient(system)
            paragraphs = (f"Scene {number} at {'the old pier ' * 20}once." for number in range(case.pictures))
            script_id = client.create_script("\n\n".join(paragraphs))
            assert len(client.approve_script(script_id)) == case.pictures
            family = system.family()
            (worker,), (api,) = family["worker"], family["api"]
            before, api_before = high_water(worker.pid), high_water(api.pid)
            client.approve_scenes(script_id)
            double.wait_until_held("gate", case.at_once, 60)
            double.release("gate")
            until(lambda: made(client, script_id) == case.pictures, 100, "the pictures")
            growth, api_growth = high_water(worker.pid) - before, high_water(api.pid) - api_before
            sizes = [path.stat().st_size for path in (system.data_dir / "storage" / "images").rglob("*.png")]
    print(f"worker {before / MB:.0f} + {growth / MB:.0f} MB, API {api_before / MB:.0f} + {api_growth / MB:.0f} MB")
    assert len(sizes) == case.pictures
    assert min(sizes) >= case.least_bytes
    assert growth < case.growth
    assert api_growth < API_GROWTH


def made(client: GraphQLClient, script_id: str) -> int:
    return sum(len(scene["images"]) for scene in client.scenes(script_id))


def high_water(pid: int) -> int:
    """The most memory that the process ever had, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
