"""How a state of the page looks: judged by axe, held against the window's width, kept as a picture.

With `REELGATE_ARTEFACTS` the pictures go into its folder `studio/`: every state, light, dark, on a phone and enlarged.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.node import node

NODE = Path(__file__).parent / "node"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

_SETTLED = """() => document.fonts.ready.then(() => new Promise(done => {
  const rest = () => document.getAnimations().every(one => one.playState !== "running"
    || one.effect.getComputedTiming().iterations === Infinity);
  const wait = (left) => requestAnimationFrame(() => left > 0 && (left > 57 || !rest()) ? wait(left - 1) : done());
  wait(60);
}))"""
_TOO_WIDE = """() => [...document.querySelectorAll("html, main, header, aside, dialog[open], .notice-row")]
  .filter(one => one.scrollWidth > one.clientWidth && getComputedStyle(one).display !== "inline")
  .map(one => `${one.tagName.toLowerCase()} by ${one.scrollWidth - one.clientWidth}: ` + [...one.querySelectorAll("*")]
    .filter(part => part.getBoundingClientRect().right > one.getBoundingClientRect().right + 1)
    .slice(0, 3).map(part => part.outerHTML.slice(0, 160)).join(" | "))"""
_ALL_DRAWN = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { content-visibility: visible !important }");
  document.adoptedStyleSheets = [sheet];
}"""  # what is out of sight is not given the colours of another scheme, and would be judged by the old ones
_JUDGED = "rules => axe.run({runOnly: rules, resultTypes: ['violations']})"


@dataclass(frozen=True)
class Look:
    name: str
    scheme: Literal["light", "dark"]
    width: int
    height: int


LIGHT = Look("light", "light", 1280, 844)
DARK = Look("dark", "dark", 1280, 844)
PHONE = Look("phone", "light", 390, 844)
DARK_PHONE = Look("phone-dark", "dark", 390, 844)
ENLARGED = Look("enlarged", "light", 640, 422)
"""A window of 1280 pixels at 200 %."""


@dataclass
class Looker:
    """Looks at states in some of the looks and notes what is wrong. In the others it only sees whether they fit."""

    axe: str
    judged: tuple[Look, ...] = (LIGHT, DARK_PHONE)
    fits: tuple[Look, ...] = (ENLARGED,)
    wrong: list[str] = field(default_factory=list)

    def look_at(self, page: Page, name: str) -> None:
        """The window is as it was afterwards."""
        before = page.viewport_size
        folder = _folder()
        pictured = (LIGHT, DARK, PHONE, DARK_PHONE, ENLARGED) if folder else ()
        has_axe = False
        page.evaluate(_ALL_DRAWN)
        for look in dict.fromkeys((*self.judged, *self.fits, *pictured)):
            page.set_viewport_size({"width": look.width, "height": look.height})
            page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
            page.evaluate(_SETTLED)
            self.wrong += [f"{name}, {look.name}: too wide: {what}" for what in page.evaluate(_TOO_WIDE)]
            if look in self.judged:
                if not has_axe:
                    page.evaluate(self.axe)
                    has_axe = True
                self._judge(page, f"{name}, {look.name}")
            if folder:
                page.screenshot(path=folder / f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}.{look.name}.png")
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.evaluate("() => { document.adoptedStyleSheets = []; }")
        if before:
            page.set_viewport_size(before)

    def _judge(self, page: Page, name: str) -> None:
        answer: Any = page.evaluate(_JUDGED, RULES)
        self.wrong += [
            f"{name}: {one['id']}: {part['target']} {part['failureSummary'][:160]}"
            for one in answer["violations"]
            for part in one["nodes"][:3]
        ]


def _folder() -> Path | None:
    if not (named := os.environ.get("REELGATE_ARTEFACTS")):
        return None
    folder = Path(named) / "studio"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def the_axe() -> str:
    program, missing = node(NODE)
    if program is None:
        pytest.skip(missing)
    return (NODE / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def a_page(browser: Browser) -> Page:
    """With a browser state of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 844}, reduced_motion="reduce")
    return context.new_page()
