"""Names of the schema's object types, for the fields by which they refer to each other.

Resolved when the schema is built, so that the modules of the types need not import one another in a circle.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry


def _named(name: str, module: str) -> Any:
    annotated: Any = Annotated
    return annotated[name, strawberry.lazy(module)]


SCRIPT: Final = _named("Script", "graph.scripts")
SCENE: Final = _named("Scene", "graph.scenes")
IMAGE: Final = _named("Image", "graph.images")
VIDEO: Final = _named("Video", "graph.videos")
JOB: Final = _named("Job", "graph.jobs")
STATUS_CHANGE: Final = _named("StatusChange", "graph.changes")
SCRIPT_CHANGE: Final = _named("ScriptChange", "graph.changes")
