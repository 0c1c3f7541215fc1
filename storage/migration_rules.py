"""What a migration may do: only add. A test asks `broken_rules` about every migration, and for `unwritten_changes`.

Why, for Tortoise 1.1: on SQLite changing or removing a field rebuilds the table, which deletes the rows of its child
tables where foreign keys are on, and loses its unique constraints and indexes. Constraints of `Meta.constraints` are
never created at all. Statements are cut at every semicolon, those inside literals and comments too. And whatever a
migration takes away, processes of the version before still use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import import_module

from tortoise.context import TortoiseContext
from tortoise.fields.base import Field
from tortoise.fields.relational import ManyToManyFieldInstance
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import AddField, AddIndex, CreateModel, Operation, RunSQL

from storage.database import MIGRATIONS, MODELS, tortoise_config
from storage.migrate import NOWHERE, migration_names

# CONCURRENTLY cannot run inside a transaction, and every migration runs in one.
_ALLOWED_SQL = re.compile(r"\s*(CREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY\b)|INSERT\s+INTO\s)", re.IGNORECASE)


def broken_rules(migrations: str = MIGRATIONS) -> list[str]:
    """One sentence for each rule that a migration of this package breaks; empty when all is well."""
    found: list[str] = []
    names = migration_names(migrations)
    for before, name in zip([None, *names], names, strict=False):
        migration: type[Migration] = import_module(f"{migrations}.{name}").Migration
        if before is not None and before not in {parent for _, parent in migration.dependencies}:
            found.append(f"{name}: does not depend on {before}, so the order of the two is open.")
        for operation in migration.operations:
            found.extend(f"{name}: {complaint}" for complaint in complaints(operation))
    return found


async def unwritten_changes(*, models: str = MODELS, migrations: str = MIGRATIONS) -> list[str]:
    """What the models have that no migration brings, as descriptions of operations; empty when the two agree.

    Not beside an open database: the models would forget its dialect. A primary key that the database does not number
    itself shows up until `generated=False` is put into its migration by hand, where the generator leaves it out.
    """
    config = tortoise_config(NOWHERE, models=models, migrations=migrations)
    async with TortoiseContext() as context:
        await context.init(config=config)
        if context.apps is None:
            raise RuntimeError("Tortoise did not load the models.")
        written = await MigrationAutodetector(context.apps, config["apps"]).changes()
        return [operation.describe() for migration in written for operation in migration.operations]


def complaints(operation: Operation) -> Iterator[str]:
    """What is wrong with one operation, in sentences."""
    match operation:
        case CreateModel():
            if (operation.options or {}).get("constraints"):
                yield f"{operation.name}: constraints are never created; use unique_together, or RunSQL for an index."
            for name, field in operation.fields:
                yield from _description_complaints(f"{operation.name}.{name}", field)
        case AddField():
            yield from _field_complaints(f"{operation.model_name}.{operation.name}", operation.field)
        case AddIndex():
            pass
        case RunSQL():
            yield from _sql_complaints(operation.sql)
        case _:
            yield f"{type(operation).__name__} is not allowed: migrations only add."


def _field_complaints(name: str, field: object) -> Iterator[str]:
    if isinstance(field, ManyToManyFieldInstance) or not isinstance(field, Field):
        return
    if not field.null and not field.has_db_default():
        yield f"{name}: an added field needs null=True or db_default, for the rows that are there."
    if field.unique and not field.null:
        yield f"{name}: an added unique field needs null=True, or the rows that are there would be equal."
    yield from _description_complaints(name, field)


def _description_complaints(name: str, field: object) -> Iterator[str]:
    if ";" in (getattr(field, "description", None) or ""):
        yield f"{name}: a description with a semicolon breaks the statement in two."


def _sql_complaints(sql: str | Sequence[str | Sequence[object]]) -> Iterator[str]:
    statements = [sql] if isinstance(sql, str) else [part if isinstance(part, str) else str(part[0]) for part in sql]
    for statement in statements:
        if not _ALLOWED_SQL.match(statement):
            yield f"RunSQL may create an index or insert rows, not: {statement.strip()[:80]}"
        if ";" in statement.strip().rstrip(";"):
            yield f"RunSQL takes one statement at a time, without other semicolons: {statement.strip()[:80]}"
