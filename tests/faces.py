"""Both faces over one system, in this process: the same command by REST and by GraphQL, and how each answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from graph.live import EventFeed
from graph.view import create_graphql
from rest.app import create_rest
from workflow.context import Context

Json = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """A command as both faces know it. `path` has the id as `{id}`; `arguments` besides the id, in snake case.

    `id_argument` is empty where GraphQL needs no id besides them.
    """

    entity: str
    mutation: str
    method: str
    path: str
    arguments: Mapping[str, Any]
    id_argument: str = "id"


COMMANDS: Mapping[str, Command] = {
    "update_script": Command("script", "updateScript", "PUT", "/api/scripts/{id}", {"content": "Another text."}),
    "fund_script": Command(
        "script", "updateScript", "PUT", "/api/scripts/{id}", {"style": "Ink on paper.", "budget": "12.5"}
    ),
    "approve_script": Command("script", "approveScript", "POST", "/api/scripts/{id}/approve", {}),
    "create_video": Command("script", "createVideo", "POST", "/api/scripts/{id}/create-video", {}, "scriptId"),
    "update_scene": Command("scene", "updateScene", "PUT", "/api/scenes/{id}", {"text": "Another text."}),
    "approve_scene": Command("scene", "approveScene", "POST", "/api/scenes/{id}/approve", {}),
    "approve_image": Command("image", "approveImage", "POST", "/api/images/{id}/approve", {}),
    "accept_stale_image": Command("image", "approveImage", "POST", "/api/images/{id}/approve", {"accept_stale": True}),
    "reject_image": Command("image", "rejectImage", "POST", "/api/images/{id}/reject", {"feedback": "Darker."}),
    "split_scene": Command("scene", "splitScene", "POST", "/api/scenes/{id}/split", {"at": 5}),
    "merge_scenes": Command("script", "mergeScenes", "POST", "/api/scripts/{id}/merge-scenes", {}, ""),
    "reorder_scenes": Command("script", "reorderScenes", "POST", "/api/scripts/{id}/reorder", {}, "scriptId"),
    "choose_image": Command("image", "chooseImage", "POST", "/api/images/{id}/choose", {}),
    "duplicate_script": Command("script", "duplicateScript", "POST", "/api/scripts/{id}/duplicate", {}),
    "archive_script": Command("script", "archiveScript", "POST", "/api/scripts/{id}/archive", {}),
    "retry_job": Command("job", "retryJob", "POST", "/api/jobs/{id}/retry", {}),
    "retry_video_job": Command("job", "retryJob", "POST", "/api/jobs/{id}/retry", {}),
    "cancel_job": Command("job", "cancelJob", "POST", "/api/jobs/{id}/cancel", {}),
}


@dataclass(frozen=True)
class Faces:
    """A client of both."""

    http: httpx.AsyncClient

    async def rest(self, command: str, entity_id: int, **more: Any) -> str | None:
        """None if the command was taken, else the code of the problem."""
        known = COMMANDS[command]
        path = known.path.format(id=entity_id)
        response = await self.http.request(known.method, path, json={**known.arguments, **more})
        if response.is_success:
            return None
        assert response.headers["content-type"] == "application/problem+json"
        code: str = response.json()["code"]
        return code

    async def graphql(self, command: str, entity_id: int, **more: Any) -> str | None:
        """None if the command was taken, else the code of the user error."""
        known = COMMANDS[command]
        kind = known.mutation[0].upper() + known.mutation[1:] + "Input!"
        document = f"mutation($input: {kind}) {{ {known.mutation}(input: $input) {{ userErrors {{ code message }} }} }}"
        given = {_camel(name): _global(name, value) for name, value in {**known.arguments, **more}.items()}
        own = {known.id_argument: f"{known.entity}_{entity_id}"} if known.id_argument else {}
        arguments = {**own, **given}
        payload = (await self.query(document, input=arguments))[known.mutation]
        return payload["userErrors"][0]["code"] if payload["userErrors"] else None

    async def query(self, document: str, **variables: Any) -> Json:
        """The `data` of an operation without errors."""
        response = await self.http.post("/graphql", json={"query": document, "variables": variables})
        answer = response.json()
        assert "errors" not in answer, answer
        data: Json = answer["data"]
        return data

    async def by(self, face: str, command: str, entity_id: int, **more: Any) -> str | None:
        """The same by the face of this name."""
        return await (self.rest if face == "rest" else self.graphql)(command, entity_id, **more)


@asynccontextmanager
async def open_faces(context: Context) -> AsyncIterator[Faces]:
    """Both faces on this system."""
    feed = EventFeed()
    app = Starlette(routes=[*create_graphql(context, feed), Mount("/api", create_rest(context))])
    async with (
        feed.running(),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", timeout=30) as client,
    ):
        yield Faces(client)


def _global(name: str, value: Any) -> Any:
    return [f"scene_{scene_id}" for scene_id in value] if name == "scene_ids" else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
