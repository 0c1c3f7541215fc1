"""The page to try the API in: served whole from here, and only to browsers."""

from __future__ import annotations

import re
from pathlib import Path

import graph.graphiql
from tests.graph.client import Api

FOLDER = Path(graph.graphiql.__file__).parent / "static"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def test_the_page_and_all_it_loads(api: Api) -> None:
    page = await api.http.get("/graphql", headers={"accept": BROWSER})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "https:" not in page.headers["content-security-policy"]
    assert "unsafe-eval" not in page.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 8
    for address in loaded:
        if address == "data:,":
            continue
        assert address.startswith("/graphql/static/")
        part = await api.http.get(address)
        assert part.status_code == 200
        assert part.headers["content-type"].startswith(("text/javascript", "text/css"))
        assert part.headers["etag"]


async def test_clients_of_the_api_get_no_page(api: Api) -> None:
    for accept in ("*/*", "application/json", "application/graphql-response+json", "application/json, text/html"):
        answer = await api.http.get("/graphql", headers={"accept": accept})
        assert answer.status_code == 400
        assert "json" in answer.headers["content-type"]


async def test_nothing_else_is_served(api: Api) -> None:
    for path in (
        "/graphql/static/",
        "/graphql/static/../view.py",
        "/graphql/static/%2e%2e/view.py",
        "/graphql/x",
    ):
        assert (await api.http.get(path)).status_code == 404


def test_our_own_files_name_no_other_host() -> None:
    for path in FOLDER.glob("*.*"):
        assert not re.search(r"(?:https?:)?//[a-z]", path.read_text("utf-8").replace("// ", "")), path


def test_vendored_styles_load_nothing() -> None:
    for path in (FOLDER / "vendor").glob("*.css"):
        text = path.read_text("utf-8")
        assert "@import" not in text
        assert set(re.findall(r"url\(['\"]?([a-z]+:|[^d])", text)) <= {"data:"}


def test_vendored_files_are_few_and_licensed() -> None:
    files = sorted((FOLDER / "vendor").iterdir())
    licences = (FOLDER / "vendor" / "LICENSES.md").read_text("utf-8")
    assert sum(path.stat().st_size for path in files) < 2_000_000
    for path in files:
        assert path.name == "LICENSES.md" or path.name in licences
