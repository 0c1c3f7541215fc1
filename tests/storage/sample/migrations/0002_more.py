from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("reelgate", "0001_first")]  # noqa: RUF012

    operations = [  # noqa: RUF012
        ops.AddField("Counter", "colour", fields.CharField(max_length=20, null=True)),
        ops.AddField("Note", "stars", fields.IntField(db_default=3)),
        ops.AddIndex("Note", Index(fields=["stars", "id"])),
        ops.RunSQL("CREATE UNIQUE INDEX uidx_note_text ON note (counter_id, text) WHERE stars > 0"),
        ops.CreateModel(
            name="Entry",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("writer", fields.IntField()),
                ("at", fields.DatetimeField(null=True)),
            ],
            options={"table": "entry", "app": "reelgate", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
