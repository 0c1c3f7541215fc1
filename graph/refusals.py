"""That a request is not executed at all."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import GraphQLError


class RequestRefused(Exception):
    """Nothing was executed."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = list(errors)
