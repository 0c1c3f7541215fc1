from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True

    operations = [  # noqa: RUF012
        ops.CreateModel(
            name="Counter",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=40)),
                ("value", fields.IntField(db_default=0)),
            ],
            options={"table": "counter", "app": "reelgate", "unique_together": (("name",),), "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Note",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "counter",
                    fields.ForeignKeyField(
                        "reelgate.Counter",
                        source_field="counter_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="notes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("text", fields.TextField()),
            ],
            options={"table": "note", "app": "reelgate", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
