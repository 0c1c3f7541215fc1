"""What can go wrong while a segment is made, as values that cross from the maker's process to its starter's.

The maker knows pictures and no scenes; whoever gave the order says which scene the failure is of.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from domain.errors import JobErrorCode, WorkFailed
from video.failures import bad_caption, bad_picture, ffmpeg_failed, missing_picture, storage_failed


class SegmentFailed(Exception):
    """Base of the failures of one order. `picture` is the file at fault, if one is."""

    kind = "internal"

    def __init__(self, reason: str, picture: Path | None = None, number: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.picture, self.number = reason, picture, number

    def to_json(self) -> dict[str, Any]:
        """The `error` of an answer; `failure_of` takes it."""
        picture = str(self.picture) if self.picture else None
        failure = failure_of({"kind": self.kind, "reason": self.reason, "number": self.number}, "The video")
        return {
            "code": failure.code.value,
            "message": failure.message,
            "kind": self.kind,
            "reason": self.reason,
            "number": self.number,
            "picture": picture,
        }


class BadPicture(SegmentFailed):
    kind = "bad_picture"

    def __init__(self, picture: Path, reason: str) -> None:
        super().__init__(reason, picture)


class MissingPicture(SegmentFailed):
    kind = "missing_picture"

    def __init__(self, picture: Path) -> None:
        super().__init__("the file is missing", picture)


class BadOverlay(SegmentFailed):
    """A drawing that was laid over a picture is at fault, not the picture."""

    kind = "bad_overlay"


class StorageFailed(SegmentFailed):
    """`number` is the operating system's."""

    kind = "storage"

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror or type(error).__name__, number=error.errno or 0)


class EncoderFailed(SegmentFailed):
    """`number` is the exit code of ffmpeg, `reason` its last words."""

    kind = "encoder"

    def __init__(self, returncode: int, words: str) -> None:
        super().__init__(words, number=returncode)


def failure_of(error: dict[str, Any], subject: str) -> WorkFailed:
    """The failure that a maker reported, said of `subject`: "Scene 3"."""
    reason, number = str(error.get("reason", "")), int(error.get("number", 0))
    match error.get("kind"):
        case "bad_picture":
            return bad_picture(subject, reason)
        case "missing_picture":
            return missing_picture(subject)
        case "bad_overlay":
            return bad_caption(subject, reason)
        case "storage":
            return storage_failed(subject, OSError(number, reason))
        case "encoder":
            return ffmpeg_failed(subject, number, reason)
        case _:
            return WorkFailed(
                JobErrorCode.INTERNAL,
                f"{subject} could not be rendered: the program that makes its frames failed. The worker's log has why.",
                retryable=False,
            )
