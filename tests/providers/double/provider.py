"""The double itself: takes a request, judges it, notes it in the ledger and answers as scripted."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import ceil

from starlette.requests import Request
from starlette.responses import Response

from tests.providers.double.answers import Answer, Call, Payload, answer_to, echoing, json_payload, spoiled_payload
from tests.providers.double.brain import Brain, think
from tests.providers.double.document import fault_in
from tests.providers.double.errors import Json, Refusal, invalid_key, model_not_found, refusal_for
from tests.providers.double.ledger import Ledger, canonical, digest
from tests.providers.double.models import CATALOGUE, ModelCard
from tests.providers.double.rules import LEAST_PIXELS, broken_rule
from tests.providers.double.script import Behaviour, Body, Endpoint, RetryAfter, Script
from tests.providers.double.wire import Delivery, Drop, Gates

_BEARER = re.compile(r"Bearer (\S+)")
_SCHEMAS = {
    Endpoint.CHAT: "CreateChatCompletionRequest",
    Endpoint.IMAGES: "CreateImageRequest",
    Endpoint.SPEECH: "CreateSpeechRequest",
}
_REMEMBERED = 2000
_GOOD = Behaviour()


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came. `key` is None without a usable Authorization header."""

    seq: int
    request_id: str
    path: str
    key: str | None
    body: Json
    arrived: float
    base: str
    parse_fault: Refusal | None = None

    @property
    def model(self) -> str | None:
        named = self.body.get("model")
        return named if isinstance(named, str) else None


@dataclass(slots=True)
class Provider:
    """State of a running double. `key` is the one API key let in; None: any. Belongs to the server's event loop."""

    ledger: Ledger
    drop: Drop
    brain: Brain = think
    key: str | None = None
    least_pixels: int = LEAST_PIXELS
    models: tuple[ModelCard, ...] = CATALOGUE
    script: Script = field(default_factory=Script)
    gates: Gates = field(default_factory=Gates)
    pictures: dict[str, Payload] = field(default_factory=dict)
    requests: deque[Json] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    async def incoming(self, request: Request) -> Incoming:
        """Reads a request and remembers it."""
        body, fault = _parsed(await request.body(), request)
        bearer = _BEARER.fullmatch(request.headers.get("authorization", ""))
        taken = Incoming(
            seq=self.ledger.next_seq(),
            request_id=f"req_{uuid.uuid4().hex}",
            path=request.url.path,
            key=bearer[1] if bearer else None,
            body=body,
            arrived=time.monotonic(),
            base=str(request.base_url),
            parse_fault=fault,
        )
        self.requests.append(
            {"seq": taken.seq, "path": taken.path, "headers": dict(request.headers), "body": taken.body}
        )
        return taken

    async def generate(self, endpoint: Endpoint, request: Request) -> Response:
        """Chat, images and speech."""
        taken = await self.incoming(request)
        card = next((card for card in self.models if card.id == taken.model), None)
        fault = self._key_missing(taken) or taken.parse_fault or fault_in(_SCHEMAS[endpoint], taken.body)
        if fault is None and card is not None:
            fault = broken_rule(endpoint, taken.body, card, least_pixels=self.least_pixels)
        if fault is not None:
            return self._invalid(taken, fault)
        if refusal := self._unserved(taken, card):
            return self._refused(taken, refusal, str(refusal.code))
        assert card is not None
        behaviour, chance = self.script.next(
            endpoint, model=card.id, text=canonical(taken.body), digest=digest(taken.body)
        )
        if behaviour.error is not None:
            return self._scripted_error(taken, behaviour)
        if behaviour.redirect is not None:
            return self._sent_on(taken, behaviour)
        call = Call(
            endpoint, taken.body, card, behaviour, chance, taken.seq, self.brain,
            lambda data, media_type: self._kept(taken, data, media_type),
        )  # fmt: skip
        answer = await asyncio.to_thread(answer_to, call)
        return self._answered(taken, behaviour, answer)

    async def list_models(self, request: Request) -> Response:
        """All models, or the one that the path names."""
        taken = await self.incoming(request)
        if fault := self._key_missing(taken):
            return self._invalid(taken, fault)
        wanted: str | None = request.path_params.get("model")
        found = [card for card in self.models if wanted in (None, card.id)]
        refusal = self._wrong_key(taken) or (None if found else model_not_found(str(wanted)))
        if refusal:
            return self._refused(taken, refusal, str(refusal.code))
        behaviour, _ = self.script.next(Endpoint.MODELS, model=wanted, text=taken.path, digest=digest(taken.path))
        if behaviour.error is not None:
            return self._scripted_error(taken, behaviour)
        listed = [] if behaviour.body is Body.NOTHING else [card.listed() for card in found]
        body = found[0].listed() if wanted else {"object": "list", "data": listed}
        payload = spoiled_payload(json_payload(body), behaviour)
        return self._answered(taken, behaviour, Answer(payload), charged=False)

    async def picture(self, request: Request) -> Response:
        """A picture that an answer pointed at."""
        taken = await self.incoming(request)
        behaviour, _ = self.script.next(Endpoint.PICTURES, model=None, text=taken.path, digest=digest(taken.path))
        payload = self.pictures.get(request.path_params["name"])
        if behaviour.error is not None or payload is None:
            refusal = Refusal(404, "No such picture.")
            if behaviour.error is not None:
                refusal = refusal_for(behaviour.error, model="", key="", request_id=taken.request_id)
            return self._refused(taken, refusal, behaviour.outcome if behaviour.error else "no_such_picture")
        if behaviour.redirect is not None:
            return self._sent_on(taken, behaviour)
        return self._answered(taken, behaviour, Answer(spoiled_payload(payload, behaviour)), charged=False)

    async def unknown(self, request: Request) -> Response:
        """What is not served at all."""
        taken = await self.incoming(request)
        return self._invalid(taken, Refusal(404, f"Invalid URL ({request.method} {request.url.path})"))

    def _kept(self, taken: Incoming, data: bytes, media_type: str) -> str:
        name = f"{taken.seq}-{len(self.pictures)}.{media_type.removeprefix('image/')}"
        self.pictures[name] = Payload(data, media_type)
        return f"{taken.base}pictures/{name}"

    def _key_missing(self, taken: Incoming) -> Refusal | None:
        if taken.key is not None:
            return None
        return Refusal(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer "
            "auth (i.e. Authorization: Bearer YOUR_KEY).",
        )

    def _wrong_key(self, taken: Incoming) -> Refusal | None:
        return invalid_key(taken.key or "") if self.key not in (None, taken.key) else None

    def _unserved(self, taken: Incoming, card: ModelCard | None) -> Refusal | None:
        if refusal := self._wrong_key(taken):
            return refusal
        return model_not_found(str(taken.model)) if card is None else None

    def _invalid(self, taken: Incoming, fault: Refusal) -> Response:
        self._note(taken, valid=False, outcome="invalid", violation=_ascii(fault.message))
        return self._delivery(taken, _refusal_payload(fault), _GOOD)

    def _refused(self, taken: Incoming, refusal: Refusal, outcome: str) -> Response:
        self._note(taken, outcome=outcome)
        return self._delivery(taken, _refusal_payload(refusal), _GOOD)

    def _scripted_error(self, taken: Incoming, behaviour: Behaviour) -> Response:
        assert behaviour.error is not None
        refusal = refusal_for(
            behaviour.error, model=taken.model or "", key=taken.key or "", request_id=taken.request_id
        )
        self._note(taken, charged=behaviour.is_charged, outcome=behaviour.outcome)
        return self._delivery(taken, _refusal_payload(refusal), behaviour, _retry_headers(behaviour))

    def _sent_on(self, taken: Incoming, behaviour: Behaviour) -> Response:
        assert behaviour.redirect is not None
        self._note(taken, charged=False, outcome=behaviour.outcome)
        return Response(status_code=302, headers={"location": behaviour.redirect})

    def _answered(self, taken: Incoming, behaviour: Behaviour, answer: Answer, charged: bool | None = None) -> Response:
        charged = behaviour.is_charged if charged is None else charged
        self._note(taken, charged=charged, usage=answer.usage if charged else None, outcome=behaviour.outcome)
        return self._delivery(taken, answer.payload, behaviour)

    def _note(
        self, taken: Incoming, *, outcome: str, valid: bool = True, charged: bool = False, usage: Json | None = None,
        violation: str | None = None,
    ) -> None:  # fmt: skip
        self.ledger.write(
            seq=taken.seq, path=taken.path, model=None if taken.model is None else _ascii(taken.model), valid=valid,
            charged=charged, usage=usage, request_id=taken.request_id, request_sha256=digest(taken.body),
            outcome=outcome, violation=violation,
        )  # fmt: skip

    def _delivery(
        self, taken: Incoming, payload: Payload, behaviour: Behaviour, headers: dict[str, str] | None = None
    ) -> Response:
        told = {
            "x-request-id": taken.request_id,
            "openai-version": "2020-10-01",
            "openai-processing-ms": str(ceil((time.monotonic() - taken.arrived) * 1000)),
        }
        if behaviour.echo:
            payload = echoing(payload, f"{taken.key} {canonical(taken.body)}")
            told["x-request-id"] = taken.key or ""
        return Delivery(payload, behaviour, headers=told | (headers or {}), gates=self.gates, drop=self.drop)


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


def _parsed(raw: bytes, request: Request) -> tuple[Json, Refusal | None]:
    """A request's JSON object, or an empty one and what is wrong."""
    if request.method == "GET":
        return {}, None
    said = Refusal(400, "We could not parse the JSON body of your request.")
    if not request.headers.get("content-type", "").startswith("application/json"):
        return {}, said
    try:
        body = json.loads(raw)
    except ValueError:
        return {}, said
    return (body, None) if isinstance(body, dict) else ({}, said)


def _refusal_payload(refusal: Refusal) -> Payload:
    if refusal.page is not None:
        return Payload(refusal.page.encode(), "text/html; charset=utf-8", status=refusal.status)
    return json_payload(refusal.body(), refusal.status)


def _retry_headers(behaviour: Behaviour) -> dict[str, str]:
    if behaviour.retry_after is None:
        return {}
    match behaviour.retry_after_form:
        case RetryAfter.SECONDS:
            return {"retry-after": f"{behaviour.retry_after:g}"}
        case RetryAfter.DATE:
            moment = datetime.now(UTC) + timedelta(seconds=ceil(behaviour.retry_after))
            return {"retry-after": format_datetime(moment, usegmt=True)}
        case RetryAfter.MILLISECONDS:
            return {"retry-after-ms": f"{behaviour.retry_after * 1000:g}"}
