"""Whole systems, on either backend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import services
from tests.running import RunningSystem, running_system

pytestmark = pytest.mark.stories


@pytest.fixture(params=["embedded", "scaled"])
def backend(request: pytest.FixtureRequest) -> str:
    """`embedded`: SQLite and the private broker. `scaled`: PostgreSQL and Redis from outside."""
    if request.param == "scaled" and (services.postgres_server_url() is None or services.redis_url() is None):
        pytest.skip("needs a PostgreSQL and a Redis server")
    name: str = request.param
    return name


@pytest.fixture
def system(tmp_path: Path, backend: str) -> Iterator[RunningSystem]:
    """Started, and stopped at the end; nothing may be left of it."""
    with running_system(tmp_path, backend) as running:
        yield running
    assert running.orphans() == []
