"""What models cost: the built-in prices, and how people write their own.

A price list is JSON: {"as_of": "2026-11-22", "models": {"a-model": {"input": "0.10", "output": "0.50"}}}: US dollars
for a million tokens of `input`, `cached_input` and `output`, and for one `image` where a server counts those. Speech is
priced for a million `characters`, or for a `minute` of sound.
"""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from domain.money import Price, PriceTable

_KINDS: Final = ("input", "cached_input", "output", "image", "characters", "minute")
_MOST: Final = 1_000_000
_LONGEST: Final = 1_000_000

BUILT_IN: Final = PriceTable(
    date(2026, 9, 28),
    {
        # OpenAI's price page of 2026-09-28 and 2026-09-09. Pictures are counted as output.
        "gpt-6-luna": Price(Decimal("0.10"), Decimal("0.01"), Decimal("0.50")),
        "gpt-image-2.5-flare": Price(Decimal(5), None, Decimal(30)),
        # Speech comes without a count of tokens; OpenAI gives this minute's price beside that of the tokens.
        "gpt-4o-mini-tts": Price(minute=Decimal("0.015")),
        "tts-1": Price(characters=Decimal(15)),
        "tts-1-hd": Price(characters=Decimal(30)),
    },
)


def price_list(value: object) -> str:
    """A price list in one line of JSON, from JSON or from the path of a JSON file.

    Raises:
        ValueError: it is no price list; says where.
    """
    text = str(value)
    if not text.lstrip().startswith("{"):
        try:
            with Path(text).expanduser().open(encoding="utf-8") as file:
                text = file.read(_LONGEST)
        except (OSError, ValueError):
            raise ValueError("should be JSON, or the path of a JSON file that can be read") from None
    try:
        written = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise ValueError('should be JSON, such as {"models": {"a-model": {"input": "0.10"}}}') from None
    _read(written)
    return json.dumps(written, default=str)


def price_table(listed: str | None) -> PriceTable:
    """The built-in prices, and over them those of a price list."""
    if listed is None:
        return BUILT_IN
    own = _read(json.loads(listed, parse_float=Decimal))
    return PriceTable(own.as_of or BUILT_IN.as_of, {**BUILT_IN.models, **own.models})


def _read(written: Any) -> PriceTable:
    if not isinstance(written, Mapping) or set(written) - {"as_of", "models"}:
        raise ValueError("should have `models` and perhaps `as_of`, and nothing else")
    models, day = written.get("models"), written.get("as_of")
    if not isinstance(models, Mapping):
        raise ValueError("should have `models`: prices by the names of models")
    try:
        as_of = None if day is None else date.fromisoformat(day)
    except (TypeError, ValueError):
        raise ValueError("`as_of` should be a day, such as 2026-11-22") from None
    return PriceTable(as_of, {str(name): _price(str(name), prices) for name, prices in models.items()})


def _price(name: str, written: Any) -> Price:
    if not isinstance(written, Mapping) or not written or set(written) - set(_KINDS):
        raise ValueError(f"the prices of {name[:60]} should be some of {', '.join(_KINDS)}")
    return Price(**{kind: _dollars(name, kind, amount) for kind, amount in written.items()})


def _dollars(name: str, kind: str, amount: Any) -> Decimal:
    try:
        dollars = Decimal(str(amount)) if isinstance(amount, str | int | Decimal) else Decimal("nan")
    except InvalidOperation:
        dollars = Decimal("nan")
    if not dollars.is_finite() or not 0 <= dollars <= _MOST:
        raise ValueError(f"{kind} of {name[:60]} should be an amount of US dollars, such as 0.10")
    return dollars
