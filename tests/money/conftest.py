"""For every test of money."""

from __future__ import annotations

import pytest

from tests.money.paying import Provider


@pytest.fixture
def provider() -> Provider:
    return Provider()
