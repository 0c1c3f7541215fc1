"""Reads from a text what it calls for, in the terms of pictures, and what it asks to leave out.

One vocabulary serves the prompts and the painter, so that what a prompt names is what the picture shows.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from providers.offline.terms import CHARACTERS, WORDS, Biome, Daytime, Mood, Subject, Term, Weather
from providers.words import word_set

_NEGATIONS = word_set(
    "no not without less fewer remove drop avoid never instead than too don't dont delete lose skip ohne "
    "kein keine nicht weniger sans pas moins sin menos без не меньше zu trop demasiado"
)
_STRESSES = word_set("more much add make want lots mehr plus más больше show")
_PEOPLE: frozenset[Term] = frozenset((Subject.PERSON, Subject.COUPLE, Subject.CHILD, Subject.CROWD))
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|[.,;:!?—。，]")
_PASSING = word_set(
    "he she him her they both people window door table desk sofa chair bed lamp stairs cup tea clock shelf "
    "curtain house bell road square market day star stars morning evening father mother brothers sisters "
    "friends island"
)


def _index() -> tuple[dict[str, tuple[Term, ...]], dict[str, tuple[Term, ...]]]:
    exact: dict[str, tuple[Term, ...]] = {}
    stems: dict[str, tuple[Term, ...]] = {}
    for term, words in WORDS.items():
        for word in dict.fromkeys(words.lower().split()):
            table, key = (stems, word[:-1]) if word.endswith("*") else (exact, word)
            table[key] = (*table.get(key, ()), term)
    return exact, stems


_EXACT, _STEMS = _index()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text calls for, strongest first where it matters, and what it asks to leave out."""

    wanted: Counter[Term] = field(default_factory=Counter)
    unwanted: frozenset[Term] = frozenset()

    def biomes(self) -> list[Biome]:
        return [term for term, _ in self.wanted.most_common() if isinstance(term, Biome)]

    def daytimes(self) -> list[Daytime]:
        return [term for term, _ in self.wanted.most_common() if isinstance(term, Daytime)]

    def weathers(self) -> list[Weather]:
        return [term for term, _ in self.wanted.most_common() if isinstance(term, Weather)]

    def subjects(self) -> list[Subject]:
        return [term for term, _ in self.wanted.most_common() if isinstance(term, Subject)]

    def moods(self) -> list[Mood]:
        return [term for term, _ in self.wanted.most_common() if isinstance(term, Mood)]


def read_words(text: str, *, negations: bool) -> Reading:
    """What `text` calls for. With `negations`, "no boat", "less snow" and "too dark" count against their words."""
    wanted: Counter[Term] = Counter()
    unwanted: set[Term] = set()
    against, stress = 0, 1
    for token in _TOKEN.findall(text):
        word = token.lower()
        if not word[0].isalpha():
            against, stress = 0, 1
            continue
        if negations and word in _NEGATIONS:
            against, stress = 4, 1
        elif negations and word in _STRESSES:
            against, stress = 0, 3
        for term in terms_of(word):
            if against:
                unwanted.add(term)
            else:
                wanted[term] += (1 if word in _PASSING else 3) * stress
        against = max(0, against - 1)
    if unwanted & {Subject.PERSON, Subject.CROWD}:
        unwanted |= _PEOPLE
    return Reading(wanted, frozenset(unwanted - set(wanted)))


def read_wishes(*texts: str) -> Reading:
    """What reviewers asked for, their latest words first: where two wishes disagree, the later one holds."""
    wanted: Counter[Term] = Counter()
    unwanted: set[Term] = set()
    sentences = [sentence for text in texts for sentence in _SENTENCE.split(text)]
    for age, sentence in enumerate(sentences):
        reading = read_words(sentence, negations=True)
        for rank, (term, _) in enumerate(reading.wanted.most_common()):
            if term not in unwanted and term not in wanted:
                wanted[term] = 1_000_000 - 100 * age - rank
        unwanted |= reading.unwanted - set(wanted)
    return Reading(wanted, frozenset(unwanted))


def terms_of(word: str) -> tuple[Term, ...]:
    """The terms one lower-case word calls for."""
    if "\u3040" <= word[0] <= "\u9fff":
        return tuple(CHARACTERS[char] for char in word if char in CHARACTERS)
    for form in (word, word.removesuffix("'s").removesuffix("’s"), word.removesuffix("s"), word.removesuffix("es")):
        if form in _EXACT:
            return _EXACT[form]
    for length in range(3, min(len(word), 10) + 1):
        if word[:length] in _STEMS:
            return _STEMS[word[:length]]
    return ()
