"""The page as a person meets it: what is seen and pressed, named by its role and its label."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.running import RunningSystem

PATIENCE_MS = 60_000
"""For what a worker has to do first."""


@dataclass
class StudioPage:
    """One tab. Every method waits until what it is about is there."""

    page: Page
    system: RunningSystem

    def open(self, path: str = "/") -> None:
        self.page.goto(self.system.url + path)
        expect(self.page.get_by_role("main")).to_be_visible()

    # --- writing -------------------------------------------------------------------------------------------------

    def write_script(self, title: str, content: str) -> str:
        """Saves a draft; answers its number."""
        self.page.get_by_role("link", name="New script").click()
        self.page.get_by_label("Title").fill(title)
        self.page.get_by_label("Text", exact=True).fill(content)
        self.page.get_by_role("button", name="Save as draft").click()
        expect(self.heading(title)).to_be_visible()
        return self.page.url.rstrip("/").split("/")[-2]

    def approve_text(self) -> None:
        """Also waits for the scenes."""
        self.page.get_by_role("button", name="Approve the text").click()
        expect(self.scenes().first).to_be_visible(timeout=PATIENCE_MS)

    # --- scenes --------------------------------------------------------------------------------------------------

    def scenes(self) -> Locator:
        return self.page.locator(".storyboard > li")

    def words(self, place: int) -> Locator:
        return self.page.get_by_label(f"Words of scene {place}", exact=True)

    def approve_all_scenes(self) -> None:
        self.page.get_by_role("button", name="Approve all").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Approve all").click()

    # --- reviewing -----------------------------------------------------------------------------------------------

    def go_to_step(self, name: str) -> None:
        self.page.get_by_role("navigation", name="Steps").get_by_role("link", name=name).click()

    def start_review(self) -> None:
        self.page.get_by_role("link", name="Review").last.click()
        expect(self.decisions()).to_be_visible()

    def decisions(self) -> Locator:
        return self.page.get_by_role("toolbar", name="Decisions")

    def approve(self) -> None:
        self.decisions().get_by_role("button", name="Approve").click()

    def reject(self, why: str) -> None:
        self.decisions().get_by_role("button", name="Reject").click()
        self.page.get_by_label("What should be different?").fill(why)
        self.page.get_by_role("button", name="Reject, make another").click()

    # --- video ---------------------------------------------------------------------------------------------------

    def make_video(self) -> None:
        self.page.get_by_role("button", name="Make the video").click()
        expect(self.player()).to_be_visible(timeout=PATIENCE_MS)

    def player(self) -> Locator:
        return self.page.locator("video")

    # --- everywhere ----------------------------------------------------------------------------------------------

    def heading(self, text: str) -> Locator:
        return self.page.get_by_role("heading", name=text, exact=True, level=1)

    def notice(self) -> Locator:
        return self.page.locator(".notice")
