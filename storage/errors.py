"""What storage raises of its own: the database or the media folder is not there, is busy, or lacks something.

None of these is a decision about a command (those are in `domain.errors`). Their messages are fit for a person and
never hold a password; a face answers the database ones as "unavailable", `MediaMissing` as "not found".
"""

from __future__ import annotations

from collections.abc import Sequence


class StorageError(Exception):
    """Anything that storage itself could not do."""


class InvalidDatabaseUrl(StorageError):
    """The database URL can never work as it is written."""


class DatabaseUnavailable(StorageError):
    """The database cannot be reached, opened or written."""


class DatabaseBusy(StorageError):
    """Others held the database's locks for too long; nothing was changed, the same call may be made again."""


class DatabaseNotMigrated(StorageError):
    """The database lacks migrations that this version of the code needs."""

    def __init__(self, pending: Sequence[str]) -> None:
        self.pending = tuple(pending)
        super().__init__(
            f"The database lacks {len(self.pending)} migration(s): {', '.join(self.pending)}. Run `reelgate migrate`."
        )


class MigrationFailed(StorageError):
    """A migration run was refused or undone; the database is as it was before."""


class MediaMissing(StorageError):
    """No media file has this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no media file {key!r}.")
        self.key = key


class InvalidMediaKey(MediaMissing):
    """This is not the form of a media key, so nothing can have it."""


class MediaConflict(StorageError):
    """The key already holds other content, and the caller did not ask to replace it."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The media file {key!r} already exists with other content.")
        self.key = key
