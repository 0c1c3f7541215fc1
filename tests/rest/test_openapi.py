"""The OpenAPI document, and the page that shows it without loading anything from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import httpx

from tests.rest.making import problem, raw

OPERATIONS = {
    "/scripts": {"get": {"200"}, "post": {"201"}},
    "/scripts/{script_id}": {"get": {"200"}, "put": {"200"}},
    "/scripts/{script_id}/approve": {"post": {"202"}},
    "/scripts/{script_id}/scenes": {"get": {"200"}},
    "/scripts/{script_id}/music": {"get": {"200"}, "post": {"201"}},
    "/scripts/{script_id}/music/{music_id}": {"delete": {"204"}},
    "/scripts/{script_id}/create-video": {"post": {"200", "202"}},
    "/scripts/{script_id}/video": {"get": {"200"}},
    "/scripts/{script_id}/video-estimate": {"get": {"200"}},
    "/scripts/{script_id}/merge-scenes": {"post": {"200"}},
    "/scripts/{script_id}/reorder": {"post": {"200"}},
    "/scripts/{script_id}/duplicate": {"post": {"201"}},
    "/scripts/{script_id}/archive": {"post": {"200"}},
    "/scenes/{scene_id}": {"get": {"200"}, "put": {"200"}},
    "/scenes/{scene_id}/split": {"post": {"200"}},
    "/scenes/{scene_id}/approve": {"post": {"200", "202"}},
    "/scenes/{scene_id}/images": {"get": {"200"}, "post": {"201"}},
    "/images/{image_id}/approve": {"post": {"200"}},
    "/images/{image_id}/choose": {"post": {"200"}},
    "/images/{image_id}/reject": {"post": {"200", "202"}},
    "/videos/{video_id}": {"get": {"200"}},
    "/providers": {"get": {"200"}},
    "/jobs/{job_id}": {"get": {"200"}},
    "/jobs/{job_id}/retry": {"post": {"202"}},
    "/jobs/{job_id}/cancel": {"post": {"200"}},
}


async def test_exactly_these_operations(client: httpx.AsyncClient) -> None:
    document = raw(await client.get("/api/openapi.json"))
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "/api"}]
    assert {
        path: {method: {status for status in operation["responses"] if status < "300"}
               for method, operation in operations.items()}
        for path, operations in document["paths"].items()
    } == OPERATIONS  # fmt: skip


async def test_who_may_ask_is_said(client: httpx.AsyncClient) -> None:
    document = raw(await client.get("/api/openapi.json"))
    assert "HOST_REFUSED" in document["info"]["description"]
    for operations in document["paths"].values():
        for method, operation in operations.items():
            assert "HOST_REFUSED" in operation["responses"]["400"]["description"]
            assert ("403" in operation["responses"]) == (method != "get")


async def test_operations_are_called_as_the_commands_are(client: httpx.AsyncClient) -> None:
    document = raw(await client.get("/api/openapi.json"))
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(set(names)) == len(names)
    assert {"create_script", "approve_scene", "reject_image", "create_video", "retry_job"} < set(names)


async def test_every_answer_is_described(client: httpx.AsyncClient) -> None:
    document = raw(await client.get("/api/openapi.json"))
    for operations in document["paths"].values():
        for method, operation in operations.items():
            assert operation["description"]
            assert operation["tags"][0] in {tag["name"] for tag in document["tags"]}
            for status, answer in operation["responses"].items():
                if status == "204":
                    assert answer.keys() == {"description"}
                    continue
                content = "application/json" if status < "300" else "application/problem+json"
                assert list(answer["content"]) == [content]
                assert answer["description"]
                assert answer["content"][content]["schema"]
            if method in ("post", "put"):
                body = operation["requestBody"]
                ((kind, sent),) = body["content"].items()
                is_upload = operation["operationId"] in ("add_image", "add_music")
                assert kind == ("multipart/form-data" if is_upload else "application/json")
                required = bool(sent["schema"].get("required"))
                assert body["required"] is (required or method == "put")
                assert {"403", "409", "413", "415"} <= set(operation["responses"])
            for parameter in operation.get("parameters", []):
                assert parameter["description"]
                if parameter["in"] == "path":
                    assert parameter["schema"]["type"] == "integer"


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(references, node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()


async def test_all_references_lead_somewhere(client: httpx.AsyncClient) -> None:
    document = raw(await client.get("/api/openapi.json"))
    schemas = document["components"]["schemas"]
    assert references(document) == {f"#/components/schemas/{name}" for name in schemas}
    assert {"Script", "Scene", "Image", "Music", "Video", "Job", "Problem"} < set(schemas)
    for name in ("Script", "Scene", "Image", "Music", "Video", "Job", "Problem"):
        assert schemas[name]["description"]


class Addresses(HTMLParser):
    """Everything that a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href", "data-url") and value]


async def test_the_page_loads_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = await client.get("/api/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert not re.search(r"<script(?![^>]*src)|\son\w+=|\sstyle=", page.text)
    addresses = Addresses()
    addresses.feed(page.text)
    assert len(addresses.found) == 6
    for address in addresses.found:
        assert address.startswith("/api/")
        answer = await client.get(address)
        assert (answer.status_code, len(answer.content) > 100) == (200, True)
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_no_other_file_of_the_page(client: httpx.AsyncClient) -> None:
    for path in ("/api/docs/files/", "/api/docs/files/none.js", "/api/docs/"):
        problem(await client.get(path), 404, "NOT_FOUND")
    assert b"Apache License" in (await client.get("/api/docs/files/swagger-ui/LICENSE")).content
