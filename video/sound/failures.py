"""Why a sound could not be made, as a `WorkFailed` that names what is at fault and what a person can do about it."""

from __future__ import annotations

from domain.errors import JobErrorCode, WorkFailed
from video.failures import ffmpeg_failed

SOUND = "The sound"


def named(scene: int) -> str:
    return f"Scene {scene}" if scene else "A scene"


def narration_lost(scene: int) -> WorkFailed:
    return WorkFailed(
        JobErrorCode.STORAGE,
        f"{named(scene)}: the file of its narration is missing or was changed. Ask for the video again, and the words "
        "are spoken anew.",
        retryable=False,
    )


def music_lost() -> WorkFailed:
    return WorkFailed(
        JobErrorCode.STORAGE,
        "The file of the music is missing or was changed. Upload the music again, then ask for the video again.",
        retryable=False,
    )


def bad_speech(subject: str, reason: str) -> WorkFailed:
    """What a provider sent as speech is none; another attempt may bring something better."""
    return WorkFailed(JobErrorCode.BAD_OUTPUT, f"{subject}: its narration cannot be used: {reason}.", retryable=True)


def long_speech(subject: str, seconds: int) -> WorkFailed:
    """Another attempt would be paid for and be as long."""
    return WorkFailed(
        JobErrorCode.BAD_OUTPUT,
        f"{subject}: its narration cannot be used: it is longer than {seconds / 60:g} minutes. Split the scene, or ask "
        "for the video without narration.",
        retryable=False,
    )


def bad_sound(reason: str) -> WorkFailed:
    """What ffmpeg made is not what was asked for, although it said that all went well."""
    return WorkFailed(
        JobErrorCode.BAD_OUTPUT, f"The sound that was mixed is not right and was thrown away: {reason}.", retryable=True
    )


def sound_failed(subject: str, returncode: int, stderr: str) -> WorkFailed:
    """As `ffmpeg_failed`, for a program that works on sound: no talk of pictures."""
    failure = ffmpeg_failed(subject, returncode, stderr)
    if failure.code is not JobErrorCode.BAD_OUTPUT:
        return failure
    return bad_sound("ffmpeg cannot read what was made before")
