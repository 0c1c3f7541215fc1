"""Medians over the rounds, and their ratios to GraphQL Yoga, as a table of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any, Final

BASELINE: Final = "yoga"
NAMES: Final = {"reelgate": "Reelgate", "strawberry": "Strawberry", "yoga": "Yoga"}

Figures = Mapping[str, Any]
"""What one server did in one phase: the fields of `FanOut` or `Requests`, with `server` and `round`."""

_OF_FAN_OUT: Final = (
    ("CPU per message, µs", "cpu_us_per_message", 1),
    ("latency p50, ms", "p50_ms", 1),
    ("latency p99, ms", "p99_ms", 1),
    ("last subscriber, ms", "last_ms", 1),
    ("CPU per connection and subscription, µs", "connect_cpu_us", 0),
    ("memory (PSS) of each, KiB", "pss_kib_each", 1),
    ("memory (RSS) of each, KiB", "rss_kib_each", 1),
)
_OF_REQUESTS: Final = (
    ("CPU per request, µs", "cpu_us_per_request", 0),
    ("requests per second", "requests_per_second", 0),
)


def table(figures: Iterable[Figures]) -> str:
    """A row for each measure of each phase, a column for each server."""
    found = list(figures)
    servers = [name for name in NAMES if any(each["server"] == name for each in found)]
    ratios = [name for name in servers if name != BASELINE and BASELINE in servers]
    heads = ["measure", "of", *(NAMES[name] for name in servers), *(f"{NAMES[name]} ÷ Yoga" for name in ratios)]
    lines = [heads, ["---", "---", *("---:" for _ in heads[2:])]]
    for measures, phase in ((_OF_FAN_OUT, "subscribers"), (_OF_REQUESTS, "query")):
        of_phase = [each for each in found if phase in each]
        for title, key, digits in measures:
            for size in dict.fromkeys(each[phase] for each in of_phase):
                values = {
                    name: median(each[key] for each in of_phase if each[phase] == size and each["server"] == name)
                    for name in servers
                }
                cells = [f"{value:,.{digits}f}" for value in values.values()]
                cells += [_ratio(values[name], values[BASELINE]) for name in ratios]
                lines.append([title, f"{size:,}" if isinstance(size, int) else size, *cells])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _ratio(value: float, baseline: float) -> str:
    return f"{value / baseline:.2f}" if baseline > 0 else "–"
