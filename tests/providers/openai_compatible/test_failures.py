"""Everything that can go wrong with a call, sent over real HTTP through the real client."""

from __future__ import annotations

import logging
import pickle
import socket
import subprocess
import sys
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from domain.calls import ProviderError, ProviderErrorKind, Role
from domain.errors import JobErrorCode
from domain.generation import ImageRequest, PromptRequest
from providers.openai_compatible.failures import ErrorAnswer, clean_request_id, from_answer, retry_after
from providers.openai_compatible.images import OpenAIImages
from providers.openai_compatible.options import ImageOptions, TextOptions
from providers.openai_compatible.text import OpenAIText
from tests.providers.openai_compatible.loopback import (
    CANARY,
    KEY,
    MemoryBook,
    Reply,
    chat_reply,
    error_reply,
    json_reply,
    serving,
)

RETRY, QUOTA, CONFIG, PROMPT, BAD = (
    ProviderErrorKind.RETRY,
    ProviderErrorKind.QUOTA,
    ProviderErrorKind.CONFIG,
    ProviderErrorKind.PROMPT,
    ProviderErrorKind.BAD_OUTPUT,
)
IMAGE = ImageRequest(prompt=CANARY, width=1024, height=1024, attempt=1, order=1)
PROMPT_REQUEST = PromptRequest(text=CANARY, title=None, order=1, attempt=1)
HTML = Reply(200, b"<!DOCTYPE html><p>Welcome</p>", {"content-type": "text/html"})


async def failure_of(reply: Reply, role: Role, *, seconds: float = 5.0) -> tuple[ProviderError, int]:
    """The error that an answer leads to, and how many requests were sent."""
    async with serving(lambda _: reply) as server:
        error = await failure_at(server.base_url, role, seconds=seconds)
        return error, len(server.asked)


async def failure_at(base_url: str, role: Role, *, seconds: float = 5.0) -> ProviderError:
    book = MemoryBook()
    if role is Role.TEXT:
        text = OpenAIText(TextOptions(base_url=base_url, api_key=KEY, timeout_seconds=seconds))
        try:
            with pytest.raises(ProviderError) as caught:
                await text.write_prompt(PROMPT_REQUEST, book)
        finally:
            await text.aclose()
    else:
        images = OpenAIImages(ImageOptions(base_url=base_url, api_key=KEY, timeout_seconds=seconds))
        try:
            with pytest.raises(ProviderError) as caught:
                await images.make_image(IMAGE, book)
        finally:
            await images.aclose()
    assert_holds_nothing_secret(caught.value)
    assert not book.answers
    return caught.value


def assert_holds_nothing_secret(error: ProviderError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (again.kind, again.code, again.charged) == (error.kind, error.code, error.charged)
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = "".join(traceback.format_exception(error)) + repr(vars(error)) + repr(pickle.dumps(error))
    assert KEY not in shown
    assert "heron" not in shown
    assert error.message.endswith(".")


@pytest.mark.parametrize("role", [Role.TEXT, Role.IMAGES])
@pytest.mark.parametrize(
    ("status", "code", "kind", "expected", "charged"),
    [
        (429, "rate_limit_exceeded", RETRY, JobErrorCode.RATE_LIMITED, False),
        (429, None, RETRY, JobErrorCode.RATE_LIMITED, False),
        (429, "insufficient_quota", QUOTA, JobErrorCode.QUOTA_EXHAUSTED, False),
        (429, "project_spend_limit_exceeded", QUOTA, JobErrorCode.QUOTA_EXHAUSTED, False),
        (400, "billing_hard_limit_reached", QUOTA, JobErrorCode.QUOTA_EXHAUSTED, False),
        (403, "billing_not_active", QUOTA, JobErrorCode.QUOTA_EXHAUSTED, False),
        (402, None, QUOTA, JobErrorCode.QUOTA_EXHAUSTED, False),
        (400, "moderation_blocked", PROMPT, JobErrorCode.PROVIDER_REFUSED, False),
        (400, "content_policy_violation", PROMPT, JobErrorCode.PROVIDER_REFUSED, False),
        (400, "content_filter", PROMPT, JobErrorCode.PROVIDER_REFUSED, False),
        (400, "invalid_prompt", PROMPT, JobErrorCode.PROVIDER_REFUSED, False),
        (401, "invalid_api_key", CONFIG, JobErrorCode.PROVIDER_UNAVAILABLE, False),
        (403, None, CONFIG, JobErrorCode.PROVIDER_UNAVAILABLE, False),
        (404, "model_not_found", CONFIG, JobErrorCode.PROVIDER_UNAVAILABLE, False),
        (405, None, CONFIG, JobErrorCode.PROVIDER_UNAVAILABLE, False),
        (408, None, RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, False),
        (409, None, RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, False),
        (425, None, RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, False),
        (500, None, RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, False),
        (502, None, RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, True),
        (502, "insufficient_quota", QUOTA, JobErrorCode.QUOTA_EXHAUSTED, False),
        (503, None, RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, False),
        (504, None, RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, True),
        (520, None, RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, True),
        (521, None, RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, False),
        (524, None, RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, True),
    ],
)
async def test_error_answers(
    role: Role, status: int, code: str | None, kind: ProviderErrorKind, expected: JobErrorCode, charged: bool
) -> None:
    error, sent = await failure_of(error_reply(status, code, x_request_id="req_1", retry_after="7"), role)
    assert (error.kind, error.code, error.charged, sent) == (kind, expected, charged, 1)
    assert error.request_id == "req_1"
    assert error.retry_after == (7.0 if kind is RETRY else None)
    assert error.retryable is (kind is RETRY)


@pytest.mark.parametrize(
    ("role", "status", "code", "param", "kind"),
    [
        (Role.TEXT, 400, "unsupported_parameter", "response_format", CONFIG),
        (Role.TEXT, 400, None, None, CONFIG),
        (Role.TEXT, 422, None, None, CONFIG),
        (Role.TEXT, 400, "context_length_exceeded", "messages", CONFIG),
        (Role.TEXT, 413, None, None, CONFIG),
        (Role.IMAGES, 400, "invalid_value", "size", CONFIG),
        (Role.IMAGES, 400, "unknown_parameter", "output_format", CONFIG),
        (Role.IMAGES, 400, None, None, PROMPT),
        (Role.IMAGES, 422, None, None, PROMPT),
        (Role.IMAGES, 400, "string_above_max_length", "prompt", PROMPT),
        (Role.IMAGES, 413, None, None, PROMPT),
    ],
)
async def test_one_odd_prompt_does_not_stop_all_pictures(
    role: Role, status: int, code: str | None, param: str | None, kind: ProviderErrorKind
) -> None:
    error, _ = await failure_of(error_reply(status, code, param=param), role)
    assert error.kind is kind
    assert not error.retryable


async def test_a_refusal_names_its_way_out() -> None:
    error, _ = await failure_of(error_reply(400, "moderation_blocked"), Role.IMAGES)
    assert "Edit the scene's text" in error.message
    assert "prompt of your own" in error.message


async def test_errors_in_other_shapes() -> None:
    azure = {"error": {"code": "bad", "innererror": {"code": "ResponsibleAIPolicyViolation_content_filter"}}}
    assert (await failure_of(json_reply(azure, 400), Role.TEXT))[0].kind is PROMPT
    page = Reply(502, b"<html><title>502</title></html>", {"content-type": "text/html"})
    assert (await failure_of(page, Role.IMAGES))[0].charged
    for body in (b"", b"[]", b'"x"', b"{", b'{"error": "no"}', b'{"error": {"code": 7, "type": [], "param": {}}}'):
        error, _ = await failure_of(Reply(503, body, {"content-type": "application/json"}), Role.TEXT)
        assert (error.kind, error.code) == (RETRY, JobErrorCode.PROVIDER_UNAVAILABLE)


async def test_a_redirect_is_not_followed() -> None:
    async with serving(lambda _: chat_reply(CANARY)) as elsewhere:
        reply = Reply(307, b"", {"location": f"{elsewhere.base_url}/chat/completions"})
        error, sent = await failure_of(reply, Role.TEXT)
        assert (error.kind, error.charged, sent, elsewhere.asked) == (CONFIG, False, 1, [])


@pytest.mark.parametrize("role", [Role.TEXT, Role.IMAGES])
@pytest.mark.parametrize(
    "reply",
    [
        HTML,
        Reply(200, b""),
        Reply(200, b'"plain"', {"content-type": "application/json"}),
        Reply(200, b"{}", {"content-type": "application/json"}),
        Reply(200, b"[" * 50_000, {"content-type": "application/json"}),
        Reply(200, b'{"choices": [{}], "data": [7]}'),
        Reply(200, b'{"choices": [], "data": []}'),
        Reply(200, b'{"choices": null, "data": null}'),
        Reply(200, b"not gzip", {"content-encoding": "gzip"}),
    ],
)
async def test_answers_of_no_use(role: Role, reply: Reply) -> None:
    error, sent = await failure_of(reply, role)
    assert (error.kind, error.code, error.charged, sent) == (BAD, JobErrorCode.BAD_OUTPUT, True, 1)
    assert error.retryable


@pytest.mark.parametrize(
    ("code", "kind", "charged"),
    [
        (429, RETRY, False),
        (402, QUOTA, False),
        (504, RETRY, True),
        ("odd", RETRY, True),
        (None, RETRY, True),
        ("insufficient_quota", QUOTA, False),
        ("content_policy_violation", PROMPT, False),
        ("rate_limit_exceeded", RETRY, False),
        ("invalid_api_key", CONFIG, False),
    ],
)
async def test_an_error_with_status_200(code: object, kind: ProviderErrorKind, charged: bool) -> None:
    error, _ = await failure_of(json_reply({"error": {"code": code, "message": CANARY}}), Role.IMAGES)
    assert (error.kind, error.charged) == (kind, charged)


@pytest.mark.parametrize("role", [Role.TEXT, Role.IMAGES])
async def test_a_server_that_is_not_there(role: Role) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = await failure_at(f"http://127.0.0.1:{taken.getsockname()[1]}/v1", role)
    assert (error.kind, error.code, error.charged) == (RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, False)


async def test_tls_that_fails_was_not_sent() -> None:
    async with serving(lambda _: chat_reply("x")) as server:
        error = await failure_at(server.base_url.replace("http:", "https:"), Role.TEXT, seconds=2.0)
    assert (error.kind, error.charged) == (RETRY, False)


async def test_an_impossible_address() -> None:
    error = await failure_at("ftp://127.0.0.1/v1", Role.TEXT)
    assert error.charged is False


@pytest.mark.parametrize("role", [Role.TEXT, Role.IMAGES])
@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(200, b"x" * 100, cut=0), JobErrorCode.PROVIDER_UNAVAILABLE),
        (Reply(200, b"x" * 100, cut=50), JobErrorCode.PROVIDER_UNAVAILABLE),
        (Reply(200, b"x" * 100, pause=5.0), JobErrorCode.TIMED_OUT),
        (Reply(200, b"x" * 100, pause=0.1, pieces=100), JobErrorCode.TIMED_OUT),
    ],
    ids=["closed before", "closed midway", "silent", "drop by drop"],
)
async def test_an_answer_that_does_not_arrive_may_have_been_charged(role: Role, reply: Reply, code: str) -> None:
    error, sent = await failure_of(reply, role, seconds=1.0)
    assert (error.kind, error.code, error.charged, sent) == (RETRY, code, True, 1)


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after": "99999"}, 3600.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "x", "retry-after": "9"}, 9.0),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=30), usegmt=True)}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:10"}, 10.0),
        ({"retry-after": format_datetime(NOW - timedelta(days=1))}, 0.0),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize("value", [None, "", "a b", "x" * 200, "req\n1", "é", KEY, f"req_{KEY}", f"{KEY[3:12]}..."])
def test_a_strange_request_id_is_dropped(value: str | None) -> None:
    """One that repeats a piece of the key among them."""
    assert clean_request_id(value, {"authorization": f"Bearer {KEY}"}) is None


@pytest.mark.parametrize("role", list(Role))
def test_every_status_has_words(role: Role) -> None:
    for status in range(300, 600):
        error = from_answer(ErrorAnswer(status), role)
        assert error.message.startswith("The ")
        assert error.message.endswith(".")


async def test_logs_hold_neither_key_nor_prompt(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await failure_of(error_reply(500, None), Role.IMAGES)
    await failure_of(HTML, Role.TEXT)
    assert KEY not in caplog.text
    assert "heron" not in caplog.text


def test_options_load_nothing_heavy() -> None:
    command = (
        "import sys, providers.openai_compatible.options; sys.exit('openai' in sys.modules or 'httpx' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", command], cwd=Path(__file__).parents[3], check=False).returncode == 0


def test_options_show_no_key_and_refuse_a_broken_one() -> None:
    assert KEY not in repr(TextOptions(api_key=KEY)) + repr(ImageOptions(api_key=KEY))
    for key in ("sk-1\n", "sk 1", "sk-é"):
        with pytest.raises(ValueError, match="API key") as caught:
            TextOptions(api_key=key)
        assert key not in str(caught.value)
