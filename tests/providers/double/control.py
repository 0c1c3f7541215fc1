"""The double's second face: a test steers it and looks into it over HTTP, in the same process or in another."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.providers.double.models import CATALOGUE
from tests.providers.double.provider import Provider
from tests.providers.double.script import Endpoint, Rule


class Order(BaseModel):
    """What `POST /_control` takes; what is done is done in this order.

    `reset` forgets rules, ledger, requests and settings and lets go who waits; `clear` forgets the rules; `add` appends
    some; `release` opens a gate ("*": all there are). `key` is from now on the only API key let in ("": any), `ends`
    gives models another shutdown date.
    """

    model_config = ConfigDict(extra="forbid")

    reset: bool = False
    clear: bool = False
    add: list[Rule] = []
    release: str | None = None
    key: str | None = None
    ends: dict[str, date | None] = {}


class State(BaseModel):
    """What `GET /_control` shows: answers held, by gate; rules not used up; requests so far."""

    held: dict[str, int]
    rules: list[Rule]
    requests: int


def application(provider: Provider) -> Starlette:
    """The provider's endpoints under `/v1` and the control under `/_…`."""

    async def chat(request: Request) -> Response:
        return await provider.generate(Endpoint.CHAT, request)

    async def images(request: Request) -> Response:
        return await provider.generate(Endpoint.IMAGES, request)

    async def speech(request: Request) -> Response:
        return await provider.generate(Endpoint.SPEECH, request)

    async def control(request: Request) -> Response:
        if request.method == "POST":
            _obey(provider, Order.model_validate_json(await request.body()))
        state = State(held=provider.gates.waiting, rules=provider.script.left(), requests=len(provider.requests))
        return JSONResponse(state.model_dump(mode="json"))

    async def ledger(request: Request) -> Response:
        return JSONResponse([entry.model_dump(mode="json") for entry in provider.ledger.entries])

    async def requests(request: Request) -> Response:
        return JSONResponse(list(provider.requests))

    return Starlette(
        routes=[
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/images/generations", images, methods=["POST"]),
            Route("/v1/audio/speech", speech, methods=["POST"]),
            Route("/v1/models", provider.list_models, methods=["GET"]),
            Route("/v1/models/{model:path}", provider.list_models, methods=["GET"]),
            Route("/pictures/{name}", provider.picture, methods=["GET"]),
            Route("/_control", control, methods=["GET", "POST"]),
            Route("/_ledger", ledger, methods=["GET"]),
            Route("/_requests", requests, methods=["GET"]),
            Route("/{path:path}", provider.unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ]
    )


def _obey(provider: Provider, order: Order) -> None:
    if order.reset:
        provider.script.clear()
        provider.gates.shut()
        provider.ledger.clear()
        provider.requests.clear()
        provider.pictures.clear()
        provider.key, provider.models = None, CATALOGUE
    if order.clear:
        provider.script.clear()
    provider.script.add(order.add)
    if order.release is not None:
        provider.gates.release(None if order.release == "*" else order.release)
    if order.key is not None:
        provider.key = order.key or None
    provider.models = tuple(
        card.model_copy(update={"shutdown_date": order.ends[card.id]}) if card.id in order.ends else card
        for card in provider.models
    )
