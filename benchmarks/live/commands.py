"""Makes events as they are made in real life: by a command, in a process of its own.

Each line of standard input creates a script: one transaction in the database, one event in the log, one ring of the
bell. The line answered is what the event is about. Its only argument: how many characters a script has.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Final

from app.logs import configure_logging
from app.settings import load_settings
from app.wiring import open_system
from domain.protocols import LOCAL
from workflow import scripts

_STORY: Final = "A lighthouse at dusk. "


async def obey(characters: int) -> None:
    """Until standard input ends."""
    content = (_STORY * (characters // len(_STORY) + 1))[:characters]
    settings = load_settings(env_file=None)
    configure_logging(settings, "commands")
    async with open_system(settings) as system:
        while title := (await asyncio.to_thread(sys.stdin.readline)).strip():
            script = await scripts.create_script(system.context, title=title, content=content, actor=LOCAL)
            print(json.dumps({"subjectId": f"script_{script.id}"}), flush=True)


if __name__ == "__main__":
    asyncio.run(obey(int(sys.argv[1])))
