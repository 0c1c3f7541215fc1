"""Clients that other people wrote, in Node, against a real server; and the audits of GraphQL over HTTP."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.graph.client import Api
from tests.graph.studio import Studio, wait_until
from tests.node import FOLDER, node
from tests.running import running_system

AUDITS = 61


async def start(port: int, program: str) -> asyncio.subprocess.Process:
    path, missing = await asyncio.to_thread(node)
    if path is None:
        pytest.skip(missing)
    return await asyncio.create_subprocess_exec(
        path, program, f"http://127.0.0.1:{port}/graphql", cwd=FOLDER, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def run(api: Api, program: str) -> list[dict[str, Any]]:
    """What the program says, a JSON object on each line."""
    return await said_by(await start(api.port, program))


async def said_by(started: asyncio.subprocess.Process) -> list[dict[str, Any]]:
    try:
        said, complaints = await asyncio.wait_for(started.communicate(), 60)
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()
    assert started.returncode == 0, complaints.decode()
    return [json.loads(line) for line in said.splitlines()]


async def test_audits_of_graphql_over_http(api: Api) -> None:
    results = await run(api, "audits.mjs")
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == AUDITS


async def test_graphql_sse(api: Api, studio: Studio) -> None:
    (found,) = await run(api, "sse.mjs")
    assert found["failure"] is None
    assert found["seen"] == ["script_1", "script_2", "script_3"]
    assert found["resumedFrom"] == [None, found["cursors"][0]]
    assert found["after"]["statusChanged"]["subjectId"] == "script_2"
    assert found["query"] == {"scripts": {"totalCount": 3}}
    assert found["mutation"] == {"createScript": {"script": {"id": "script_4"}}}
    assert (found["refused"], found["invalid"]) == ("CURSOR_INVALID", "BAD_REQUEST")
    await wait_until(lambda: studio.feed.followers == 0)


async def test_event_source(api: Api, studio: Studio) -> None:
    """It is cut off, and goes on by itself behind the last event."""
    (found,) = await run(api, "eventsource.mjs")
    assert [change["subjectId"] for change, _ in found["seen"]] == ["script_1", "script_2"]
    assert all(change["cursor"] == last_id for change, last_id in found["seen"])
    assert (found["opened"], found["resumed"]) == (2, [False, True])
    assert found["answer"] == {"data": {"__typename": "Query"}}
    await wait_until(lambda: studio.feed.followers == 0)


async def test_apollo_client(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1)
    (found,) = await run(api, "apollo.mjs")
    assert "multipart/mixed" in found["asked"]
    assert found["type"].startswith("multipart/mixed")
    assert found["seen"] == ["script_2", "script_3", "script_4"]
    assert found["ended"] == ["SUCCEEDED"]
    assert found["refused"] == "CURSOR_INVALID"
    assert found["total"] == 4
    await wait_until(lambda: studio.feed.followers == 0)


async def test_urql(api: Api, studio: Studio) -> None:
    (found,) = await run(api, "urql.mjs")
    assert found == {"seen": ["script_1", "script_2"], "total": 2}
    await wait_until(lambda: studio.feed.followers == 0)


async def test_graphql_ws(api: Api, studio: Studio) -> None:
    (found,) = await run(api, "ws.mjs")
    assert found["seen"] == ["script_1", "script_2"]
    assert found["opened"] == 2
    assert found["answers"] == [{"scripts": {"totalCount": 2}}]
    await wait_until(lambda: studio.feed.followers == 0)


async def test_graphql_ws_on_one_connection(api: Api, studio: Studio) -> None:
    (found,) = await run(api, "ws_cases.mjs")
    assert found["first"] == ["script_1", "script_2", "script_3"]
    assert (found["second"], found["gone"]) == (["script_1", "script_2"], [])
    assert (found["errors"], found["stopped"]) == ([None] * 3, [True] * 3)
    assert found["query"] == [{"scripts": {"totalCount": 0}}]
    assert found["mutation"] == [{"createScript": {"script": {"id": "script_1"}}}]
    assert found["refused"] == {
        "syntax": ["BAD_REQUEST"], "validation": ["BAD_REQUEST"], "unnamed": ["BAD_REQUEST"],
        "unknown": ["BAD_REQUEST"], "cursor": ["CURSOR_INVALID"], "missing": ["NOT_FOUND"],
    }  # fmt: skip
    assert (found["connected"], found["closed"]) == (1, [1000])
    await wait_until(lambda: studio.feed.followers == 0 and api.clients.connections == 0)


async def test_graphql_ws_after_the_server_was_killed(tmp_path: Path) -> None:
    """What happened while it was away is not missed, and nothing is told twice."""
    with running_system(tmp_path, "embedded") as system:
        started = await start(system.port, "ws_restart.mjs")
        assert started.stdout is not None
        assert json.loads(await asyncio.wait_for(started.stdout.readline(), 30)) == "kill it"
        assert system.kill("api")
        (found,) = await said_by(started)
    assert found["seen"] == ["script_1", "script_2", "script_3"]
    assert (found["missed"], found["failure"], found["closed"]) == (1, None, 1006)
    assert found["opened"] >= 2
