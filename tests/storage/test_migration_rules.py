"""Migrations only add."""

from __future__ import annotations

from pathlib import Path

import pytest
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from storage.migration_rules import broken_rules, complaints, unwritten_changes
from tests.storage.conftest import SAMPLE_MIGRATIONS, SAMPLE_MODELS

ALLOWED = [
    ops.CreateModel("A", fields=[("id", fields.IntField(primary_key=True))], options={"table": "a"}),
    ops.AddField("A", "b", fields.IntField(null=True)),
    ops.AddField("A", "b", fields.IntField(db_default=0)),
    ops.AddField("A", "b", fields.CharField(max_length=9, null=True, unique=True)),
    ops.AddField("A", "b", fields.ForeignKeyField("reelgate.B", related_name="a", null=True)),
    ops.AddIndex("A", Index(fields=["b"])),
    ops.RunSQL("CREATE UNIQUE INDEX x ON a (b) WHERE c IS NULL;"),
    ops.RunSQL(["create index x on a (b)", ("INSERT INTO a (b) VALUES ($1)", [1])]),
]

REFUSED = [
    ops.AlterField("A", "b", fields.IntField()),
    ops.RemoveField("A", "b"),
    ops.RenameField("A", "b", "c"),
    ops.DeleteModel("A"),
    ops.RenameModel("A", "B"),
    ops.AddConstraint("A", UniqueConstraint(fields=("b",), name="u")),
    ops.RemoveConstraint("A", name="u"),
    ops.RemoveIndex("A", name="i"),
    ops.AlterModelOptions("A", {"table": "b"}),
    ops.CreateModel(
        "A",
        fields=[("id", fields.IntField(primary_key=True))],
        options={"table": "a", "constraints": [CheckConstraint(check="b > 0", name="c")]},
    ),
    ops.CreateModel("A", fields=[("b", fields.IntField(description="one; two"))], options={"table": "a"}),
    ops.AddField("A", "b", fields.IntField()),
    ops.AddField("A", "b", fields.IntField(default=0)),
    ops.AddField("A", "b", fields.IntField(db_default=0, unique=True)),
    ops.AddField("A", "b", fields.ForeignKeyField("reelgate.B", related_name="a")),
    ops.RunSQL("DROP TABLE a"),
    ops.RunSQL("UPDATE a SET b = 1"),
    ops.RunSQL("CREATE INDEX CONCURRENTLY x ON a (b)"),
    ops.RunSQL("CREATE INDEX x ON a (b) WHERE c = ';'"),
    ops.RunSQL(["CREATE INDEX x ON a (b)", "DELETE FROM a"]),
    ops.RunPython(lambda apps, editor: None),
]


@pytest.mark.parametrize("operation", ALLOWED, ids=lambda operation: type(operation).__name__)
def test_what_adds_is_allowed(operation: ops.Operation) -> None:
    assert list(complaints(operation)) == []


@pytest.mark.parametrize("operation", REFUSED, ids=lambda operation: type(operation).__name__)
def test_what_does_more_than_add_is_refused(operation: ops.Operation) -> None:
    assert len(list(complaints(operation))) == 1


def test_the_samples_keep_the_rules() -> None:
    assert broken_rules(SAMPLE_MIGRATIONS) == []


def test_migrations_in_no_certain_order_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "two_heads"
    package.mkdir()
    (package / "__init__.py").touch()
    for name in ("0001_one", "0002_two", "0002_zwei"):
        (package / f"{name}.py").write_text(
            "from tortoise import migrations\n"
            "class Migration(migrations.Migration):\n"
            f"    dependencies = {[] if name == '0001_one' else [('reelgate', '0001_one')]}\n"
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert broken_rules("two_heads") == ["0002_zwei: does not depend on 0002_two, so the order of the two is open."]


async def test_the_samples_migrations_bring_all_that_its_models_have() -> None:
    assert await unwritten_changes(models=SAMPLE_MODELS, migrations=SAMPLE_MIGRATIONS) == []
    missing = await unwritten_changes(models=SAMPLE_MODELS, migrations="tests.storage.sample.first_release")
    assert len(missing) == 4


def test_the_products_migrations_keep_the_rules() -> None:
    assert broken_rules() == []


async def test_the_products_migrations_bring_all_that_its_models_have() -> None:
    assert await unwritten_changes() == []
