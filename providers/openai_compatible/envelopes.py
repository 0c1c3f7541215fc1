"""The JSON round an answer, read without trust: any server, or a proxy before it, may send anything with a 200."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from domain.calls import ProviderError, Role, Usage
from providers.openai_compatible.failures import ErrorAnswer, bad_output, from_answer, names_in, status_of_names
from providers.openai_compatible.usage import chat_usage

_THOUGHTS = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Completion:
    """A chat completion: what the model wrote, whether it, or a filter, declined to, and whether it was cut off."""

    content: str
    declined: bool
    cut_off: bool
    usage: Usage | None


def json_object(body: bytearray, role: Role, request_id: str | None) -> Mapping[str, object]:
    """The answer as a JSON object that tells of no error. The body is emptied on the way, or it would be there thrice.

    Raises:
        ProviderError: it is something else (BAD_OUTPUT), or an error in spite of its 200.
    """
    page = body[:512].lstrip().lower().startswith((b"<!doctype", b"<html"))
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        body.clear()
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        what = (
            "a web page; check its address in the settings" if page else "something that is no answer of its protocol"
        )
        raise bad_output(role, f"answered with {what}", request_id=request_id)
    error = answer.get("error")
    if error and not answer.get("choices") and not answer.get("data"):
        raise _disguised(error, role, request_id)
    return answer


def completion_in(body: bytearray, request_id: str | None) -> Completion:
    """The first choice of a chat completion.

    Raises:
        ProviderError: there is none.
    """
    answer = json_object(body, Role.TEXT, request_id)
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
        raise bad_output(Role.TEXT, "answered without a message", request_id=request_id)
    declined = bool(message.get("refusal")) or choice.get("finish_reason") == "content_filter"
    cut_off = choice.get("finish_reason") == "length"
    content = _THOUGHTS.sub("", _text(message.get("content")), count=1)
    return Completion(content, declined, cut_off, chat_usage(answer))


def _text(content: object) -> str:
    """A message's content: a string, or with some servers a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, Mapping)]
    return "".join(text for text in texts if isinstance(text, str))


def _disguised(error: object, role: Role, request_id: str | None) -> ProviderError:
    """An error sent with a 200, as some routers do, with the status that it had before as its code.

    Without such a code its name tells. One that tells nothing comes from who knows where: it counts as a gateway's.
    """
    fields = error if isinstance(error, Mapping) else {}
    code, names = fields.get("code"), names_in(fields)
    status = code if isinstance(code, int) and 400 <= code < 600 else status_of_names(names) or 502
    return from_answer(ErrorAnswer(status, names, request_id=request_id), role)
