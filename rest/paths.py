"""Ids in paths. What is not the decimal form of an id that a row could have names nothing: 404, not 422."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Path
from pydantic import BeforeValidator

_DECIMAL: Final = re.compile("[1-9][0-9]{0,9}")
_LARGEST: Final = 2**31 - 1


def _id(value: object) -> int:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value) or int(value) > _LARGEST:
        raise ValueError("not an id")
    return int(value)


ScriptId = Annotated[int, BeforeValidator(_id), Path(description="The script's id.", ge=1, le=_LARGEST)]
SceneId = Annotated[int, BeforeValidator(_id), Path(description="The scene's id.", ge=1, le=_LARGEST)]
ImageId = Annotated[int, BeforeValidator(_id), Path(description="The image's id.", ge=1, le=_LARGEST)]
MusicId = Annotated[int, BeforeValidator(_id), Path(description="The piece of music's id.", ge=1, le=_LARGEST)]
VideoId = Annotated[int, BeforeValidator(_id), Path(description="The video's id.", ge=1, le=_LARGEST)]
JobId = Annotated[int, BeforeValidator(_id), Path(description="The job's id.", ge=1, le=_LARGEST)]
