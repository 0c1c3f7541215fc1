"""Names of the schema's object types, for the fields by which they refer to each other.

Resolved when the schema is built, so that the modules of the types need not import one another in a circle.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry

SCRIPT: Final[Any] = Annotated["Script", strawberry.lazy("graph.scripts")]
SCENE: Final[Any] = Annotated["Scene", strawberry.lazy("graph.scenes")]
IMAGE: Final[Any] = Annotated["Image", strawberry.lazy("graph.images")]
VIDEO: Final[Any] = Annotated["Video", strawberry.lazy("graph.videos")]
JOB: Final[Any] = Annotated["Job", strawberry.lazy("graph.jobs")]
STATUS_CHANGE: Final[Any] = Annotated["StatusChange", strawberry.lazy("graph.changes")]
