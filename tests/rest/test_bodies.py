"""Bodies that cannot be taken: each is declined plainly, and changes nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.rest.making import a_script, problem
from workflow import reading
from workflow.context import Context

JARGON = ("pydantic", "string_type", "Input should", "Value error", "type=", "NoneType", "dict")

UNREADABLE = {
    "not JSON": (b"{content: 1}", "not JSON"),
    "cut off": (b'{"content": "a', "not JSON"),
    "two values": (b'{"content": "a"} {}', "not JSON"),
    "NaN": (b'{"content": NaN}', "NaN is not a JSON value"),
    "Infinity": (b'{"content": -Infinity}', "-Infinity is not a JSON value"),
    "not UTF-8": (b'{"content": "\xff"}', "not UTF-8"),
    "UTF-16": ('{"content": "a"}'.encode("utf-16"), "not UTF-8"),
    "half of a UTF-8 character": (b'{"content": "\xe2\x82"}', "not UTF-8"),
    "a surrogate in UTF-8": (b'{"content": "\xed\xa0\x80"}', "not UTF-8"),
    "a surrogate in a name": (b'{"content": "a", "\\ud800": 1}', "half of a surrogate pair"),
    "a name twice": (b'{"content": "a", "content": "b"}', "`content` twice"),
    "deep nesting": (b'{"content": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", "nested too deeply"),
    "a long number": (b'{"content": ' + b"1" * 5_000 + b"}", "too many digits"),
    "a raw control character": (b'{"content": "a\x00b"}', "not JSON"),
}

REFUSED = {
    "nothing": (b"", "body", "needs a JSON object"),
    "white space": (b" \n", "body", "needs a JSON object"),
    "null": (b"null", "body", "must be a JSON object"),
    "an array": (b'[{"content": "a"}]', "body", "must be a JSON object"),
    "a string": (b'"content"', "body", "must be a JSON object"),
    "missing": (b"{}", "content", "`content` is missing."),
    "blank": (b'{"content": " \\n"}', "content", "`content` is blank."),
    "empty": (b'{"content": ""}', "content", "`content` is blank."),
    "null content": (b'{"content": null}', "content", "`content` must be text."),
    "a number": (b'{"content": 1}', "content", "`content` must be text."),
    "an object": (b'{"content": {}}', "content", "`content` must be text."),
    "NUL": (b'{"content": "a\\u0000b"}', "content", "NUL character"),
    "lone surrogate": (b'{"content": "a\\ud800b"}', "content", "half of a surrogate pair"),
    "reversed surrogates": (b'{"content": "\\ude00\\ud83d"}', "content", "half of a surrogate pair"),
    "misspelt": (b'{"content": "a", "tilte": "b"}', "tilte", "`tilte` is not a field of this request"),
    "a title that is none": (b'{"content": "a", "title": []}', "title", "`title` must be text."),
    "a title with NUL": (b'{"content": "a", "title": "\\u0000"}', "title", "NUL character"),
}


@pytest.mark.parametrize(("body", "words"), UNREADABLE.values(), ids=UNREADABLE)
async def test_unreadable_is_400(client: httpx.AsyncClient, body: bytes, words: str) -> None:
    answer = await client.post("/api/scripts", content=body, headers={"Content-Type": "application/json"})
    said = problem(answer, 400, "INVALID")
    assert words in said["detail"]
    assert said["errors"] == [{"field": "body", "message": said["detail"]}]
    assert not any(word in answer.text for word in JARGON)
    assert (await client.get("/api/scripts")).json() == []


@pytest.mark.parametrize(("body", "field", "words"), REFUSED.values(), ids=REFUSED)
async def test_unacceptable_is_422(client: httpx.AsyncClient, body: bytes, field: str, words: str) -> None:
    answer = await client.post("/api/scripts", content=body, headers={"Content-Type": "application/json"})
    said = problem(answer, 422, "INVALID")
    assert [error["field"] for error in said["errors"]] == [field]
    assert words in said["errors"][0]["message"]
    assert words in said["detail"]
    assert not any(word in answer.text for word in JARGON)
    assert (await client.get("/api/scripts")).json() == []


async def test_all_faults_are_named_at_once(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/scripts", json={"title": 3, "other": 1})
    assert {error["field"] for error in problem(answer, 422, "INVALID")["errors"]} == {"title", "content", "other"}


async def test_what_is_given_back_is_short(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/scripts", json={"content": "a", "n" * 10_000: 1})
    problem(answer, 422, "INVALID")
    assert len(answer.content) < 1_000


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "text/json", "json"],
)
async def test_other_types_are_415(client: httpx.AsyncClient, content_type: str) -> None:
    answer = await client.post("/api/scripts", content=b'{"content": "a"}', headers={"Content-Type": content_type})
    problem(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert answer.headers["accept-post"] == "application/json"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_other_encodings_are_415(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    problem(
        await client.post("/api/scripts", content=b'{"content": "a"}', headers=headers), 415, "UNSUPPORTED_MEDIA_TYPE"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "application/json"},
        {"Content-Type": 'Application/JSON; charset="UTF-8"'},
        {"Content-Type": "application/merge-patch+json"},
    ],
)
async def test_json_by_other_names_is_taken(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"content": "a"}).encode()
    assert (await client.post("/api/scripts", content=body, headers=headers)).status_code == 201


@pytest.mark.parametrize("body", [None, b"", b"{}", b" {} ", b'{"feedback": null, "expected_version": null}'])
async def test_actions_need_no_body(client: httpx.AsyncClient, context: Context, body: bytes | None) -> None:
    script = await a_script(context)
    assert (await client.post(f"/api/scripts/{script.id}/approve", content=body)).status_code == 202


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"expected_version": "1"}, "expected_version"),
        ({"expected_version": True}, "expected_version"),
        ({"expected_version": 1.5}, "expected_version"),
        ({"expectedVersion": 1}, "expectedVersion"),
        ({"feedback": 5}, "feedback"),
        ({"feedback": ["a"]}, "feedback"),
    ],
)
async def test_actions_decline_wrong_values(
    client: httpx.AsyncClient, context: Context, body: dict[str, object], field: str
) -> None:
    script = await a_script(context)
    said = problem(await client.post(f"/api/scripts/{script.id}/approve", json=body), 422, "INVALID")
    assert said["errors"][0]["field"] == field
    assert await reading.read_script(script.id) == script


async def test_a_huge_expected_version_is_a_conflict(client: httpx.AsyncClient, context: Context) -> None:
    script = await a_script(context)
    answer = await client.post(f"/api/scripts/{script.id}/approve", json={"expected_version": 10**30})
    problem(answer, 409, "VERSION_CONFLICT")


async def test_actions_decline_null_and_arrays(client: httpx.AsyncClient, context: Context) -> None:
    script = await a_script(context)
    for body in (b"null", b"[]", b"1"):
        problem(await client.post(f"/api/scripts/{script.id}/approve", content=body), 422, "INVALID")
    for path in ("jobs/1/retry", "jobs/1/cancel", f"scripts/{script.id}/create-video"):
        problem(await client.post(f"/api/{path}", json={"force": True}), 422, "INVALID")


async def test_one_that_does_not_come(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield b'{"content": '
        await asyncio.Event().wait()

    monkeypatch.setattr("rest.arriving.PATIENCE_SECONDS", 0.2)
    headers = {"content-type": "application/json"}
    answer = await client.post("/api/scripts", content=stalling(), headers=headers)
    assert "Nothing more" in problem(answer, 408, "HTTP_ERROR")["detail"]
    assert (await client.get("/api/scripts")).json() == []
