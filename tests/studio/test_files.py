"""The page's files: how they are served, that they fit the schema, and that nothing foreign is in them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from graphql import parse, validate
from starlette.applications import Starlette
from starlette.testclient import TestClient

from graph.schema import schema
from studio.serving import FOLDER, studio_routes
from tests.node import node

NODE = Path(__file__).parent / "node"
OURS = [
    path for path in FOLDER.rglob("*") if path.suffix in (".js", ".css", ".html", ".svg") and "vendor" not in path.parts
]


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(Starlette(routes=studio_routes()))


def linked(client: TestClient) -> list[str]:
    return re.findall(r'(?:href|src)="(/studio/[^"]+)"', client.get("/").text)


@pytest.mark.parametrize("path", ["/", "/new", "/review", "/jobs", "/scripts/7", "/scripts/7/scenes"])
def test_the_page_is_at_each_of_its_addresses(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert client.get(path, headers={"if-none-match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/graphql", "/api", "/media/x", "/healthz", "/readyz", "/other", "/newer"])
def test_it_is_at_no_other(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_what_it_loads_is_kept_for_good_under_the_build_it_belongs_to(client: TestClient) -> None:
    addresses = linked(client)
    assert len(addresses) > 30
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    build = addresses[0].split("/")[2]
    stale = addresses[0].replace(build, "0" * len(build))
    assert client.get(stale).status_code == 404
    assert client.get(f"/studio/{build}/serving.py").status_code == 404
    assert client.get(f"/studio/{build}/../serving.py").status_code == 404


def test_it_is_small(client: TestClient) -> None:
    """All that a first visit loads, as it goes over the wire."""
    packed = 0
    for address in {*linked(client), "/"}:
        with client.stream("GET", address, headers={"accept-encoding": "gzip"}) as answer:
            packed += sum(len(part) for part in answer.iter_raw())
    assert packed < 220_000


def test_every_module_is_named_by_the_page(client: TestClient) -> None:
    named = {address.split("/", 3)[3] for address in linked(client)}
    assert {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.js")} <= named


def test_our_own_files_name_no_other_host_and_stay_short() -> None:
    for path in OURS:
        text = path.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        text = text.replace('"http://schemas.openxmlformats.org/wordprocessingml/2006/main"', "")
        assert not re.search(r"(?:https?:)//[a-z]", text), path
        assert path.name == "messages.js" or len(text.splitlines()) <= 310, path


def test_vendored_files_are_licensed() -> None:
    licences = (FOLDER / "vendor" / "LICENSES.md").read_text("utf-8")
    for path in (FOLDER / "vendor").rglob("*.*"):
        if path.suffix in (".js", ".woff2"):
            assert path.name in licences


def test_its_documents_fit_the_schema() -> None:
    program, missing = node(NODE)
    if program is None:
        pytest.skip(missing)
    script = (
        f"import * as all from {json.dumps(str(FOLDER / 'core' / 'documents.js'))};"
        "const texts = Object.values(all).flatMap(one => typeof one === 'string' ? [one] : Object.values(one));"
        "console.log(JSON.stringify(texts));"
    )
    run = subprocess.run([program, "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    documents = json.loads(run.stdout)
    assert len(documents) > 25
    for document in documents:
        assert validate(schema._schema, parse(document)) == [], document


def test_its_types_are_right() -> None:
    program, missing = node(NODE)
    if program is None:
        pytest.skip(missing)
    compiler = NODE / "node_modules" / "typescript" / "bin" / "tsc"
    run = subprocess.run([program, str(compiler), "-p", str(NODE)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
