"""A real browser for tests: Chromium as the machine has it, headless, that may speak to this machine only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


@cache
def chromium() -> str | None:
    """The browser's path; None when there is none. `REELGATE_REQUIRE_SERVICES=1` makes that an error."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None and os.environ.get("REELGATE_REQUIRE_SERVICES") == "1":
        raise RuntimeError("REELGATE_REQUIRE_SERVICES=1, but there is no Chromium")
    return found


@dataclass
class Visit:
    """A page, and what went on behind it."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)


@contextmanager
def visiting(url: str, *, width: int = 1280, height: int = 900) -> Iterator[Visit]:
    """A new browser on this address, closed at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            visit = Visit(browser.new_page(viewport={"width": width, "height": height}))
            visit.page.on("request", lambda request: visit.hosts.add(urlsplit(request.url).netloc))
            visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
            visit.page.on("console", lambda line: visit.errors.append(line.text) if line.type == "error" else None)
            visit.page.goto(url)
            yield visit
        finally:
            browser.close()
