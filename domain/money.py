"""What calls cost: exact US dollars, from prices with a date. An unknown price is unknown, never nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from domain.calls import Usage

CURRENCY: Final = "USD"

_MILLION: Final = Decimal(1_000_000)
_MINUTE_MS: Final = Decimal(60_000)
_NANO: Final = Decimal(1_000_000_000)
_EXACT_DIGITS: Final = 15
"""That a binary number keeps exactly."""
_AMOUNT: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,9})?|[+-]?(?:inf(?:inity)?|nan)", re.A | re.I)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens of each kind, and for a picture where a server counts those.

    Of speech, as its server counts: for a million characters, or for a minute of sound.
    """

    input: Decimal = Decimal(0)
    cached_input: Decimal | None = None
    output: Decimal = Decimal(0)
    image: Decimal = Decimal(0)
    characters: Decimal = Decimal(0)
    minute: Decimal = Decimal(0)

    def of(self, usage: Usage) -> Decimal:
        """What this usage costs. Cached input is priced as input where it has no price of its own."""
        cached = self.input if self.cached_input is None else self.cached_input
        fresh = usage.input_tokens - usage.cached_input_tokens
        tokens = fresh * self.input + usage.cached_input_tokens * cached + usage.output_tokens * self.output
        sound = usage.characters * self.characters / _MILLION + usage.audio_ms * self.minute / _MINUTE_MS
        return tokens / _MILLION + usage.images * self.image + sound

    def covers(self, usage: Usage) -> bool:
        """Whether it can be told from this usage: speech comes without a count of tokens."""
        counts_tokens = bool(self.input or self.output)
        return not (counts_tokens and usage.characters and not (usage.input_tokens or usage.output_tokens))


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by model, as they were on a day."""

    as_of: date | None = None
    models: Mapping[str, Price] = field(default_factory=dict)

    def cost(self, model: str, usage: Usage | None) -> Decimal | None:
        """None where the price or the usage is not known."""
        price = self.models.get(model)
        return None if price is None or usage is None or not price.covers(usage) else price.of(usage)


def to_nano(amount: Decimal) -> int:
    """Billionths of a dollar, as amounts are stored: a token costs less than a millionth."""
    return int((amount * _NANO).to_integral_value(ROUND_HALF_UP))


def from_nano(nano: int) -> Decimal:
    return Decimal(nano) / _NANO


def amount_of(value: object) -> Decimal:
    """An amount as clients send it: text, or a number, which is taken by its decimal text.

    Whether it makes sense as an amount of money is for others to say: "NaN" and "-1" are read, too.

    Raises:
        ValueError: it is no number, or one that has lost digits on its way; the message is fit for a person.
    """
    if isinstance(value, Decimal):
        return value
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not _AMOUNT.fullmatch(text):
        raise ValueError("must be an amount such as 12.5, as text or as a number.")
    amount = Decimal(text)
    if isinstance(value, float) and amount.is_finite() and len(amount.as_tuple().digits) > _EXACT_DIGITS:
        raise ValueError(f"has more than {_EXACT_DIGITS} digits: send it as text, so that none is lost.")
    return amount


def amount_text(amount: Decimal) -> str:
    """The exact amount, with neither an exponent nor zeros at its end: `12.5`."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class Cost:
    """What was spent, as far as is known: `unknown` calls have no known cost, so that `amount` is a lower bound."""

    amount: Decimal = Decimal(0)
    calls: int = 0
    unknown: int = 0

    @property
    def known(self) -> Decimal | None:
        """None where nothing is known: unknown is never nothing."""
        return None if 0 < self.calls == self.unknown else self.amount
