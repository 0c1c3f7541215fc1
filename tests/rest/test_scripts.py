"""Routes of scripts: every field and every way to be declined."""

from __future__ import annotations

import httpx
import pytest

from domain.errors import InvalidInput
from domain.lifecycle import Entity
from domain.text import accept_text
from tests.costs import assert_cheap
from tests.rest.conftest import HeardBell
from tests.rest.making import NO_COST, NO_ESTIMATE, a_script, an_approved_script, failed, problem, raw, taken_job
from workflow import reading
from workflow.context import Context


async def test_creating_answers_201_with_location_and_every_field(client: httpx.AsyncClient, bell: HeardBell) -> None:
    answer = await client.post("/api/scripts", json={"title": "A title", "content": "It rains.\n"})
    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/scripts/1"
    script = raw(answer)
    assert script == {
        "id": 1,
        "title": "A title",
        "content": "It rains.\n",
        "style": None,
        "budget": None,
        "status": "draft",
        "version": 1,
        "archived_at": None,
        "created_at": "2026-03-01T12:00:01Z",
        "updated_at": "2026-03-01T12:00:01Z",
        "job": None,
        "cost": NO_COST,
        "estimate": NO_ESTIMATE,
    }
    assert raw(await client.get(answer.headers["location"])) == script
    assert len(bell.rings) == 1


async def test_a_title_may_be_missing_null_or_blank(client: httpx.AsyncClient) -> None:
    for body in ({"content": "a"}, {"content": "a", "title": None}, {"content": "a", "title": " "}):
        assert raw(await client.post("/api/scripts", json=body))["title"] is None


async def test_the_same_key_answers_the_same_script(client: httpx.AsyncClient, bell: HeardBell) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await client.post("/api/scripts", json={"content": "One."}, headers=key)
    again = await client.post("/api/scripts", json={"content": "One."}, headers=key)
    assert (again.status_code, again.headers["location"], raw(again)) == (201, "/api/scripts/1", raw(first))
    other = await client.post("/api/scripts", json={"content": "Two."}, headers=key)
    problem(other, 409, "IDEMPOTENCY_CONFLICT")
    assert len((await client.get("/api/scripts")).json()) == 1


@pytest.mark.parametrize("key", [" ", "k" * 201, "\u00ad"])
async def test_a_bad_key_is_named_by_its_header(client: httpx.AsyncClient, key: str) -> None:
    answer = await client.post(
        "/api/scripts", json={"content": "One."}, headers=[(b"Idempotency-Key", key.encode("latin-1"))]
    )
    assert problem(answer, 422, "INVALID")["errors"][0]["field"] == "Idempotency-Key"


async def test_too_long_is_413_and_names_the_field(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/scripts", json={"content": "a" * 2_001})
    said = problem(answer, 413, "LIMIT_EXCEEDED")
    assert said["errors"][0]["field"] == "content"
    assert "2001 characters; at most 2000" in said["detail"]
    problem(await client.post("/api/scripts", json={"content": "a", "title": "t" * 41}), 413, "LIMIT_EXCEEDED")
    assert (await client.post("/api/scripts", json={"content": "😀" * 2_000})).status_code == 201


async def test_editing_a_draft(client: httpx.AsyncClient, context: Context) -> None:
    script = await a_script(context, title="Old")
    answer = await client.put(f"/api/scripts/{script.id}", json={"content": "New text.", "expected_version": 1})
    changed = raw(answer)
    assert answer.status_code == 200
    assert (changed["title"], changed["content"], changed["version"]) == ("Old", "New text.", 2)
    assert changed["updated_at"] > changed["created_at"]
    assert raw(await client.put(f"/api/scripts/{script.id}", json={"title": "New"}))["title"] == "New"
    assert raw(await client.put(f"/api/scripts/{script.id}", json={"title": " "}))["title"] is None


async def test_editing_to_the_same_changes_nothing(client: httpx.AsyncClient, context: Context) -> None:
    script = await a_script(context, content="Same.")
    assert raw(await client.put(f"/api/scripts/{script.id}", json={"content": "Same."}))["version"] == 1


async def test_an_edit_of_nothing_is_declined(client: httpx.AsyncClient, context: Context) -> None:
    script = await a_script(context)
    for body in ({}, {"expected_version": 1}, {"title": None}, {"no_budget": False}):
        said = problem(await client.put(f"/api/scripts/{script.id}", json=body), 422, "INVALID")
        assert said["detail"] == "Give `title`, `content`, `style`, `budget` or `no_budget`."


async def test_another_version_is_a_conflict(client: httpx.AsyncClient, context: Context) -> None:
    script = await a_script(context)
    for method, path in (("PUT", ""), ("POST", "/approve")):
        body = {"expected_version": 7} | ({"title": "T"} if method == "PUT" else {})
        answer = await client.request(method, f"/api/scripts/{script.id}{path}", json=body)
        said = problem(answer, 409, "VERSION_CONFLICT")
        assert (said["current_version"], said["expected_version"]) == (1, 7)
        assert said["errors"][0]["field"] == "expected_version"
    assert await reading.read_script(script.id) == script


async def test_approving_starts_work(client: httpx.AsyncClient, context: Context, bell: HeardBell) -> None:
    script = await a_script(context)
    bell.rings.clear()
    answer = await client.post(f"/api/scripts/{script.id}/approve")
    assert answer.status_code == 202
    approved = raw(answer)
    assert (approved["status"], approved["version"]) == ("approved", 2)
    assert approved["job"] == {
        "id": 1,
        "state": "queued",
        "progress": {"fraction": 0.0, "completed": 0, "total": 0, "step": None, "seconds_left": None},
        "error": None,
    }
    assert [[wake.job_id for wake in ring.wakes] for ring in bell.rings] == [[1]]
    assert raw(await client.get(f"/api/scripts/{script.id}")) == approved


async def test_approving_twice_is_a_conflict_that_changes_nothing(client: httpx.AsyncClient, context: Context) -> None:
    script = await an_approved_script(context)
    said = problem(await client.post(f"/api/scripts/{script.id}/approve"), 409, "STATE_CONFLICT")
    assert (said["current_status"], said["wanted_status"]) == ("approved", "approved")
    assert await reading.read_script(script.id) == script


async def test_the_text_of_an_approved_script_is_fixed(client: httpx.AsyncClient, context: Context) -> None:
    script = await an_approved_script(context)
    said = problem(await client.put(f"/api/scripts/{script.id}", json={"content": "Other."}), 409, "STATE_CONFLICT")
    assert said["errors"][0]["field"] == "content"
    assert raw(await client.put(f"/api/scripts/{script.id}", json={"title": "Still"}))["title"] == "Still"


async def test_a_failed_segmentation_is_seen(client: httpx.AsyncClient, context: Context) -> None:
    script = await an_approved_script(context)
    job = await taken_job(context, Entity.SCRIPT, script.id)
    await failed(context, job, retryable=True)
    seen = raw(await client.get(f"/api/scripts/{script.id}"))["job"]
    assert seen["state"] == "retrying"
    assert seen["error"]["next_retry_at"].endswith("Z")
    assert {**seen["error"], "next_retry_at": None} == {
        "code": "PROVIDER_REFUSED",
        "message": "The prompt was refused.",
        "retryable": True,
        "next_retry_at": None,
    }


async def test_two_idempotency_keys_are_refused(client: httpx.AsyncClient) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = await client.post("/api/scripts", json={"content": "One."}, headers=headers)
    assert problem(answer, 422, "INVALID")["errors"][0]["field"] == "Idempotency-Key"
    answer = await client.post("/api/scripts/1/create-video", headers=headers)
    assert problem(answer, 422, "INVALID")["errors"][0]["field"] == "Idempotency-Key"
    assert (await client.get("/api/scripts")).json() == []


INVISIBLE = [
    "\u200b\ufeff",
    "\x01",
    " \n\t\u00a0",
    "\u2028\u3000",
    "\u202e\u2066",
    "\ue000",
    "\U000e0001",
    "\u00ad" * 9,
]


@pytest.mark.parametrize("content", INVISIBLE)
async def test_what_cannot_be_seen_is_blank(client: httpx.AsyncClient, content: str) -> None:
    answer = await client.post("/api/scripts", json={"content": content})
    assert problem(answer, 422, "INVALID")["errors"][0]["message"] == "`content` is blank. Write something in it."
    titled = raw(await client.post("/api/scripts", json={"content": f"{content}a", "title": content}))
    assert (titled["content"], titled["title"]) == (f"{content}a", None)


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\t", "\x07", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\u2069"])
async def test_a_title_is_one_line(client: httpx.AsyncClient, mark: str) -> None:
    body = {"content": f"One{mark}two.", "title": f"One{mark}two"}
    (error,) = problem(await client.post("/api/scripts", json=body), 422, "INVALID")["errors"]
    assert error["field"] == "title"
    assert f"U+{ord(mark[0]):04X}" in error["message"]
    assert raw(await client.post("/api/scripts", json={"content": body["content"]}))["content"] == body["content"]


async def test_titles_of_other_scripts_are_fine(client: httpx.AsyncClient) -> None:
    for title in ("मैं\u200d", "نص\u200f عربي", "👩\u200d🚀", "O\u2019Neill\u00a0& Co"):
        assert raw(await client.post("/api/scripts", json={"content": "a", "title": title}))["title"] == title


def test_a_long_text_is_seen_to_be_blank_at_once() -> None:
    def accept() -> None:
        with pytest.raises(InvalidInput):
            accept_text("\u200b\ufeff " * 100_000, name="content", most=300_000)

    assert_cheap(accept, 0.1)
