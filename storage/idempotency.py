"""Idempotency keys: what a create answered, kept in the transaction that created it."""

from __future__ import annotations

from datetime import datetime

from tortoise.exceptions import IntegrityError

from domain.errors import IdempotencyConflict
from storage import models


class KeyTaken(Exception):
    """A rival stored the same key first. Roll back and run the command again: it will find the rival's answer."""


async def earlier_answer(operation: str, key: str, body_sha256: str) -> int | None:
    """The id that the same request created before, None if the key is new.

    Raises:
        IdempotencyConflict: the key was used for another body.
    """
    row = await models.IdempotencyKey.filter(operation=operation, key=key).first().values("body_sha256", "subject_id")
    if not row:
        return None
    if row["body_sha256"] != body_sha256:
        raise IdempotencyConflict
    subject_id: int = row["subject_id"]
    return subject_id


async def forget_answer(operation: str, subject_id: int) -> None:
    """The subject is gone: the same request is a new one."""
    await models.IdempotencyKey.filter(operation=operation, subject_id=subject_id).delete()


async def remember_answer(operation: str, key: str, body_sha256: str, subject_id: int, *, now: datetime) -> None:
    """To be called in the transaction that created the subject.

    Raises:
        KeyTaken: a rival was faster.
    """
    try:
        await models.IdempotencyKey.create(
            operation=operation, key=key, body_sha256=body_sha256, subject_id=subject_id, created_at=now
        )
    except IntegrityError:
        raise KeyTaken from None
