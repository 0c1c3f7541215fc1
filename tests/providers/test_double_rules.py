"""The provider's double refuses what the real service refuses, in its words, and notes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.providers.double import Double, running_double

Json = dict[str, Any]

MESSAGES = [{"role": "user", "content": "Answer in JSON."}]
ROW = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


HTTP = httpx.Client(trust_env=False, verify=False)  # one for all: making one takes longer than a test


@pytest.fixture(scope="session", autouse=True)
def closed_at_the_end() -> Iterator[None]:
    yield
    HTTP.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Double]:
    with running_double() as double:
        yield double


@pytest.fixture
def double(running: Double) -> Double:
    running.reset()
    return running


def post(double: Double, path: str, body: object, **headers: str) -> httpx.Response:
    told = {"Authorization": "Bearer sk-test", **headers}
    return HTTP.post(f"{double.url}{path}", json=body, headers=told)


def assert_refused(double: Double, answer: httpx.Response, code: str | None, param: str | None) -> None:
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param), error["message"]
    [entry] = double.ledger
    assert (entry.valid, entry.charged, entry.outcome, entry.violation) == (False, False, "invalid", error["message"])


def chat(**members: Any) -> Json:
    return {"model": "gpt-6-luna", "messages": MESSAGES, **members}


def image(**members: Any) -> Json:
    return {"model": "gpt-image-2.5-flare", "prompt": "a boat", **members}


def speech(**members: Any) -> Json:
    return {"model": "gpt-4o-mini-tts", "input": "Hello.", "voice": "alloy", **members}


def in_format(schema: Json, strict: bool = True, name: str = "answer") -> Json:
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": strict}}


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (chat(colour="red"), "unknown_parameter", "colour"),
        (chat(messages=[MESSAGES[0] | {"mood": "calm"}]), "unknown_parameter", "messages[0].mood"),
        (chat(messages=[{"role": "user"}]), "missing_required_parameter", "messages[0].content"),
        (chat(messages=[{"role": "chef", "content": "x"}]), "invalid_value", "messages[0].role"),
        (chat(messages="x"), "invalid_type", "messages"),
        (chat(messages=[]), "invalid_value", "messages"),
        ({"model": "gpt-6-luna"}, "missing_required_parameter", "messages"),
        ({"messages": MESSAGES}, "missing_required_parameter", "model"),
        (chat(temperature="hot"), "invalid_type", "temperature"),
        (chat(temperature=3), "invalid_value", "temperature"),
        (chat(n=0), "invalid_value", "n"),
        (chat(max_tokens=5), "unsupported_parameter", "max_tokens"),
        (chat(max_completion_tokens=0), "integer_below_min_value", "max_completion_tokens"),
        (chat(model="gpt-4o", max_tokens=5, max_completion_tokens=5), "invalid_parameter_combination", "max_tokens"),
        (chat(model="local-text-object", max_completion_tokens=5), "unknown_parameter", "max_completion_tokens"),
        (chat(model="gpt-5", temperature=0.2), "unsupported_value", "temperature"),
        (chat(reasoning_effort="low", top_p=0.2), "unsupported_value", "top_p"),
        (chat(model="local-text-object", response_format=in_format(ROW)), "invalid_value", "response_format"),
        (
            chat(messages=[{"role": "user", "content": "Hi"}], response_format={"type": "json_object"}),
            "invalid_value",
            "messages",
        ),
        (chat(response_format={"type": "xml"}), "invalid_value", "response_format.type"),
        (chat(stream=True), "unsupported_value", "stream"),
    ],
)
def test_chat_requests_that_are_refused(double: Double, body: Json, code: str, param: str) -> None:
    assert_refused(double, post(double, "/chat/completions", body), code, param)


@pytest.mark.parametrize(
    "body",
    [
        chat(max_completion_tokens=500, temperature=0.2, seed=None),
        chat(reasoning_effort="none", top_p=0.2),
        chat(model="gpt-4o", max_tokens=500),
        chat(model="local-text-plain", max_tokens=500, temperature=0),
        chat(messages=[{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]),
        chat(response_format=in_format({"type": "object"}, strict=False)),
        chat(response_format=in_format(ROW)),
    ],
)
def test_chat_requests_that_are_taken(double: Double, body: Json) -> None:
    assert post(double, "/chat/completions", body).status_code == 200
    assert double.violations == []


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({**ROW, "additionalProperties": True}, "'additionalProperties' is required to be supplied and to be false"),
        ({**ROW, "required": []}, "including every key in properties. Missing 'n'"),
        ({"type": "array", "items": ROW}, "schema must be a JSON Schema of 'type: \"object\"'"),
        ({**ROW, "properties": {"n": {}}}, "In context=('properties', 'n'), schema must have a 'type' key"),
        ({**ROW, "properties": {"n": {"type": "array"}}}, "array schema missing items"),
        ({**ROW, "properties": {"n": {"type": "string", "default": "x"}}}, "'default' is not permitted"),
        ({**ROW, "properties": {"n": {"oneOf": [ROW], "type": "object"}}}, "'oneOf' is not permitted"),
        ({**ROW, "properties": {"n": {"type": "array", "items": {"type": "object"}}}}, "('properties', 'n', 'items')"),
        ({**ROW, "properties": {"n": {"anyOf": [{"type": "object"}]}}}, "('properties', 'n', 'anyOf', '0')"),
        (
            {**ROW, "properties": {"n": {"$ref": "#/$defs/R", "description": "x"}}, "$defs": {"R": ROW}},
            "$ref cannot have keywords ['description']",
        ),
        ({**ROW, "$defs": {"R": {"type": "object"}}}, "('$defs', 'R')"),
    ],
)
def test_strict_schemas_that_are_refused(double: Double, schema: Json, says: str) -> None:
    answer = post(double, "/chat/completions", chat(response_format=in_format(schema)))
    assert says in answer.json()["error"]["message"]
    assert_refused(double, answer, None, "response_format")


@pytest.mark.parametrize("name", ["two words", "", "x" * 65])
def test_a_schema_needs_a_proper_name(double: Double, name: str) -> None:
    answer = post(double, "/chat/completions", chat(response_format=in_format(ROW, name=name)))
    assert_refused(double, answer, None, "response_format")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"model": "gpt-image-2"}, "missing_required_parameter", "prompt"),
        (image(response_format="b64_json"), "unknown_parameter", "response_format"),
        (image(style="vivid"), "unknown_parameter", "style"),
        (image(seed=1), "unknown_parameter", "seed"),
        (image(quality="hd"), "invalid_value", "quality"),
        (image(quality="standard"), "invalid_value", "quality"),
        (image(quality="ultra"), "invalid_value", "quality"),
        (image(size="1280x720p"), "invalid_value", "size"),
        (image(size="1000x1000"), "invalid_value", "size"),
        (image(size="3200x1024"), "invalid_value", "size"),
        (image(size="3856x2160"), "invalid_value", "size"),
        (image(size="3840x2176"), "invalid_value", "size"),
        (image(size="800x800"), "invalid_value", "size"),
        (image(model="gpt-image-1.5", size="1280x720"), "invalid_value", "size"),
        (image(prompt=" "), "empty_string", "prompt"),
        (image(prompt="x" * 32_001), "string_above_max_length", "prompt"),
        (image(n=11), "invalid_value", "n"),
        (image(output_compression=50), "invalid_value", "output_compression"),
        (image(output_format="jpeg", background="transparent"), "invalid_value", "background"),
        (image(output_format="gif"), "invalid_value", "output_format"),
    ],
)
def test_image_requests_that_are_refused(double: Double, body: Json, code: str, param: str) -> None:
    assert_refused(double, post(double, "/images/generations", body), code, param)


@pytest.mark.parametrize(
    "body",
    [
        image(),
        image(size="auto", quality="auto", moderation="low", background="opaque", user="someone"),
        image(size="1536x512", quality="low"),
        image(size="2160x3840", output_format="jpeg", output_compression=50),
        image(model="gpt-image-1.5", size="1536x1024", quality="low"),
        image(model="local-image", size="96x54", response_format="b64_json", style="vivid", quality="hd"),
    ],
)
def test_image_requests_that_are_taken(double: Double, body: Json) -> None:
    assert post(double, "/images/generations", body).status_code == 200
    assert double.violations == []


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (speech(pitch=2), "unknown_parameter", "pitch"),
        (speech(speed=9), "invalid_value", "speed"),
        (speech(input="x" * 4097), "invalid_value", "input"),
        (speech(input=""), "empty_string", "input"),
        (speech(response_format="midi"), "invalid_value", "response_format"),
        (speech(voice="darth"), "invalid_value", "voice"),
        (speech(model="tts-1", instructions="Whisper."), "unsupported_parameter", "instructions"),
        ({"model": "tts-1", "input": "x"}, "missing_required_parameter", "voice"),
    ],
)
def test_speech_requests_that_are_refused(double: Double, body: Json, code: str, param: str) -> None:
    assert_refused(double, post(double, "/audio/speech", body), code, param)


@pytest.mark.parametrize("header", ["", "sk-test", "Basic c2s6", "Bearer", "Bearer a b"])
@pytest.mark.parametrize("path", ["/chat/completions", "/images/generations", "/audio/speech"])
def test_a_request_without_a_bearer_key_is_invalid(double: Double, path: str, header: str) -> None:
    answer = post(double, path, chat(), Authorization=header)
    assert answer.status_code == 401
    [entry] = double.ledger
    assert (entry.valid, entry.charged) == (False, False)


def test_only_the_agreed_key_is_let_in(double: Double) -> None:
    double.accept_only("sk-the-right-key-1234")
    answer = post(double, "/chat/completions", chat(), Authorization="Bearer sk-quite-another-5678")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert "sk-quite" in answer.json()["error"]["message"]
    assert post(double, "/chat/completions", chat(), Authorization="Bearer sk-the-right-key-1234").status_code == 200
    assert [(entry.valid, entry.charged) for entry in double.ledger] == [(True, False), (True, True)]


def test_a_body_must_be_a_json_object(double: Double) -> None:
    bodies = (b"{", b"[]", b'"x"', b"\xff", b"")
    headers = {"Authorization": "Bearer sk-test", "Content-Type": "application/json"}
    for body in bodies:
        answer = HTTP.post(f"{double.url}/images/generations", content=body, headers=headers)
        assert answer.status_code == 400
    form = HTTP.post(f"{double.url}/images/generations", data={"prompt": "x"}, headers=headers)
    assert form.status_code == 400
    assert len(double.violations) == len(bodies) + 1


def test_other_addresses_and_models_of_another_kind_are_refused(double: Double) -> None:
    assert post(double, "/responses", chat()).status_code == 404
    assert post(double, "/chat/completions", chat(model="gpt-image-2")).status_code == 404
    assert post(double, "/images/generations", image(model="gpt-6-luna")).status_code == 404
    assert len(double.violations) == 3


def test_a_model_that_has_ended_is_not_found_but_no_violation(double: Double) -> None:
    answer = post(double, "/images/generations", image(model="dall-e-3", style="vivid"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    [entry] = double.ledger
    assert (entry.valid, entry.charged, entry.model, entry.outcome) == (True, False, "dall-e-3", "model_not_found")
