"""What a worker is told about its models when it starts."""

from __future__ import annotations

from datetime import date

import pytest

from domain.calls import ProviderError, ProviderErrorKind, Role
from providers.openai_compatible.models import ModelNotice, check_models, shutdown_notice
from providers.openai_compatible.options import ImageOptions, TextOptions
from tests.providers.openai_compatible.loopback import KEY, Asked, Reply, error_reply, json_reply, serving

TODAY = date(2026, 11, 22)


def listed(name: str, end: str | None = None) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 1, "owned_by": "system", "shutdown_date": end}


async def notices(reply: Reply, *, catalogue: Reply | None = None) -> list[ModelNotice]:
    def respond(asked: Asked) -> Reply:
        return catalogue if catalogue is not None and asked.path.endswith("/models") else reply

    async with serving(respond) as server:
        options = TextOptions(base_url=server.base_url, api_key=KEY, timeout_seconds=2)
        return await check_models([options], TODAY)


async def test_all_is_well() -> None:
    assert await notices(json_reply(listed("gpt-6-luna"))) == []
    assert await notices(json_reply(listed("gpt-6-luna", "2027-06-01"))) == []


@pytest.mark.parametrize(
    ("end", "words"), [("2026-12-11", "will be shut down on 2026-12-11"), ("2026-11-01", "was shut down on 2026-11-01")]
)
async def test_an_end_that_is_near(end: str, words: str) -> None:
    (notice,) = await notices(json_reply(listed("gpt-6-luna", end)))
    assert words in notice.message
    assert notice.urgent
    assert notice.shutdown_date == date.fromisoformat(end)


@pytest.mark.parametrize("told", [None, "", "soon", 7, "2026-13-45", [], "2027-01-22"])
def test_no_end_or_a_far_one(told: object) -> None:
    assert shutdown_notice(Role.TEXT, "m", told, TODAY) is None


def test_an_end_within_sixty_days() -> None:
    assert shutdown_notice(Role.IMAGES, "m", "2027-01-21", TODAY) is not None
    assert shutdown_notice(Role.IMAGES, "m", "2027-01-21T00:00:00Z", TODAY) is not None


async def test_a_bad_key_is_an_error() -> None:
    with pytest.raises(ProviderError, match="API key") as caught:
        await notices(error_reply(401, "invalid_api_key"))
    assert caught.value.kind is ProviderErrorKind.CONFIG
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("status", [301, 307, 400, 403, 404, 405, 406, 410, 422, 501])
async def test_a_server_that_tells_nothing_is_fine(status: int) -> None:
    """Of either role: its calls may work all the same, and it must not be paused."""
    async with serving(lambda _: error_reply(status, None)) as server:
        found = await check_models(
            [TextOptions(base_url=server.base_url), ImageOptions(base_url=server.base_url)], TODAY
        )
    assert [(notice.role, notice.urgent) for notice in found] == [(Role.TEXT, False), (Role.IMAGES, False)]


async def test_a_key_without_this_right_is_fine() -> None:
    reply = json_reply({"error": {"message": "Missing scopes: api.model.read", "code": None}}, 401)
    assert not (await notices(reply))[0].urgent


async def test_a_model_that_the_server_does_not_have() -> None:
    (notice,) = await notices(error_reply(404, "model_not_found"), catalogue=json_reply({"data": [listed("other")]}))
    assert notice.urgent
    assert "no model 'gpt-6-luna'" in notice.message
    (notice,) = await notices(error_reply(404, None), catalogue=json_reply({"data": [listed("gpt-6-luna")]}))
    assert not notice.urgent


@pytest.mark.parametrize(
    "reply", [Reply(200, b"<html>"), Reply(200, b""), Reply(503, b""), Reply(200, b"x", cut=0), Reply(200, b"[]")]
)
async def test_a_server_in_trouble_is_a_notice(reply: Reply) -> None:
    assert all(not notice.urgent for notice in await notices(reply, catalogue=reply))


async def test_each_server_is_asked_about_its_own_model() -> None:
    def respond(asked: Asked) -> Reply:
        return json_reply(listed(asked.path.rsplit("/", 1)[1], "2026-12-01" if "image" in asked.path else None))

    async with serving(respond) as server:
        base = server.base_url
        found = await check_models(
            [TextOptions(base_url=base), ImageOptions(base_url=base, model="gpt-image-1.5")], TODAY
        )
    assert [asked.path for asked in server.asked] == ["/v1/models/gpt-6-luna", "/v1/models/gpt-image-1.5"]
    assert [(notice.role, notice.model) for notice in found] == [(Role.IMAGES, "gpt-image-1.5")]
