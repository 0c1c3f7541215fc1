"""Keys are in no place at all but the environment and the requests; people's texts only in the columns meant for them.

A real system meets every failure that a provider can produce, each repeating the key and the request; it is killed,
it crashes, and it is misconfigured. Then everything is searched that it has written, sent or shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.providers.double import Behaviour, Double, Endpoint, Question, always, running_double, think
from tests.providers.double.numbered import numbered_units
from tests.running import Json, RunningSystem, running_system, until
from tests.workflows.canaries import (
    Canary,
    Place,
    RedisTap,
    broker_url,
    command_lines,
    database_cells,
    execute,
    files_under,
    found_in,
    redis_content,
)
from tests.workflows.mishaps import Mishap, cut_mishaps, image_mishaps, in_scene, prompt_mishaps, speech_mishaps
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories

SHARED = Canary("sk-proj-Zq7vR2mXw9LkT4bN8cYh3dFj6gPs1aEu", is_key=True)
TEXT_KEY = Canary("tk-Hd83nVbQ5rJx0WfM7yKz2CeLu9ToAi4GpS6X", is_key=True)
IMAGES_KEY = Canary("ik/Ge+6tRw1YcNo5BqUj9XmDv3ZkHf8Ls2Pa7I=", is_key=True)
SPEECH_KEY = Canary("vk_8Ju2LpRq6ZtXf4SdWa1NcGy7HbEo3MiKv5Dx", is_key=True)
SECRET = "Lg5-signed-Mw9xKc2RtYb7Vq"
KEYS = (SHARED, TEXT_KEY, IMAGES_KEY, SPEECH_KEY, Canary(SECRET, is_key=True))

_TITLES = frozenset({("script", "title"), ("scene", "title")})
_PROMPT = frozenset({("image", "prompt")})
_SCENE = frozenset({("scene", "text"), *_TITLES, *_PROMPT})
WORDS = (
    Canary("Zanzïquorble", frozenset({("script", "content"), ("video", "words"), *_SCENE})),
    Canary("Vermiglotch", frozenset({("script", "style")})),
    Canary("Trimbolaxe", _SCENE),
    Canary("Quaxlefrond", _PROMPT | {("job", "prompt")}),
    Canary("Wexlumbrate", _PROMPT),
    Canary("Plinthowarg", frozenset({("job", "feedback"), ("decision", "feedback"), ("event", "payload")})),
)
SCRIPT_WORD, STYLE, EDITED, OWN_PROMPT, MODELS_PROMPT, FEEDBACK = (canary.text for canary in WORDS)
EVERYTHING = (*KEYS, *WORDS)

CRASHING = """
import importlib.abc, importlib.util, os, sys

SPOILED = ["providers.openai_compatible.text", "providers.openai_compatible.speech"]

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name not in SPOILED:
            return None
        SPOILED.remove(name)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module
        spec.loader.exec_module = lambda module: (load(module), spoil(module))
        return spec

def spoil(module):
    def failing(name, marker):
        real = getattr(module, name)
        def fail(said, *rest):
            if marker.encode() in (said.encode() if isinstance(said, str) else said):
                key = os.environ["OPENAI_API_KEY"] + os.environ["REELGATE_TEXT_API_KEY"]
                key += os.environ["REELGATE_SPEECH_API_KEY"]
                try:
                    raise ValueError(f"cause {key} {said!r}")
                except ValueError as cause:
                    raise RuntimeError(f"{key} {said!r}") from cause
            return real(said, *rest)
        setattr(module, name, fail)
    if module.__name__.endswith("speech"):
        failing("pieces_of", "crashing003x")
        return
    failing("clean_prompt", "crashing001x")
    failing("completion_in", "crashing002x")

sys.meta_path.insert(0, Finder())
"""
"""Makes three functions of the providers raise what holds the keys and the prompt, in the worker's own process."""


@dataclass
class Studio:
    """A system with a double, and what was seen of it from outside."""

    system: RunningSystem
    double: Double
    client: GraphQLClient
    seen: list[tuple[str, str | bytes]] = field(default_factory=list)

    def look(self, moment: str) -> None:
        """What shows at one moment only."""
        self.seen.append((f"Redis {moment}", redis_content(broker_url(self.system))))
        self.seen.append((f"ps {moment}", command_lines(self.system)))
        self.seen.append((f"readyz {moment}", httpx.get(f"{self.system.url}/readyz").text))

    def jobs(self) -> list[Json]:
        found: list[Json] = []
        after = None
        while True:
            query = """query($after: String) { jobs(first: 100, after: $after) {
                nodes { id state attempt error { code message } } pageInfo { hasNextPage endCursor } } }"""
            page = self.system.graphql(query, after=after)["jobs"]
            found += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    def at_rest(self, job_id: str) -> bool:
        job = self.system.graphql("query($id: ID!) { job(id: $id) { state } }", id=job_id)["job"]
        return job["state"] not in ("QUEUED", "RUNNING")

    def resting(self, job_id: str) -> Json | None:
        """The job, once nobody works on it."""
        job = next(job for job in self.jobs() if job["id"] == job_id)
        return job if job["state"] not in ("QUEUED", "RUNNING") and job["error"] else None

    def settled(self, *states: str) -> bool:
        return all(job["state"] not in ("QUEUED", "RUNNING", *states) for job in self.jobs())

    def unmet(self, mishaps: list[Mishap]) -> list[Mishap]:
        """Those that no request has run into yet."""
        used = {rule.containing for rule in self.double.state.rules}
        return [mishap for mishap in mishaps if mishap.rule.containing in used]


def a_scene_each(question: Question) -> str:
    """Thinks as the double does, but makes a scene of each unit."""
    if question.schema is None or question.cuts is not None:
        return think(question)
    units = numbered_units(question.text("user"))
    scenes = [{"last_unit": unit.number, "last_words": unit.last_words(3), "title": ""} for unit in units]
    return json.dumps({"title": "", "scenes": scenes})


def paragraph(marker: str) -> str:
    """One sentence of 70 words: a unit, and a scene."""
    return f"{marker} met {SCRIPT_WORD} at " + "the old pier " * 22 + "once."


@pytest.fixture
def studio(tmp_path: Path, backend: str) -> Iterator[Studio]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(CRASHING)
    with running_double(brain=a_scene_each, least_pixels=1) as double:
        settings = {
            "REELGATE_TEXT": "openai",
            "REELGATE_IMAGES": "openai",
            "OPENAI_API_KEY": SHARED.text,
            "OPENAI_BASE_URL": double.url,
            "REELGATE_TEXT_BASE_URL": double.url,
            "REELGATE_TEXT_API_KEY": TEXT_KEY.text,
            "REELGATE_IMAGES_API_KEY": IMAGES_KEY.text,
            "REELGATE_SPEECH": "openai",
            "REELGATE_SPEECH_BASE_URL": double.url,
            "REELGATE_SPEECH_API_KEY": SPEECH_KEY.text,
            "REELGATE_SPEECH_TIMEOUT": "3",
            "REELGATE_TEXT_TIMEOUT": "3",
            "REELGATE_IMAGES_TIMEOUT": "3",
            "REELGATE_CONCURRENCY": "8",
            "REELGATE_LOG_LEVEL": "debug",
            "OPENAI_LOG": "debug",
            "PYTHONPATH": str(tmp_path / "site"),
        }
        with running_system(tmp_path, backend, **settings) as system:
            yield Studio(system, double, GraphQLClient(system))
    assert system.orphans() == []


@pytest.mark.parametrize("backend", ["embedded", pytest.param("scaled", marks=pytest.mark.slow)], indirect=True)
def test_no_secret_gets_out_whatever_goes_wrong(studio: Studio) -> None:
    system = studio.system
    with closing(RedisTap(broker_url(system))) as tap:
        studio.look("at the start")
        a_good_story(studio)
        spoken_with_every_mishap(studio)
        killed_and_crashing(studio)
        every_mishap(studio)
        answers_to_bad_requests(studio)
        studio.look("at the end")
        studio.seen.append(("jobs", str(studio.jobs())))
    assert b"PUBLISH" in tap.heard.upper()
    studio.seen.append(("Redis' traffic", tap.meant()))
    cells = database_cells(system)
    assert system.stop() == 0
    assert_no_hits(studio, cells)


def a_good_story(studio: Studio) -> None:
    """Every text has its place: script, style, an edited scene, an own prompt, a model's prompt, feedback."""
    client = studio.client
    written = Behaviour(content=f"A wide picture of {MODELS_PROMPT}.")
    studio.double.script(always(written, endpoint=Endpoint.CHAT, containing=in_scene("good001x")))
    script_id = client.create_script(f"{paragraph('good001x')}\n\n{paragraph('good002x')}", title=f"The {SCRIPT_WORD}")
    execute(studio.system, f"UPDATE script SET style = '{STYLE}'")
    first, second = client.approve_script(script_id)
    client.mutate("updateScene", "scene { id }", id=second["id"], text=f"good003x {EDITED}", title=EDITED)
    client.approve_scenes(script_id)
    (image, _) = client.pending_images(script_id)
    feedback = f"More light, {FEEDBACK}!"
    client.mutate("rejectImage", "image { id }", id=image["id"], feedback=feedback)
    client.mutate("generateImage", "job { id }", sceneId=first["id"], prompt=f"A boat named {OWN_PROMPT}")
    until(lambda: studio.settled("RETRYING"), what="the good story's images")
    assert len(client.scenes(script_id)[0]["images"]) == 3


def spoken_with_every_mishap(studio: Studio) -> None:
    """Videos whose scenes each meet another one, one whose worker dies, and one that crashes."""
    mishaps = speech_mishaps(SECRET)
    studio.double.script(*(mishap.rule for mishap in mishaps))
    script_id = illustrated(studio, [mishap.marker for mishap in mishaps])
    seen: set[str] = set()
    job_id = narrated(studio, script_id)
    while studio.unmet(mishaps):
        job = until(partial(studio.resting, job_id), what="an end of the attempt")
        seen.add(job["error"]["code"])
        if job["state"] == "FAILED":
            job_id = narrated(studio, script_id)
        else:
            studio.system.graphql("mutation($id: ID!) { retryJob(input: {id: $id}) { job { id } } }", id=job_id)
    studio.look("while scenes are spoken")
    assert seen >= {"ANSWER_LOST", "PROVIDER_REFUSED"}, "what is worse than anything that happens beside it"

    held = Behaviour(hold="speech", echo=True)
    studio.double.script(always(held, endpoint=Endpoint.SPEECH, containing="held003x"))
    job_id = narrated(studio, illustrated(studio, ["held003x"]))
    studio.double.wait_until_held("speech", 1)
    assert studio.system.kill("worker")
    lost = until(partial(studio.resting, job_id), 60, "what became of the call")
    assert (lost["state"], lost["error"]["code"]) == ("PARKED", "ANSWER_LOST")
    studio.double.release("speech")
    narrated(studio, illustrated(studio, ["crashing003x"]))
    until(lambda: "INTERNAL" in codes(studio), what="the crash")


def narrated(studio: Studio, script_id: str) -> str:
    """The id of a video's job."""
    asked = {"scriptId": script_id, "render": {"narration": "ON"}}
    job_id: str = studio.client.mutate("createVideo", "job { id }", **asked)["job"]["id"]
    return job_id


def illustrated(studio: Studio, markers: list[str]) -> str:
    """A script with a scene for each marker and its picture, all approved."""
    client = studio.client
    script_id = client.create_script("\n\n".join(f"{marker} met {SCRIPT_WORD} at the pier." for marker in markers))
    assert len(client.approve_script(script_id)) == len(markers)
    client.approve_scenes(script_id)
    client.approve_images(script_id)
    return script_id


def killed_and_crashing(studio: Studio) -> None:
    """SIGKILL while both kinds of call are under way, and exceptions that nobody foresaw."""
    client, double = studio.client, studio.double
    held = Behaviour(hold="gate", echo=True)
    double.script(
        always(held, endpoint=Endpoint.IMAGES, containing="picture: held001x"),
        always(held, endpoint=Endpoint.CHAT, containing=in_scene("held002x")),
    )
    markers = ("held001x", "held002x", "crashing001x", "crashing002x")
    script_id = client.create_script("\n\n".join(map(paragraph, markers)))
    assert len(client.approve_script(script_id)) == len(markers)
    client.approve_scenes(script_id)
    double.wait_until_held("gate", 2)
    studio.look("while calls are under way")
    assert studio.system.kill("worker")
    studio.look("when the worker was killed")
    double.release("gate")
    until(lambda: "unexpected error" in studio.system.log(), what="the crash")
    until(lambda: {"ANSWER_LOST", "INTERNAL"} <= codes(studio), what="what became of the jobs")


def codes(studio: Studio) -> set[str]:
    return {job["error"]["code"] for job in studio.jobs() if job["error"]}


def every_mishap(studio: Studio) -> None:
    """Those that pause a provider come last, one by one: each is the call that tries it again."""
    client, system = studio.client, studio.system
    by_scene = [*prompt_mishaps(SECRET, MODELS_PROMPT), *image_mishaps(SECRET)]
    by_script = cut_mishaps(SECRET)
    script_id = client.create_script("\n\n".join(paragraph(mishap.marker) for mishap in by_scene))
    scenes = dict(zip(by_scene, client.approve_script(script_id), strict=True))
    studio.double.script(*(mishap.rule for mishap in by_scene + by_script))
    jobs: dict[Mishap, str] = {}

    def begin(mishap: Mishap) -> None:
        if mishap in scenes:
            payload = client.mutate("approveScene", "job { id }", id=scenes[mishap]["id"])
        else:
            cut = client.create_script(f"{paragraph(mishap.marker)}\n\n{paragraph('and again')}")
            payload = client.mutate("approveScript", "job { id }", id=cut)
        jobs[mishap] = payload["job"]["id"]

    pausing = [mishap for mishap in by_scene + by_script if mishap.pauses]
    for mishap in by_scene + by_script:
        if not mishap.pauses:
            begin(mishap)
    until(lambda: not set(studio.unmet(by_scene + by_script)) - set(pausing), 60, "the mishaps")
    studio.look("with many jobs waiting")
    for mishap in pausing:
        begin(mishap)
        until(lambda: studio.at_rest(jobs[mishap]), what="an end of the attempt")  # noqa: B023
        while studio.unmet([mishap]):
            system.graphql("mutation($id: ID!) { retryJob(input: {id: $id}) { job { id } } }", id=jobs[mishap])
            until(lambda: studio.at_rest(jobs[mishap]), what="an end of the attempt")  # noqa: B023
    assert studio.unmet(by_scene + by_script) == []


def answers_to_bad_requests(studio: Studio) -> None:
    url = studio.system.url
    words = f"{SCRIPT_WORD} {FEEDBACK} {OWN_PROMPT}"
    answers = [
        httpx.post(f"{url}/graphql", json={"query": f"{{ {words} }}", "variables": {"x": words}}),
        httpx.post(
            f"{url}/graphql", json={"query": "mutation { createScript(input: {content: 7}) { script { id } } }"}
        ),
        httpx.post(f"{url}/graphql", content=words.encode(), headers={"content-type": "application/json"}),
        httpx.post(f"{url}/api/scripts", json={"content": [words], "title": {"x": words}}),
        httpx.post(f"{url}/api/scripts", content=f'{{"content": "{words}'.encode()),
        httpx.post(f"{url}/api/images/999999/reject", json={"feedback": words}),
        httpx.get(f"{url}/media/calls/call_1.bin"),
        httpx.get(f"{url}/media/.staging/"),
    ]
    for answer in answers:
        assert found_in(answer.text + str(answer.headers), KEYS) == []
    assert [answer.status_code for answer in answers[-2:]] == [404, 404]


def assert_no_hits(studio: Studio, cells: dict[Place, bytes]) -> None:
    system = studio.system
    hits = [(place, canary) for place, data in studio.seen for canary in found_in(data, EVERYTHING)]
    hits += [("log", canary) for canary in found_in(system.log(), EVERYTHING)]
    for place, values in cells.items():
        allowed = [canary for canary in WORDS if place in canary.columns]
        hits += [(".".join(place), canary) for canary in found_in(values, set(EVERYTHING) - set(allowed))]
    for path, data in files_under(system.data_dir):
        meant = path.parts[0] == "storage" or path.name.startswith("reelgate.sqlite3")
        hits += [(str(path), canary) for canary in found_in(data, KEYS if meant else EVERYTHING)]
    assert sorted(set(hits)) == []
    places = {place for place, values in cells.items() if found_in(values, WORDS)}
    assert places == {place for canary in WORDS for place in canary.columns}, "each canary has been everywhere it may"
