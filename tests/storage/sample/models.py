"""Small tables that show what storage promises, whatever the product's own tables look like."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class Counter(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=40)
    value = fields.IntField(db_default=0)
    colour = fields.CharField(max_length=20, null=True)

    class Meta:
        table = "counter"
        unique_together = (("name",),)


class Note(Model):
    id = fields.IntField(primary_key=True)
    counter: fields.ForeignKeyRelation[Counter] = fields.ForeignKeyField(
        "reelgate.Counter", related_name="notes", on_delete=fields.CASCADE, db_index=True
    )
    counter_id: int
    text = fields.TextField()
    stars = fields.IntField(db_default=3)

    class Meta:
        table = "note"
        indexes = (("stars", "id"),)


class Entry(Model):
    id = fields.IntField(primary_key=True)
    writer = fields.IntField()
    at = fields.DatetimeField(null=True)

    class Meta:
        table = "entry"
