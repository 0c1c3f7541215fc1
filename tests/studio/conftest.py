"""A whole system and a browser on its page."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import FLAGS, chromium
from tests.running import RunningSystem, running_system
from tests.studio.page import StudioPage


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    if chromium() is None:
        pytest.skip("needs Chromium")
    with running_system(tmp_path_factory.mktemp("studio"), "embedded") as running:
        yield running


@pytest.fixture
def browser(system: RunningSystem) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def studio(browser: Browser, system: RunningSystem) -> Iterator[StudioPage]:
    """A tab in which nothing may fail unseen, and which may ask nobody else for anything."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    hosts: set[str] = set()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type in ("error", "warning") else None)
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    yield StudioPage(page, system)
    assert errors == []
    assert hosts <= {urlsplit(system.url).netloc, ""}
