"""The schema's money: what was spent, and what a decision may cost."""

from __future__ import annotations

from decimal import Decimal

import strawberry

from domain import estimates, money
from graph.fields import attribute, field, object_type

_CURRENCY = "The currency, an ISO 4217 code: `USD`."


@object_type(
    """What was spent on paid providers, by their own accounts of what was used and the prices that are set here.

    Calls that were refused cost nothing and are not counted.
    """
)
class Cost:
    calls: int = attribute("How many calls were paid, or may have been.")

    @field(
        Decimal | None,
        "What is known to be spent, exactly; a lower bound if there are `unknownCalls`. Null if nothing is known of "
        "any of the calls: unknown is never 0.",
    )
    def amount(self, parent: strawberry.Parent[money.Cost]) -> Decimal | None:
        return parent.known

    @field(str, _CURRENCY)
    def currency(self) -> str:
        return money.CURRENCY

    @field(int, "How many of the calls have no known cost: under way, their answer lost, or their price not known.")
    def unknown_calls(self, parent: strawberry.Parent[money.Cost]) -> int:
        return parent.unknown


@object_type(
    """What a decision would start, at its most: what a budget reserves for the calls it takes, if each answers usably
    at the first try. What is spent in the end is mostly far less.
    """
)
class Estimate:
    amount: Decimal | None = attribute("At most this much; null if a price is not known.")
    calls: int = attribute("How many calls of paid providers it takes; 0 if it starts nothing, or nothing that costs.")

    @field(str, _CURRENCY)
    def currency(self, parent: strawberry.Parent[estimates.Estimate]) -> str:
        return money.CURRENCY
