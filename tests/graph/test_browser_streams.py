"""A plain EventSource in a real browser: cut off before anything has happened, it comes back and misses nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from graph.http import HttpFace
from graph.streams import ABORT
from tests.browser import chromium, visiting
from tests.graph.client import Api
from tests.graph.studio import Studio, wait_until

PAGE = """
    window.seen = [];
    const query = encodeURIComponent('subscription { statusChanged { subjectId } }');
    const source = new EventSource('/graphql?query=' + query);
    source.addEventListener('next', event => seen.push(JSON.parse(event.data).data.statusChanged.subjectId));
    const single = new EventSource('/graphql?query=' + encodeURIComponent('{ __typename }'));
    single.addEventListener('complete', () => { window.completed = true; single.close(); });
"""


async def test_event_source(api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    if chromium() is None:
        pytest.skip("no Chromium")
    opened: list[str | None] = []
    cut: list[Any] = []
    subscribed = HttpFace._subscribed

    async def noted(self: HttpFace, request: Request, *more: Any) -> Any:
        opened.append(request.headers.get("last-event-id"))
        cut.append(request.scope["extensions"][ABORT])
        return await subscribed(self, request, *more)

    monkeypatch.setattr(HttpFace, "_subscribed", noted)
    loop = asyncio.get_running_loop()

    def visit() -> list[str]:
        with visiting(f"http://127.0.0.1:{api.port}/graphql/static/graphiql.css") as visit:
            visit.page.evaluate(PAGE)
            visit.page.wait_for_function("window.completed")
            asyncio.run_coroutine_threadsafe(wait_until(lambda: studio.feed.followers == 1), loop).result()
            visit.page.wait_for_timeout(300)  # for the first id, which the page is told nothing of
            loop.call_soon_threadsafe(cut[0])
            asyncio.run_coroutine_threadsafe(wait_until(lambda: studio.feed.followers == 0), loop).result()
            asyncio.run_coroutine_threadsafe(studio.a_script(), loop).result()
            visit.page.wait_for_function("seen.length === 1")
            found: list[str] = visit.page.evaluate("seen")
            return found

    assert await asyncio.to_thread(visit) == ["script_1"]
    assert opened[0] is None
    assert opened[1]
    await wait_until(lambda: studio.feed.followers == 0)
