"""What a request is answered with: good answers in the real shapes, and the bad ones that a script asks for."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tests.providers.double.brain import Brain, Question
from tests.providers.double.errors import GATEWAY_PAGE, Json
from tests.providers.double.models import ModelCard
from tests.providers.double.pictures import MEDIA_TYPES as PICTURE_TYPES
from tests.providers.double.pictures import made_picture
from tests.providers.double.script import Behaviour, Body, Endpoint
from tests.providers.double.sounds import MEDIA_TYPES as SOUND_TYPES
from tests.providers.double.sounds import made_speech

_FILLER = "@@filler@@"
_JSON = "application/json"
_HTML = "text/html; charset=utf-8"
_TOKENS_A_SQUARE = {"low": 272, "medium": 1056, "high": 4160}
"""Output tokens for a picture of 1024 × 1024."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A body: its head, so many filler bytes, its tail. Huge bodies are never whole in memory."""

    head: bytes
    media_type: str = _JSON
    filler: int = 0
    tail: bytes = b""
    status: int = 200

    def __len__(self) -> int:
        return len(self.head) + self.filler + len(self.tail)


@dataclass(frozen=True, slots=True)
class Answer:
    """A payload and what it costs: token counts as the payload tells them, characters for speech."""

    payload: Payload
    usage: Json | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A valid request and all that its answer hangs on. `keep_picture` serves bytes and gives their address."""

    endpoint: Endpoint
    body: Json
    card: ModelCard
    behaviour: Behaviour
    chance: Random
    seq: int
    brain: Brain
    keep_picture: Callable[[bytes, str], str]


def json_payload(body: Json, status: int = 200) -> Payload:
    return Payload(json.dumps(body).encode(), status=status)


def answer_to(call: Call) -> Answer:
    """The answer in full. Slow for big pictures: call it in a thread."""
    match call.endpoint:
        case Endpoint.CHAT:
            body = _chat(call)
        case Endpoint.IMAGES:
            body = _images(call)
        case _:
            return _speech(call)
    payload = json_payload(body)
    if call.behaviour.body is Body.BARE and body.get("data"):
        payload = Payload(base64.b64decode(body["data"][0]["b64_json"]), PICTURE_TYPES["png"])
    return Answer(spoiled_payload(payload, call.behaviour), body.get("usage") or _image_usage(call))


def spoiled_payload(payload: Payload, behaviour: Behaviour) -> Payload:
    """The payload, or what the behaviour puts in its place."""
    match behaviour.body:
        case Body.HTML:
            page = GATEWAY_PAGE.format(status=200, name="Welcome")
            return Payload(page.encode(), _HTML)
        case Body.TRUNCATED_JSON:
            return replace(payload, head=payload.head[: len(payload.head) * 2 // 3])
        case Body.ERROR:
            error = {"message": "Upstream failed.", "type": "server_error", "param": None, "code": 502}
            return json_payload({"error": error})
        case Body.EMPTY:
            return replace(payload, head=b"")
        case Body.HUGE:
            head, _, tail = payload.head.partition(_FILLER.encode())
            return replace(payload, head=head, filler=behaviour.megabytes * 1024 * 1024, tail=tail)
        case _:
            return payload


def echoing(payload: Payload, quote: str) -> Payload:
    """The payload with a quote in its error's words, or else at its end; a good answer stays good."""
    try:
        body = json.loads(payload.head)
    except ValueError:
        return replace(payload, tail=payload.tail + quote.encode("utf-8", "replace"))
    if isinstance(body, dict):
        body |= {"echo": quote}
        if isinstance(body.get("error"), dict):
            body["error"] |= {"message": f"{body['error']['message']} You sent: {quote}", "request": quote}
    return replace(payload, head=json.dumps(body).encode())


def tokens(text: str) -> int:
    return max(1, len(text.encode("utf-8", "surrogatepass")) // 4)


def _chat(call: Call) -> Json:
    content, refusal, finish = _message(call)
    limit = call.body.get("max_completion_tokens") or call.body.get("max_tokens")
    if content and limit and tokens(content) > limit:
        content, finish = content[: limit * 2], "length"
    message: Json = {"role": "assistant", "content": content, "refusal": refusal, "annotations": []}
    choice: Json = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    spent = tokens(json.dumps(call.body["messages"], ensure_ascii=False))
    made = tokens(content or refusal or "")
    return {
        "id": f"chatcmpl-{call.seq:08d}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": call.card.id,
        "choices": []
        if call.behaviour.body is Body.NOTHING
        else [choice | {"index": index} for index in range(call.body.get("n") or 1)],
        "usage": {
            "prompt_tokens": spent,
            "completion_tokens": made,
            "total_tokens": spent + made,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
    }


def _message(call: Call) -> tuple[str | None, str | None, str]:
    """Content, refusal and finish reason."""
    match call.behaviour.body:
        case Body.REFUSAL:
            return None, "I'm sorry, but I can't help with that.", "stop"
        case Body.FILTERED:
            return "", None, "content_filter"
        case Body.NULL:
            return None, None, "stop"
        case Body.PROSE:
            return "Certainly! I have read your text with pleasure, and here is what I think of it.", None, "stop"
        case Body.WRONG_SHAPE:
            return json.dumps({"unexpected": [1, 2, 3]}), None, "stop"
        case Body.HUGE:
            return _FILLER, None, "stop"
    content = call.behaviour.content
    if content is None:
        content = call.brain(Question(call.body, call.behaviour.cuts, call.chance))
    if call.behaviour.body is Body.CUT_OFF:
        return content[: len(content) // 2], None, "length"
    return content, None, "stop"


def _images(call: Call) -> Json:
    count = call.body.get("n") or 1
    data = [_image(call, index) for index in range(count)]
    body: Json = {"created": int(time.time()), "data": data}
    match call.behaviour.body:
        case Body.NOTHING:
            body["data"] = []
        case Body.NULL:
            body["data"] = None
    if call.card.is_gpt_image:
        width, height = picture_size(call)
        body |= {
            "background": "transparent" if call.body.get("background") == "transparent" else "opaque",
            "output_format": call.body.get("output_format") or "png",
            "quality": _quality(call),
            "size": f"{width}x{height}",
            "usage": _image_usage(call),
        }
    return body


def _image(call: Call, index: int) -> Json:
    if call.behaviour.url is not None:
        return {"url": call.behaviour.url}
    if call.behaviour.body is Body.INVALID_BASE64:
        return {"b64_json": "%% this is not base64 !!"}
    if call.behaviour.body is Body.HUGE:
        return {"b64_json": _FILLER}
    output = call.body.get("output_format") or "png"
    subject = f"{call.body['prompt']}\n{call.seq}\n{index}"
    data = made_picture(call.behaviour.picture, subject=subject, size=picture_size(call), output=output)
    asked_for_url = call.card.answers_url and call.body.get("response_format") != "b64_json"
    if asked_for_url and call.behaviour.body is not Body.BARE:
        return {"url": call.keep_picture(data, PICTURE_TYPES.get(output, PICTURE_TYPES["png"]))}
    return {"b64_json": base64.b64encode(data).decode()}


def picture_size(call: Call) -> tuple[int, int]:
    """Width and height in pixels."""
    width, _, height = (call.body.get("size") or "auto").partition("x")
    if width.isdecimal() and height.isdecimal() and 0 < int(width) * int(height) <= 64_000_000:
        return int(width), int(height)
    return (1024, 1024) if call.card.is_gpt_image else (512, 512)


def _quality(call: Call) -> str:
    asked: str = call.body.get("quality") or "auto"
    return asked if asked in _TOKENS_A_SQUARE else "medium"


def _image_usage(call: Call) -> Json | None:
    if not call.card.is_gpt_image:
        return None
    width, height = picture_size(call)
    count: int = call.body.get("n") or 1
    spent = tokens(call.body["prompt"])
    made = count * max(1, _TOKENS_A_SQUARE[_quality(call)] * width * height // (1024 * 1024))
    return {
        "input_tokens": spent,
        "input_tokens_details": {"text_tokens": spent, "image_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": made},
        "total_tokens": spent + made,
    }


def _speech(call: Call) -> Answer:
    output = call.body.get("response_format") or "mp3"
    sound = made_speech(call.body["input"], output, call.body.get("speed") or 1.0)
    if call.behaviour.body is Body.HUGE:
        sound += _FILLER.encode()
    payload = spoiled_payload(Payload(sound, SOUND_TYPES[output]), call.behaviour)
    return Answer(payload, {"characters": len(call.body["input"])})
