"""How one setting is declared."""

from typing import Any

from pydantic import Field


def setting(name: str, default: Any, text: str, *, expected: str = "", secret: bool = False) -> Any:
    """One documented field, read from the environment variable `name`."""
    return Field(
        default=default,
        validation_alias=name,
        description=text,
        repr=not secret,
        validate_default=True,
        json_schema_extra={"expected": expected, "secret": secret},
    )
