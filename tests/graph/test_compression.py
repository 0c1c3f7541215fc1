"""Answers as gzip: where that pays, and only for who takes it."""

from __future__ import annotations

import gzip
import json
import zlib

import httpx
import pytest

from graph.compression import gzipped
from graph.media_types import takes_gzip
from tests.graph.client import Api
from tests.graph.studio import Studio

CONTENT = "{ scripts { nodes { content } } }"


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        (None, False), ("", False), ("gzip", True), ("x-gzip", True), ("GZIP", True), ("*", True), ("br, gzip", True),
        ("gzip;q=0", False), ("gzip;q=0, *", False), ("*;q=0", False), ("br", False), ("identity", False),
        ("gzip;q=0.5, identity", False), ("gzip;q=0.5, identity;q=0.4", True), ("identity;q=0, *", True),
        ("gzip;q=x", False), (",;,", False), ("gzip ; q = 0.2", True),
    ],
)  # fmt: skip
def test_who_takes_it(accept_encoding: str | None, expected: bool) -> None:
    assert takes_gzip(accept_encoding) == expected


async def asked(api: Api, query: str, accept_encoding: str) -> httpx.Response:
    return await api.post({"query": query}, accept_encoding=accept_encoding)


async def test_long_answers(api: Api, studio: Studio) -> None:
    await studio.a_script(content="A lighthouse stands on a cliff. " * 100)
    plain = await asked(api, CONTENT, "identity")
    assert "content-encoding" not in plain.headers
    headers = {"accept-encoding": "gzip", "content-type": "application/json"}
    body = json.dumps({"query": CONTENT})
    async with api.http.stream("POST", "/graphql", content=body, headers=headers) as response:
        raw = b"".join([chunk async for chunk in response.aiter_raw()])
    assert response.headers["content-encoding"] == "gzip"
    assert int(response.headers["content-length"]) == len(raw) < len(plain.content) / 5
    assert gzip.decompress(raw) == plain.content
    for answer in (plain, response):
        assert answer.headers["vary"] == "Accept, Accept-Encoding"


async def test_short_answers_stay_as_they_are(api: Api) -> None:
    response = await asked(api, "{ __typename }", "gzip")
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("size", [2_000, 300_000])
async def test_it_is_what_it_was(size: int) -> None:
    body = bytes(range(256)) * (size // 256)
    assert zlib.decompress(await gzipped(body), 31) == body
