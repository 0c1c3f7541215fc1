"""Errors in the words and shapes that the real service uses: status, JSON body or, from its gateways, a web page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = dict[str, Any]

GATEWAY_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>{status} {name}</title></head>\n"
    "<body><center><h1>{status} {name}</h1></center><hr><center>cloudflare</center></body></html>\n"
)


class Error(StrEnum):
    """What a request can be refused with."""

    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    BILLING_LIMIT = "billing_limit"
    MODERATION_BLOCKED = "moderation_blocked"
    CONTENT_POLICY = "content_policy"
    INVALID_PROMPT = "invalid_prompt"
    CONTEXT_LENGTH = "context_length"
    BAD_REQUEST = "bad_request"
    INVALID_KEY = "invalid_key"
    FORBIDDEN = "forbidden"
    MODEL_NOT_FOUND = "model_not_found"
    TIMEOUT_408 = "timeout_408"
    CONFLICT_409 = "conflict_409"
    UNPROCESSABLE_422 = "unprocessable_422"
    TOO_EARLY_425 = "too_early_425"
    SERVER_500 = "server_500"
    GATEWAY_502 = "gateway_502"
    OVERLOADED_503 = "overloaded_503"
    GATEWAY_504 = "gateway_504"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One error answer. `page` replaces the JSON body by HTML; `details` are further members of the error."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    page: str | None = None
    details: Json | None = None

    def body(self) -> Json:
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": error | (self.details or {})}


def masked(key: str) -> str:
    """A key as the real service repeats it in its answer: both ends are legible."""
    return key[:8] + "*" * max(0, len(key) - 12) + key[-4:] if len(key) > 12 else "*" * len(key)


def invalid_key(key: str) -> Refusal:
    return Refusal(
        401,
        f"Incorrect API key provided: {masked(key)}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        code="invalid_api_key",
    )


def model_not_found(model: str) -> Refusal:
    return Refusal(404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found")


def refusal_for(error: Error, *, model: str, key: str, request_id: str) -> Refusal:
    """The answer to a request for `model` with the API key `key`."""
    match error:
        case Error.INVALID_KEY:
            return invalid_key(key)
        case Error.MODEL_NOT_FOUND:
            return model_not_found(model)
        case Error.RATE_LIMIT:
            text = f"Rate limit reached for {model} in organization org-double on requests per min (RPM): Limit 3, "
            return Refusal(
                429, text + "Used 3, Requested 1. Please try again later.", "requests", "rate_limit_exceeded"
            )
        case Error.MODERATION_BLOCKED:
            return _moderation_blocked(request_id)
        case Error.SERVER_500:
            return Refusal(
                500,
                "The server had an error while processing your request. Sorry about that! You can retry your request, "
                f"or contact us if the error persists. (Please include the request ID {request_id} in your message.)",
                "server_error",
            )
        case _:
            return _FIXED[error]


def _moderation_blocked(request_id: str) -> Refusal:
    return Refusal(
        400,
        "Your request was rejected by the safety system. If you believe this is an error, contact us at "
        f"help.openai.com and include the request ID {request_id}. safety_violations=[violence].",
        "image_generation_user_error",
        "moderation_blocked",
        details={"moderation_details": {"moderation_stage": "input", "categories": ["violence"]}},
    )


def _gateway(status: int, name: str) -> Refusal:
    return Refusal(status, name, page=GATEWAY_PAGE.format(status=status, name=name))


_FIXED: dict[Error, Refusal] = {
    Error.QUOTA: Refusal(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "insufficient_quota",
        "insufficient_quota",
    ),
    Error.BILLING_LIMIT: Refusal(400, "Billing hard limit has been reached", code="billing_hard_limit_reached"),
    Error.CONTENT_POLICY: Refusal(
        400,
        "Your request was rejected as a result of our safety system. Your prompt may contain text that is not allowed "
        "by our safety system.",
        code="content_policy_violation",
    ),
    Error.INVALID_PROMPT: Refusal(
        400,
        "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a "
        "different prompt: https://platform.openai.com/docs/guides/reasoning#advice-on-prompting",
        code="invalid_prompt",
    ),
    Error.CONTEXT_LENGTH: Refusal(
        400,
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens. "
        "Please reduce the length of the messages.",
        code="context_length_exceeded",
        param="messages",
    ),
    Error.BAD_REQUEST: Refusal(400, "Invalid value for 'size'.", code="invalid_value", param="size"),
    Error.FORBIDDEN: Refusal(
        403,
        "Country, region, or territory not supported",
        "request_forbidden",
        "unsupported_country_region_territory",
    ),
    Error.TIMEOUT_408: Refusal(408, "Your request timed out.", "timeout"),
    Error.CONFLICT_409: Refusal(409, "The resource was changed by another request. Please try again.", code="conflict"),
    Error.UNPROCESSABLE_422: Refusal(422, "The request could not be processed.", code="unprocessable_entity"),
    Error.TOO_EARLY_425: Refusal(425, "Too early.", "server_error"),
    Error.GATEWAY_502: _gateway(502, "Bad Gateway"),
    Error.OVERLOADED_503: Refusal(
        503, "The engine is currently overloaded, please try again later.", "server_error", "engine_overloaded"
    ),
    Error.GATEWAY_504: _gateway(504, "Gateway Time-out"),
}
