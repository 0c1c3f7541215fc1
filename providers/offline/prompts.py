"""Prompts for pictures, made from a scene's own words.

A prompt names the view, the subject, the place, the light, the moment in the scene's words, what the reviewer asked
for, and the style. The parts have a fixed form, because the painter reads the same prompt back.
"""

from __future__ import annotations

import hashlib
import re

from domain.generation import PromptRequest
from providers.headings import LineKind, is_lone_title, line_kind
from providers.offline.terms import Biome, Daytime, Subject, Term, Weather
from providers.offline.titles import LONGEST_TITLE
from providers.offline.vocabulary import Reading, read_wishes, read_words
from providers.sentences import language_of, sentence_ends

LONGEST_PROMPT = 600
_LONGEST_MOMENT = 150
_LONGEST_WISHES = 200
_PLACES = {
    Biome.COAST: "on a rocky coast", Biome.MOUNTAIN: "among mountains", Biome.FOREST: "in a deep forest",
    Biome.CITY: "over a city skyline", Biome.STREET: "in an old street", Biome.DESERT: "among desert dunes",
    Biome.MEADOW: "in an open meadow", Biome.VILLAGE: "at the edge of a village", Biome.ARCTIC: "in an arctic waste",
    Biome.LAKE: "by a still lake", Biome.ROOM: "in a quiet room", Biome.SPACE: "in outer space",
}  # fmt: skip
_LIGHTS = {
    Daytime.DAWN: "at dawn", Daytime.DAY: "in daylight", Daytime.GOLDEN: "in golden light",
    Daytime.DUSK: "at dusk", Daytime.NIGHT: "at night",
}  # fmt: skip
_AIRS = {
    Weather.CLEAR: "under a clear sky", Weather.CLOUDY: "under drifting clouds", Weather.RAIN: "in the rain",
    Weather.STORM: "before a storm", Weather.SNOW: "in falling snow", Weather.FOG: "in thin fog",
}  # fmt: skip
_FIGURES = {
    Subject.PERSON: "a lone figure", Subject.COUPLE: "a couple", Subject.CHILD: "a child",
    Subject.CROWD: "a small crowd",
    Subject.DOG: "a dog", Subject.HORSE: "a horse and rider", Subject.BIRDS: "birds", Subject.BOAT: "a sailing boat",
    Subject.LIGHTHOUSE: "a lighthouse", Subject.HOUSE: "a house", Subject.CASTLE: "a castle",
    Subject.CHURCH: "a church",
    Subject.WINDMILL: "a windmill", Subject.TREE: "an old tree", Subject.BRIDGE: "a bridge", Subject.TRAIN: "a train",
    Subject.CAR: "a car", Subject.TENT: "a tent with a campfire", Subject.LAMP: "a lamp post",
    Subject.BALLOON: "a balloon", Subject.ROCKET: "a rocket",
}  # fmt: skip
_VIEWS = ("A wide view", "A closer view", "A low view", "A quiet view", "A sweeping view", "An intimate view")
_STYLES = (
    "layered illustration, soft light, muted colours",
    "painted backdrop, deep atmosphere, warm accents",
    "cut-paper landscape, clear shapes, gentle haze",
    "storybook illustration, rich colours, calm composition",
)
_MOMENT = re.compile(r"Moment: “([^”]*)”")
_WISHES = re.compile(r"As asked: (.*?) Style:", re.DOTALL)


def compose_prompt(request: PromptRequest) -> str:
    """A prompt for the request; another one for another attempt, and never the rejected one."""
    rejected = " ".join((request.rejected_prompt or "").split())
    for turn in range(request.attempt, request.attempt + len(_VIEWS)):
        prompt = _compose(request, turn, wishes=_wishes(request))
        if prompt != rejected:
            return prompt
    return prompt


def moment_of(prompt: str) -> str | None:
    """The line of the scene that a prompt made here quotes."""
    found = _MOMENT.search(prompt)
    return found.group(1).strip() or None if found else None


def wishes_of(prompt: str) -> str:
    """What reviewers asked for, as a prompt made here carries it."""
    found = _WISHES.search(prompt)
    return found.group(1) if found else ""


def description_of(prompt: str) -> str:
    """A prompt without its quoted moment, wishes and style."""
    bare = _MOMENT.sub(" ", prompt)
    return re.split(r"As asked:|Style:", bare, maxsplit=1)[0]


def _compose(request: PromptRequest, turn: int, *, wishes: str) -> str:
    own = read_words(request.text[:6000], negations=False)
    # The title comes after the text: it may be of an earlier one.
    near = (request.title or "", (request.text_before or "")[-600:], (request.text_after or "")[:600])
    around = read_words(". ".join(near), negations=False)
    wished = read_wishes(wishes)
    view = _VIEWS[(request.order + turn - 2) % len(_VIEWS)]
    style = _STYLES[(_seed(request.title, request.text) + turn) % len(_STYLES)]
    figures = _figures(own, wished)
    subject = f" of {' and '.join(figures)}" if figures else ""
    parts = [f"{view}{subject} {_setting(own, around, wished)}.".replace("  ", " ").replace(" .", ".")]
    moment = _first_words(request.text, _LONGEST_MOMENT)
    if moment:
        parts.append(f"Moment: “{moment}”")
    if wishes:
        parts.append(f"As asked: {wishes}")
    parts.append(f"Style: {style}. Version {turn}." if turn > 1 else f"Style: {style}.")
    return " ".join(parts)


def _figures(own: Reading, wished: Reading) -> list[str]:
    chosen = [*wished.subjects()[:2], *(term for term in own.subjects() if term not in wished.unwanted)]
    return [_FIGURES[term] for term in list(dict.fromkeys(chosen))[:2]]


def _setting(own: Reading, around: Reading, wished: Reading) -> str:
    """Place, light and air. A scene that names no place plays where its neighbours do."""
    biomes = _first_allowed(wished, wished.biomes(), own.biomes(), around.biomes())
    lights = _first_allowed(wished, wished.daytimes(), own.daytimes(), around.daytimes())
    airs = _first_allowed(wished, wished.weathers(), own.weathers())
    named = [
        *(_PLACES[term] for term in biomes if isinstance(term, Biome)),
        *(_LIGHTS[term] for term in lights if isinstance(term, Daytime)),
        *(_AIRS[term] for term in airs if isinstance(term, Weather)),
    ]
    return " ".join(named)


def _first_allowed(wished: Reading, *lists: list[Biome] | list[Daytime] | list[Weather]) -> list[Term]:
    for terms in lists:
        for term in terms:
            if term not in wished.unwanted:
                return [term]
    return []


def _wishes(request: PromptRequest) -> str:
    """The new feedback first, then what was asked for before, within bounds."""
    said = [_plain(request.feedback or ""), _plain(wishes_of(request.rejected_prompt or ""))]
    kept = [text if text.endswith((".", "!", "?")) else f"{text}." for text in dict.fromkeys(said) if text]
    return _shorten(" ".join(kept), _LONGEST_WISHES)


def _plain(text: str) -> str:
    """One line without the marks that give a prompt its form."""
    for mark in ("Style:", "As asked:", "Moment:"):
        text = text.replace(mark, " ")
    return " ".join(text.translate({ord("“"): '"', ord("”"): '"'}).split())


def _first_words(text: str, longest: int) -> str:
    lines = [line for line in text[:2000].splitlines() if line.strip()]
    running = [
        line
        for number, line in enumerate(lines)
        if line_kind(line) is LineKind.BODY and not (number == 0 and is_lone_title(line, "\n".join(lines[1:])))
    ]
    sample = "\n".join(running or lines)
    ends = sentence_ends(sample, language_of(sample))
    first = _plain(sample[: ends[0]]) if ends else ""
    if len(first) < LONGEST_TITLE / 3 and len(ends) > 1:
        first = _plain(sample[: ends[1]])
    return _shorten(first.replace('"', ""), longest)


def _shorten(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    cut = text.rfind(" ", longest // 2, longest - 1)
    return f"{text[: cut if cut > 0 else longest - 1].rstrip(' ,;:—–-')}…"


def _seed(title: str | None, text: str) -> int:
    digest = hashlib.sha256(f"{title}|{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big")
