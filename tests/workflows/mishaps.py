"""Everything that a provider can do wrong, each time with the key and the request in its mouth."""

from __future__ import annotations

from dataclasses import dataclass

from tests.providers.double import Behaviour, Body, Closes, Endpoint, Error, Picture, Rule, in_turn

_BODIES = (
    Body.HTML, Body.TRUNCATED_JSON, Body.EMPTY, Body.NOTHING, Body.ERROR, Body.NULL,
)  # fmt: skip
_OF_TEXT = (Body.REFUSAL, Body.CUT_OFF, Body.FILTERED, Body.PROSE, Body.WRONG_SHAPE)
_PICTURES = (Picture.TRUNCATED, Picture.NOT_A_PICTURE, Picture.BOMB)
_PAUSING = (
    Error.QUOTA, Error.BILLING_LIMIT, Error.INVALID_KEY, Error.FORBIDDEN, Error.MODEL_NOT_FOUND, Error.BAD_REQUEST,
)  # fmt: skip
_PAUSING_TEXT = (*_PAUSING, Error.UNPROCESSABLE_422, Error.CONTEXT_LENGTH)
_SLOW = Behaviour(first_byte_after=30, echo=True)


@dataclass(frozen=True)
class Mishap:
    """What the first request with `containing` meets, the one about `marker`. The next one is answered well."""

    marker: str
    endpoint: Endpoint
    behaviour: Behaviour
    containing: str

    @property
    def rule(self) -> Rule:
        return in_turn(self.behaviour, endpoint=self.endpoint, containing=self.containing)

    @property
    def pauses(self) -> bool:
        """Whether nothing more is asked of this provider for a minute."""
        errors = _PAUSING_TEXT if self.endpoint is Endpoint.CHAT else _PAUSING
        return self.behaviour.error in errors or bool(self.behaviour.redirect or self.behaviour.url)


def in_scene(marker: str) -> str:
    """How a request begins its scene when a prompt is to be written for it."""
    return f'\\"scene\\": \\"{marker}'


def _anywhere(secret: str) -> list[Behaviour]:
    """`secret` is put into addresses, too."""
    return [
        *(Behaviour(error=error, echo=True) for error in Error),
        *(Behaviour(body=body, echo=True) for body in _BODIES),
        *(Behaviour(closes=closes, echo=True) for closes in (Closes.BEFORE, Closes.MIDWAY)),
        Behaviour(redirect=f"https://elsewhere.example/{secret}?key={secret}"),
        Behaviour(error=Error.RATE_LIMIT, retry_after=2, echo=True),
        _SLOW,
    ]


def prompt_mishaps(secret: str, words: str) -> list[Mishap]:
    """While a prompt is written. `words` are what the model makes up."""
    behaviours = _anywhere(secret) + [Behaviour(body=body, echo=True) for body in _OF_TEXT]
    behaviours += [
        Behaviour(content=f"I'm sorry, I cannot draw {words}."),
        Behaviour(content=f'{{"prompt": "{words}"}}'),
    ]
    return [
        Mishap(f"prompt{number:03}x", Endpoint.CHAT, behaviour, in_scene(f"prompt{number:03}x"))
        for number, behaviour in enumerate(behaviours)
    ]


def image_mishaps(secret: str) -> list[Mishap]:
    """While a picture is made, from a prompt that repeats the scene."""
    behaviours = _anywhere(secret) + [Behaviour(picture=picture, echo=True) for picture in _PICTURES]
    behaviours += [
        Behaviour(body=Body.INVALID_BASE64, echo=True),
        Behaviour(url=f"https://pictures.example/{secret}.png?signature={secret}", echo=True),
    ]
    return [
        Mishap(f"image{number:03}x", Endpoint.IMAGES, behaviour, f"picture: image{number:03}x")
        for number, behaviour in enumerate(behaviours)
    ]


def speech_mishaps(secret: str) -> list[Mishap]:
    """While a scene is spoken."""
    return [
        Mishap(f"speech{number:03}x", Endpoint.SPEECH, behaviour, f"speech{number:03}x")
        for number, behaviour in enumerate(_anywhere(secret))
    ]


def cut_mishaps(secret: str) -> list[Mishap]:
    """While a script is divided."""
    behaviours = [
        *(Behaviour(error=error, echo=True) for error in (Error.SERVER_500, Error.INVALID_KEY, Error.CONTENT_POLICY)),
        *(Behaviour(body=body, echo=True) for body in (*_BODIES, *_OF_TEXT)),
        Behaviour(redirect=f"https://elsewhere.example/{secret}"),
        Behaviour(content='{"title": 7, "scenes": [{"last_unit": "x"}]}'),
        Behaviour(closes=Closes.MIDWAY, echo=True),
    ]
    return [
        Mishap(f"cutting{number:03}x", Endpoint.CHAT, behaviour, f"cutting{number:03}x")
        for number, behaviour in enumerate(behaviours)
    ]
