"""What calls cost: exact US dollars, from prices with a date. An unknown price is unknown, never nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from domain.calls import Usage

CURRENCY: Final = "USD"

_MILLION: Final = Decimal(1_000_000)
_NANO: Final = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens of each kind, and for a picture where a server counts those."""

    input: Decimal = Decimal(0)
    cached_input: Decimal | None = None
    output: Decimal = Decimal(0)
    image: Decimal = Decimal(0)

    def of(self, usage: Usage) -> Decimal:
        """What this usage costs. Cached input is priced as input where it has no price of its own."""
        cached = self.input if self.cached_input is None else self.cached_input
        fresh = usage.input_tokens - usage.cached_input_tokens
        tokens = fresh * self.input + usage.cached_input_tokens * cached + usage.output_tokens * self.output
        return tokens / _MILLION + usage.images * self.image


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by model, as they were on a day."""

    as_of: date | None = None
    models: Mapping[str, Price] = field(default_factory=dict)

    def cost(self, model: str, usage: Usage | None) -> Decimal | None:
        """None where the price or the usage is not known."""
        price = self.models.get(model)
        return None if price is None or usage is None else price.of(usage)


def to_nano(amount: Decimal) -> int:
    """Billionths of a dollar, as amounts are stored: a token costs less than a millionth."""
    return int((amount * _NANO).to_integral_value(ROUND_HALF_UP))


def from_nano(nano: int) -> Decimal:
    return Decimal(nano) / _NANO


@dataclass(frozen=True, slots=True)
class Cost:
    """What was spent, as far as is known: `unknown` calls have no known cost, so that `amount` is a lower bound."""

    amount: Decimal = Decimal(0)
    calls: int = 0
    unknown: int = 0
