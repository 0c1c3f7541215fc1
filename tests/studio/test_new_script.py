"""A script out of a file that is dropped on the page."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest
from playwright.sync_api import Page, expect

from tests.studio.page import StudioPage

pytestmark = pytest.mark.stories

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_DROP = """([selector, name, data]) => {
  const held = new DataTransfer();
  held.items.add(new File([Uint8Array.from(atob(data), one => one.charCodeAt(0))], name));
  for (const kind of ["dragover", "drop"]) {
    const event = new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: held});
    document.querySelector(selector).dispatchEvent(event);
    if (!event.defaultPrevented) throw new Error("the browser would leave the page for the file");
  }
}"""


def document(*paragraphs: str) -> bytes:
    """As Word writes them, but for all that is not words."""
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>')
    return file.getvalue()


def drop(page: Page, name: str, data: bytes, on: str = "#new-content") -> None:
    page.evaluate(_DROP, [on, name, base64.b64encode(data).decode()])


def test_files_of_each_kind_are_read_where_they_are_dropped(studio: StudioPage) -> None:
    page = studio.page
    studio.open("/new")
    title, text = page.get_by_label("Title"), page.get_by_label("Text", exact=True)
    files = {
        "notes.txt": (b"A lamp in the window.", "", "A lamp in the window."),
        "pier.md": (b"# The Pier\n\nA **long** pier.\n\nGulls.", "The Pier", "A long pier.\n\nGulls."),
        "storm.fountain": (b"Title: The Storm\nAuthor: M\n\nINT. HOUSE\n\nRain.\n", "The Storm", "INT. HOUSE\n\nRain."),
        "the_tale.docx": (document("First words.", "Last words."), "the tale", "First words.\n\nLast words."),
    }
    for name, (data, wanted, content) in files.items():
        drop(page, name, data, on="header" if name == "pier.md" else "#new-content")
        expect(text).to_have_value(content)
        expect(title).to_have_value(wanted)
    expect(page.locator("#new-counts")).to_contain_text("4 words, 25 characters")
    expect(page.locator("#new-counts")).to_contain_text("About 1 scene and 0:03 minutes")
    expect(page.locator("#new-counts")).to_contain_text("Costs nothing")

    # What was there before can be put back; what cannot be read changes nothing; a reload loses nothing.
    studio.notice().get_by_role("button", name="Put back what was there").click()
    drop(page, "picture.pdf", b"%PDF-1.4")
    expect(page.get_by_role("alert")).to_contain_text("picture.pdf is of a kind that cannot be read here")
    page.reload()
    expect(text).to_have_value("INT. HOUSE\n\nRain.")
    expect(title).to_have_value("The Storm")
