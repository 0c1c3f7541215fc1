"""What a picture will show, read from the request's words. Decides everything; draws nothing."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from domain.generation import ImageRequest
from providers.offline.prompts import description_of, moment_of, wishes_of
from providers.offline.terms import Biome, Daytime, Mood, Subject, Weather
from providers.offline.vocabulary import Reading, read_wishes, read_words

_DEFAULT_PLACES = (
    Biome.MEADOW, Biome.COAST, Biome.CITY, Biome.MOUNTAIN, Biome.ROOM, Biome.LAKE, Biome.STREET, Biome.FOREST,
    Biome.VILLAGE, Biome.DESERT,
)  # fmt: skip
_DEFAULT_LIGHTS = (Daytime.DAY, Daytime.GOLDEN, Daytime.DAWN, Daytime.DUSK, Daytime.DAY, Daytime.NIGHT)
_DEFAULT_AIRS = (Weather.CLEAR, Weather.CLOUDY, Weather.CLOUDY, Weather.CLEAR, Weather.FOG, Weather.CLEAR)
_WATERS = frozenset((Biome.COAST, Biome.LAKE, Biome.ARCTIC))
_ENCLOSED = frozenset((Biome.ROOM, Biome.SPACE))
_HOMES: dict[Biome, tuple[Subject, ...]] = {
    Biome.COAST: (Subject.BOAT, Subject.LIGHTHOUSE, Subject.BIRDS, Subject.PERSON),
    Biome.MOUNTAIN: (Subject.PERSON, Subject.BIRDS, Subject.TENT, Subject.CASTLE),
    Biome.FOREST: (Subject.PERSON, Subject.HOUSE, Subject.TENT, Subject.BIRDS),
    Biome.CITY: (Subject.BIRDS, Subject.BALLOON, Subject.PERSON),
    Biome.STREET: (Subject.PERSON, Subject.COUPLE, Subject.CAR),
    Biome.DESERT: (Subject.PERSON, Subject.HORSE, Subject.TENT, Subject.TREE),
    Biome.MEADOW: (Subject.TREE, Subject.WINDMILL, Subject.HORSE, Subject.BALLOON, Subject.HOUSE),
    Biome.VILLAGE: (Subject.PERSON, Subject.BIRDS, Subject.TREE),
    Biome.ARCTIC: (Subject.PERSON, Subject.BOAT, Subject.TENT),
    Biome.LAKE: (Subject.BOAT, Subject.HOUSE, Subject.BIRDS, Subject.TREE),
    Biome.ROOM: (Subject.PERSON,),
    Biome.SPACE: (Subject.ROCKET,),
}
_PROPS = {
    "fire": re.compile(r"\b(?:fire|fireplace|hearth|stove|flames?)\b", re.IGNORECASE),
    "books": re.compile(r"\b(?:books?|library|bookshel\w+|shelf|shelves|study)\b", re.IGNORECASE),
    "bed": re.compile(r"\b(?:bed|bedroom|sleep|slept|asleep|dream\w*|ill|hospital)\b", re.IGNORECASE),
    "table": re.compile(
        r"\b(?:table|kitchen|tea|coffee|supper|dinner|breakfast|desk|cups?|wrote|writing)\b", re.IGNORECASE
    ),
    "plant": re.compile(r"\b(?:plants?|flowers?|pot)\b", re.IGNORECASE),
}
_Kind = TypeVar("_Kind", Biome, Weather)


@dataclass(frozen=True, slots=True)
class Plan:
    """A picture to paint. `seed` feeds every random choice; `nearness` scales the subjects."""

    biome: Biome
    daytime: Daytime
    weather: Weather
    subjects: tuple[Subject, ...]
    moods: tuple[Mood, ...]
    winter: bool
    variant: int
    mirrored: bool
    nearness: float
    props: frozenset[str]
    seed: int

    def rng(self, part: str) -> np.random.Generator:
        """A generator of its own for each part of the picture, so that parts do not disturb one another."""
        return np.random.default_rng([self.seed, *part.encode()])


def plan_of(request: ImageRequest) -> Plan:
    """The plan for a request: the reviewer's words first, then the prompt's, then the scene's number and chance."""
    wish = read_wishes(request.feedback or "", wishes_of(request.prompt))
    moment = moment_of(request.prompt) or ""
    told = read_words(f"{request.title or ''}. {moment}", negations=False)
    described = read_words(description_of(request.prompt), negations=True)
    said = Reading(wanted=described.wanted, unwanted=described.unwanted)
    for term, count in described.wanted.items():
        said.wanted[term] = count * 2
    said.wanted.update({term: count for term, count in told.wanted.items() if term not in described.unwanted})
    seed = _seed(request)
    turn = request.order * 5 + seed % 3 + request.attempt
    subjects = _subjects(wish, said)
    biome = _biome(wish, said, subjects, turn)
    chosen = _pick(wish, wish.weathers(), said.weathers()) or _DEFAULT_AIRS[(turn + seed // 7) % len(_DEFAULT_AIRS)]
    moods = tuple(dict.fromkeys([*wish.moods(), *said.moods()]))
    daytime = _daytime(wish, said, chosen, turn)
    if biome is Biome.SPACE:
        chosen, daytime = Weather.CLEAR, Daytime.NIGHT
    return Plan(
        biome=biome,
        daytime=daytime,
        weather=chosen,
        subjects=subjects or _chance_subject(biome, wish, seed),
        moods=moods,
        winter=chosen is Weather.SNOW or Weather.SNOW in wish.wanted,
        variant=request.order + request.attempt + seed // 11 % 2,
        mirrored=bool((request.order + request.attempt) % 2),
        nearness=_nearness(moods, request.prompt, seed),
        props=frozenset(
            name
            for name, words in _PROPS.items()
            if words.search(f"{request.prompt} {request.title} {request.feedback}")
        ),
        seed=seed,
    )


def _seed(request: ImageRequest) -> int:
    words = f"{request.prompt}|{request.feedback or ''}|{request.title or ''}|{request.order}|{request.attempt}"
    return int.from_bytes(hashlib.sha256(words.encode("utf-8", "surrogatepass")).digest()[:6], "big")


def _pick(wish: Reading, *lists: list[_Kind]) -> _Kind | None:
    """The first term of the first list that has one the reviewer does not object to."""
    for terms in lists:
        for term in terms:
            if term not in wish.unwanted:
                return term
    return None


def _subjects(wish: Reading, said: Reading) -> tuple[Subject, ...]:
    told = [subject for subject in said.subjects() if subject not in wish.unwanted]
    chosen = list(dict.fromkeys([*wish.subjects(), *told]))[:3]
    if Subject.COUPLE in chosen and Subject.PERSON in chosen:
        chosen.remove(Subject.PERSON)
    return tuple(chosen[:2] if Subject.BIRDS not in chosen else chosen)


def _biome(wish: Reading, said: Reading, subjects: tuple[Subject, ...], turn: int) -> Biome:
    named = _pick(wish, wish.biomes(), said.biomes())
    biome = named or _default_biome(subjects, turn)
    if Subject.BOAT in wish.wanted and biome not in _WATERS | _ENCLOSED:
        return Biome.LAKE
    if Subject.ROCKET in wish.wanted and biome is Biome.ROOM:
        return Biome.SPACE
    return biome


def _default_biome(subjects: tuple[Subject, ...], turn: int) -> Biome:
    for subject in subjects:
        for biome, homes in _HOMES.items():
            if subject in homes[:2] and subject not in (Subject.PERSON, Subject.BIRDS):
                return biome
    return _DEFAULT_PLACES[turn % len(_DEFAULT_PLACES)]


def _daytime(wish: Reading, said: Reading, weather: Weather, turn: int) -> Daytime:
    asked = wish.daytimes()
    if asked:
        return asked[0]
    refused = {term for term in wish.unwanted if isinstance(term, Daytime)}
    told = [daytime for daytime in said.daytimes() if daytime not in refused]
    if Daytime.NIGHT in refused:
        return Daytime.DAY
    if Daytime.DAY in refused:
        return Daytime.NIGHT
    if told:
        return told[0]
    if weather in (Weather.SNOW, Weather.FOG):
        return (Daytime.DAY, Daytime.DAWN)[turn % 2]
    lights = [daytime for daytime in _DEFAULT_LIGHTS if daytime not in refused]
    return lights[turn % len(lights)]


def _chance_subject(biome: Biome, wish: Reading, seed: int) -> tuple[Subject, ...]:
    homes = [subject for subject in _HOMES[biome] if subject not in wish.unwanted]
    return (homes[seed // 13 % len(homes)],) if homes and seed % 4 else ()


def _nearness(moods: tuple[Mood, ...], prompt: str, seed: int) -> float:
    if Mood.CLOSE in moods or "intimate view" in prompt:
        return 1.35
    if Mood.WIDE in moods or "sweeping view" in prompt:
        return 0.75
    return 0.9 + (seed // 17 % 4) * 0.08
