"""The tables. Nothing outside `storage/` imports this.

Statuses are plain text so that no migration depends on an enum. Times that leases and retries depend on are integer
milliseconds by the database's own clock (`_ms`); times for people are aware UTC datetimes.

`table_description` is set because Tortoise would otherwise put the docstring into the SQL, and split it at a semicolon.
"""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Script(Model):
    """`revision` is written first by every command beneath the script, so that such commands take turns."""

    id = fields.IntField(primary_key=True)
    title = fields.CharField(max_length=300, null=True)
    content = fields.TextField()
    content_sha256 = fields.CharField(max_length=64)
    style = fields.TextField(null=True)
    budget_nano = fields.BigIntField(null=True)
    status = fields.CharField(max_length=16)
    version = fields.IntField(db_default=1)
    revision = fields.IntField(db_default=0)
    archived_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "script"
        table_description = "script"
        indexes = (("created_at", "id"), ("updated_at", "id"), ("status", "id"))


class Scene(Model):
    """`order` is not unique: reordering would trip over it. A removed scene was merged into another one."""

    id = fields.IntField(primary_key=True)
    script: fields.ForeignKeyRelation[Script] = fields.ForeignKeyField(
        "reelgate.Script", related_name="scenes", on_delete=fields.RESTRICT, db_index=True
    )
    script_id: int
    order = fields.IntField(source_field="position")
    title = fields.CharField(max_length=300, null=True)
    text = fields.TextField()
    gap = fields.TextField()
    text_sha256 = fields.CharField(max_length=64)
    status = fields.CharField(max_length=16)
    version = fields.IntField(db_default=1)
    removed_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "scene"
        table_description = "scene"
        indexes = (("status", "script_id"),)


class Image(Model):
    """Exists only when its file does. `approval_id` is the decision that approved it."""

    id = fields.IntField(primary_key=True)
    scene: fields.ForeignKeyRelation[Scene] = fields.ForeignKeyField(
        "reelgate.Scene", related_name="images", on_delete=fields.RESTRICT, db_index=True
    )
    scene_id: int
    script_id = fields.IntField(db_index=True)
    attempt = fields.IntField()
    prompt = fields.TextField()
    status = fields.CharField(max_length=16)
    text_sha256 = fields.CharField(max_length=64)
    file_path = fields.CharField(max_length=200)
    sha256 = fields.CharField(max_length=64)
    width = fields.IntField()
    height = fields.IntField()
    byte_size = fields.BigIntField()
    replaces_id = fields.IntField(null=True)
    job_id = fields.IntField(null=True)
    approval_id = fields.IntField(null=True)
    version = fields.IntField(db_default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "image"
        table_description = "image"
        indexes = (("status", "script_id"),)


class Video(Model):
    """`pins` lists `[scene id, image id, SHA-256, SHA-256 of the text]` in playing order, for an older video without
    the text; `pins_sha256` identifies all that was pinned.

    `spec` is the whole render spec, `words` the titles and texts that the video shows and speaks; both None for an
    older video. `files` holds the keys, sizes and SHA-256 of what comes with the MP4, by kind.
    """

    id = fields.IntField(primary_key=True)
    script: fields.ForeignKeyRelation[Script] = fields.ForeignKeyField(
        "reelgate.Script", related_name="videos", on_delete=fields.RESTRICT, db_index=True
    )
    script_id: int
    status = fields.CharField(max_length=16)
    pins: list[list[int | str | None]] = fields.JSONField()
    pins_sha256 = fields.CharField(max_length=64)
    error = fields.TextField(null=True)
    file_path = fields.CharField(max_length=200, null=True)
    sha256 = fields.CharField(max_length=64, null=True)
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    duration_seconds = fields.FloatField(null=True)
    byte_size = fields.BigIntField(null=True)
    spec: dict[str, Any] | None = fields.JSONField(null=True)
    words: dict[str, Any] | None = fields.JSONField(null=True)
    files: dict[str, dict[str, Any]] | None = fields.JSONField(null=True)
    version = fields.IntField(db_default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "video"
        table_description = "video"


class Music(Model):
    """A piece of music that was uploaded for a script's videos."""

    id = fields.IntField(primary_key=True)
    script_id = fields.IntField(db_index=True)
    title = fields.CharField(max_length=300)
    file_path = fields.CharField(max_length=200)
    sha256 = fields.CharField(max_length=64)
    duration_seconds = fields.FloatField()
    byte_size = fields.BigIntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "music"
        table_description = "music"


class Speech(Model):
    """A spoken scene, kept for every video that needs the same words in the same voice.

    `text_sha256` is of what was spoken, `voice_sha256` of provider, model, voice and settings.
    """

    id = fields.IntField(primary_key=True)
    script_id = fields.IntField(db_index=True)
    text_sha256 = fields.CharField(max_length=64)
    voice_sha256 = fields.CharField(max_length=64)
    voice = fields.CharField(max_length=300)
    job_id = fields.IntField()
    file_path = fields.CharField(max_length=200)
    sha256 = fields.CharField(max_length=64)
    duration_seconds = fields.FloatField()
    byte_size = fields.BigIntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "speech"
        table_description = "speech"
        unique_together = (("script_id", "text_sha256", "voice_sha256"),)


class Job(Model):
    """A piece of machine work. `fence` rises with every claim and every release: late writers miss it."""

    id = fields.IntField(primary_key=True)
    kind = fields.CharField(max_length=32)
    state = fields.CharField(max_length=16)
    subject = fields.CharField(max_length=16)
    subject_id = fields.IntField()
    script_id = fields.IntField(db_index=True)
    text_sha256 = fields.CharField(max_length=64, null=True)
    prompt = fields.TextField(null=True)
    feedback = fields.TextField(null=True)
    replaces_id = fields.IntField(null=True)
    attempt = fields.IntField(db_default=0)
    max_attempts = fields.IntField()
    lost_leases = fields.IntField(db_default=0)
    fence = fields.IntField(db_default=0)
    lease_owner = fields.CharField(max_length=200, null=True)
    lease_until_ms = fields.BigIntField(null=True)
    due_at_ms = fields.BigIntField(null=True)
    progress_fraction = fields.FloatField(db_default=0.0)
    progress_completed = fields.IntField(db_default=0)
    progress_total = fields.IntField(db_default=0)
    progress_step = fields.CharField(max_length=64, null=True)
    progress_seconds_left = fields.FloatField(null=True)
    note = fields.TextField(null=True)
    error_code = fields.CharField(max_length=32, null=True)
    error_message = fields.TextField(null=True)
    error_retryable = fields.BooleanField(null=True)
    version = fields.IntField(db_default=1)
    queued_at = fields.DatetimeField()
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "job"
        table_description = "job"
        indexes = (("subject", "subject_id", "id"), ("state", "due_at_ms"))


class ProviderCall(Model):
    """A call of an outside service that may cost money, noted before it is sent. Money is in billionths of a dollar."""

    id = fields.IntField(primary_key=True)
    job_id = fields.IntField(db_index=True)
    script_id = fields.IntField(db_index=True)
    fence = fields.IntField()
    role = fields.CharField(max_length=16)
    model = fields.CharField(max_length=200)
    request_sha256 = fields.CharField(max_length=64)
    state = fields.CharField(max_length=16)
    estimate_nano = fields.BigIntField(null=True)
    cost_nano = fields.BigIntField(null=True)
    input_tokens = fields.IntField(null=True)
    cached_input_tokens = fields.IntField(null=True)
    output_tokens = fields.IntField(null=True)
    images = fields.IntField(null=True)
    characters = fields.IntField(null=True)
    request_id = fields.CharField(max_length=200, null=True)
    answer_key = fields.CharField(max_length=200, null=True)
    sent_at_ms = fields.BigIntField()
    latency_ms = fields.IntField(null=True)
    sent_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "provider_call"
        table_description = "provider_call"
        indexes = (("role", "sent_at_ms"),)


class ProviderPause(Model):
    """Why nothing is asked of a provider now, and when it is tried again. `settings_sha256` is of its settings then."""

    id = fields.IntField(primary_key=True)
    role = fields.CharField(max_length=16, unique=True)
    code = fields.CharField(max_length=32)
    message = fields.TextField()
    pauses = fields.IntField()
    until_ms = fields.BigIntField()
    settings_sha256 = fields.CharField(max_length=64)
    since = fields.DatetimeField()

    class Meta:
        table = "provider_pause"
        table_description = "provider_pause"


class Decision(Model):
    """Who decided what, when and why, and the SHA-256 of exactly what was decided on."""

    id = fields.IntField(primary_key=True)
    subject = fields.CharField(max_length=16)
    subject_id = fields.IntField()
    script_id = fields.IntField(db_index=True)
    status = fields.CharField(max_length=16)
    feedback = fields.TextField(null=True)
    actor = fields.CharField(max_length=200)
    sha256 = fields.CharField(max_length=64)
    decided_at = fields.DatetimeField()

    class Meta:
        table = "decision"
        table_description = "decision"
        indexes = (("subject", "subject_id", "id"),)


class Event(Model):
    """The append-only log. Ids rise in commit order: see `storage.events`."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=32)
    subject = fields.CharField(max_length=16)
    subject_id = fields.IntField()
    script_id = fields.IntField()
    version = fields.IntField()
    previous = fields.CharField(max_length=16, null=True)
    new = fields.CharField(max_length=16)
    actor = fields.CharField(max_length=200)
    payload: dict[str, str | int | None] = fields.JSONField()
    occurred_at = fields.DatetimeField()

    class Meta:
        table = "event"
        table_description = "event"
        indexes = (("script_id", "id"),)


class EventLog(Model):
    """One row: which log this is, so that cursors of another one are recognised."""

    id = fields.IntField(primary_key=True, generated=False)
    identity = fields.CharField(max_length=32)
    kept_from = fields.BigIntField(db_default=0)

    class Meta:
        table = "event_log"
        table_description = "event_log"


class IdempotencyKey(Model):
    """What a create with this key answered, in the transaction that created it."""

    id = fields.IntField(primary_key=True)
    operation = fields.CharField(max_length=32)
    key = fields.CharField(max_length=200)
    body_sha256 = fields.CharField(max_length=64)
    subject_id = fields.IntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "idempotency_key"
        table_description = "idempotency_key"
        unique_together = (("operation", "key"),)
