"""GraphQL over HTTP: what is asked wrongly, media types, methods, limits, masked errors."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest

from graph.limits import Limit
from graph.media_types import GRAPHQL_JSON, JSON, wanted_media_type
from tests.graph.client import Api
from tests.graph.studio import Studio
from tests.sending import announced, answer_to_all, chunked
from workflow import reading

TWO = "query A { __typename } query B { __typename }"
SUBSCRIPTION = "subscription { statusChanged { id } }"
MUTATION = 'mutation { createScript(input: {content: "x"}) { script { id } } }'

MALFORMED: list[tuple[object, int]] = [
    (b"", 400),
    (b"null", 400),
    (b'"query"', 400),
    (b"123", 400),
    (b"true", 400),
    (b"[]", 400),
    (b'[{"query": "{ __typename }"}]', 400),
    (b"{}", 400),
    (b"{", 400),
    (b'{"query": "{ __typename }"} x', 400),
    (b'{"query": "\xff\xfe"}', 400),
    (b'{"query": "\\ud800"}', 400),
    (b"[" * 100_000, 400),
    (b'{"query":' * 20_000, 400),
    (b'{"query": "{ __typename }", "variables": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    ({"query": None}, 400),
    ({"query": 1}, 400),
    ({"query": ["{ __typename }"]}, 400),
    ({"query": {"a": 1}}, 400),
    ({"query": "{ __typename }", "variables": "x"}, 400),
    ({"query": "{ __typename }", "variables": []}, 400),
    ({"query": "{ __typename }", "extensions": 7}, 400),
    ({"query": "{ __typename }", "operationName": 7}, 400),
    ({"query": SUBSCRIPTION}, 406),
    (b'{"query": "' + b" " * 600_000 + b'{ __typename }"}', 413),
]

UNSOUND: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("  ", {}),
    ("{", {}),
    ("{ nonsense }", {}),
    ("{" * 100_000, {}),
    ("{a" * 40_000, {}),
    ("{ script(id: " + "[" * 20_000, {}),
    ("query($x: " + "[" * 20_000, {}),
    ("query($id: ID!) { script(id: $id) { id } }", {}),
    ("query($id: ID!) { script(id: $id) { id } }", {"id": None}),
    ("query($id: ID!) { script(id: $id) { id } }", {"id": {"a": 1}}),
    ("query($n: Int) { scripts(first: $n) { totalCount } }", {"n": 2**31}),
    ("query($n: Int) { scripts(first: $n) { totalCount } }", {"n": "3"}),
    ("query($s: Status) { videos(status: $s) { totalCount } }", {"s": "approved"}),
    ("query($s: Status) { videos(status: $s) { totalCount } }", {"s": 3}),
    ("{ videos(status: NONE) { totalCount } }", {}),
    (TWO, {}),
    ("fragment A on Query { ...A } { ...A }", {}),
    ("fragment A on Query { ...B } fragment B on Query { ...A } { ...A }", {}),
    ("{ ...Missing }", {}),
    ("fragment A on Query { __typename }", {}),
    ("type A { a: Int }", {}),
]


def errors_of(response: httpx.Response) -> list[dict[str, Any]]:
    """A proper answer of nothing but errors."""
    answer = response.json()
    assert set(answer) == {"errors"}, answer
    assert answer["errors"]
    for error in answer["errors"]:
        assert error["message"]
        assert error["extensions"]["code"] in ("BAD_REQUEST", "LIMIT_EXCEEDED", *Limit)
    errors: list[dict[str, Any]] = answer["errors"]
    return errors


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_JSON])
async def test_what_is_no_graphql_request(api: Api, accept: str) -> None:
    for body, status in MALFORMED:
        response = await api.post(body, accept=accept)
        assert response.status_code == status, (str(body)[:80], response.text[:200])
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"
        errors_of(response)


async def test_what_cannot_be_executed(api: Api) -> None:
    for query, variables in UNSOUND:
        body = {"query": query, "variables": variables}
        for accept, status in ((JSON, 200), (GRAPHQL_JSON, 400)):
            response = await api.post(body, accept=accept)
            assert response.status_code == status, (query[:80], response.text[:200])
            errors_of(response)
    assert (await api.post({"query": "{ __typename }"})).json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON), ("", JSON), ("*/*", JSON), ("application/*", JSON), (JSON, JSON), (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON}", GRAPHQL_JSON), (f"{JSON}, {GRAPHQL_JSON}", JSON),
        (f"{JSON};q=0.5, {GRAPHQL_JSON};q=0.9", GRAPHQL_JSON), (f"{GRAPHQL_JSON}; charset=utf-8", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON.upper()}", GRAPHQL_JSON), ("text/html, */*;q=0.1", JSON), ("text/plain", None),
        (f"{JSON};q=0", None), (f"{JSON};charset=latin-1", None), (f"{JSON};q=x", None), (",;,", None),
    ],
)  # fmt: skip
def test_media_types(accept: str | None, expected: str | None) -> None:
    assert wanted_media_type(accept) == expected


async def test_nothing_acceptable(api: Api) -> None:
    response = await api.post({"query": "{ __typename }"}, accept="application/xml")
    assert response.status_code == 406
    errors_of(response)


async def test_other_content_types(api: Api) -> None:
    for content_type in ("", "text/plain", "multipart/form-data; boundary=x", f"{JSON}; charset=latin-1"):
        response = await api.post({"query": MUTATION}, content_type=content_type)
        assert response.status_code == 415
        errors_of(response)
    assert await api.data("{ scripts { totalCount } }") == {"scripts": {"totalCount": 0}}


async def test_methods(api: Api) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        response = await api.http.request(method, "/graphql")
        assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
        errors_of(response)
    response = await api.http.head("/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_queries_by_get(api: Api) -> None:
    query = "query A($id: ID!) { script(id: $id) { id } } query B { __typename }"
    parameters = {"query": query, "variables": json.dumps({"id": "script_1"}), "operationName": "A"}
    response = await api.http.get("/graphql", params=parameters)
    assert (response.status_code, response.json()) == (200, {"data": {"script": None}})
    for faulty in ({}, parameters | {"variables": "{"}, parameters | {"variables": "[]"}):
        response = await api.http.get("/graphql", params=faulty)
        assert response.status_code == 400
        errors_of(response)
    response = await api.http.get("/graphql", params={"query": MUTATION})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    errors_of(response)
    response = await api.http.get("/graphql", params={"query": SUBSCRIPTION})
    assert response.status_code == 406
    (error,) = errors_of(response)
    assert "text/event-stream" in error["message"]
    assert "graphql-transport-ws" in error["message"]
    assert await api.data("{ scripts { totalCount } }") == {"scripts": {"totalCount": 0}}
    assert response.headers["cache-control"] == "no-store"


async def test_names_of_operations(api: Api) -> None:
    """What cannot be executed has the status of any such document, whichever its fault."""
    for query, name in (
        (TWO, None),
        (TWO, ""),
        (TWO, "C"),
        ("{ __typename }", "C"),
        ("fragment A on Query { a }", None),
    ):
        body = {"query": query, "operationName": name}
        for accept, status in ((JSON, 200), (GRAPHQL_JSON, 400)):
            response = await api.post(body, accept=accept)
            assert response.status_code == status, body
            errors_of(response)
    assert (await api.post({"query": TWO, "operationName": "B"})).json() == {"data": {"__typename": "Query"}}


async def test_a_byte_order_mark_is_skipped(api: Api) -> None:
    response = await api.post(b"\xef\xbb\xbf" + b'{"query": "{ __typename }"}')
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


async def test_no_order_is_the_usual_one(api: Api, studio: Studio) -> None:
    await studio.a_script()
    await studio.a_script()
    query = "query($o: ScriptOrder) { scripts(orderBy: $o) { nodes { id } } }"
    for given in ({}, {"o": None}, {"o": "CREATED_AT_DESC"}):
        assert (await api.data(query, **given))["scripts"]["nodes"] == [{"id": "script_2"}, {"id": "script_1"}]


async def test_a_body_without_a_length_is_bounded(api: Api) -> None:
    async def endless() -> Any:
        for _ in range(200):
            yield b" " * 65_536

    response = await api.http.post("/graphql", content=endless(), headers={"content-type": JSON})
    assert response.status_code == 413
    assert errors_of(response)[0]["extensions"]["code"] == "LIMIT_EXCEEDED"


@pytest.mark.parametrize("body", [announced, chunked])
async def test_who_sends_all_before_reading_is_told_why(api: Api, body: Any) -> None:
    head = f"POST /graphql HTTP/1.1\r\nContent-Type: {JSON}"
    status, _, content = await asyncio.to_thread(answer_to_all, api.port, head, body(800))
    assert (status, json.loads(content)["errors"][0]["extensions"]["code"]) == (413, "LIMIT_EXCEEDED")


async def test_a_length_that_is_too_large_is_refused_at_once(api: Api) -> None:
    for length in ("99999999999", "1" + "0" * 30):
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: {length}\r\n\r\n"
        writer.write(head.encode())
        assert (await reader.readline()).split()[1] in (b"413", b"400")
        writer.close()
        await writer.wait_closed()


async def test_other_errors_are_masked_and_logged_once(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, studio: Studio
) -> None:
    await studio.a_script(scenes=3)

    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the password is sesame")

    for name in ("latest_jobs", "page_of_videos", "event_cursor"):
        monkeypatch.setattr(reading, name, broken)
    monkeypatch.setattr("workflow.scripts.create_script", broken)
    for query in (
        '{ script(id: "script_1") { scenes { generation { id } } } }', "{ videos { totalCount } }", "{ eventCursor }",
        MUTATION,
    ):  # fmt: skip
        caplog.clear()
        with caplog.at_level(logging.ERROR, "reelgate.graph"):
            response = await api.post({"query": query})
        assert "sesame" not in response.text
        errors = response.json()["errors"]
        assert {(error["message"], error["extensions"]["code"]) for error in errors} == {("Internal error", "INTERNAL")}
        (record,) = [record for record in caplog.records if record.name == "reelgate.graph"]
        assert record.exc_info
        assert "sesame" in str(record.exc_info[1])


async def test_arguments_at_fault_are_named(api: Api) -> None:
    query = "query($id: ID) { jobs(scriptId: $id) { totalCount } }"
    for id, code in (("script_9", "NOT_FOUND"), ("scene_9", "INVALID"), ("9", "INVALID")):
        assert (await api.ask(query, id=id))["errors"][0]["extensions"] == {"code": code, "field": ["scriptId"]}


async def test_cursors_of_lists(api: Api, studio: Studio) -> None:
    await studio.a_script()
    taken = (await api.data("{ scripts { pageInfo { endCursor } } }"))["scripts"]["pageInfo"]["endCursor"]
    for cursor in ("", "x", "é", "W10", taken[:-3], "eyJ9"):
        answer = await api.ask("query($a: String) { scripts(after: $a) { totalCount } }", a=cursor)
        assert answer["errors"][0]["extensions"] == {"code": "INVALID", "field": ["after"]}, cursor
    answer = await api.ask("query($a: String) { videos(after: $a) { totalCount } }", a=taken)
    assert answer["errors"][0]["extensions"]["code"] == "INVALID"
