"""A double of an OpenAI-compatible provider: its wire format over real HTTP, a script, a ledger of charges.

    with running_double() as double:
        double.script(in_turn(Behaviour(error=Error.RATE_LIMIT, retry_after=1), endpoint=Endpoint.IMAGES))
        client = AsyncOpenAI(base_url=double.url, api_key="sk-test", max_retries=0)
        ...
        assert double.violations == []
        assert len(double.charges) == 1

Every request is judged by the official document and by the rules that it cannot express. It knows nothing of Reelgate.
"""

from tests.providers.double.brain import Brain, Question, think
from tests.providers.double.errors import Error
from tests.providers.double.ledger import LedgerEntry, read_ledger
from tests.providers.double.script import (
    Behaviour,
    Body,
    Closes,
    Cuts,
    Endpoint,
    Picture,
    RetryAfter,
    Rule,
    always,
    at_random,
    in_turn,
)
from tests.providers.double.serving import Double, double_process, running_double

__all__ = [
    "Behaviour",
    "Body",
    "Brain",
    "Closes",
    "Cuts",
    "Double",
    "Endpoint",
    "Error",
    "LedgerEntry",
    "Picture",
    "Question",
    "RetryAfter",
    "Rule",
    "always",
    "at_random",
    "double_process",
    "in_turn",
    "read_ledger",
    "running_double",
    "think",
]
