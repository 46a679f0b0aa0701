"""Fuzzy word search over growing texts, as lenient as a hosted search engine: prefixes of the last word, and one typo.

Its leniency is the point: a collector that trusts the hits counts posts that never say the word.
"""

import re
from collections import defaultdict

TYPO_FROM = 5  # shorter words must be spelled right
_PARTS = re.compile(r'"([^"]+)"|(\w+)')


class WordIndex:
    """Texts by number, in order of adding."""

    def __init__(self) -> None:
        self._places: dict[str, list[int]] = defaultdict(list)
        self._texts: list[str] = []

    def add(self, text: str) -> None:
        words = words_of(text)
        for word in set(words):
            self._places[word].append(len(self._texts))
        self._texts.append(f" {' '.join(words)} ")

    def search(self, query: str, *, typos: bool = True) -> list[int]:
        """Numbers of the texts that match every word and quoted phrase of `query`, ascending. All of them without any word."""
        parts = [
            (words_of(phrase), bool(phrase)) if phrase else ([word.lower()], False) for phrase, word in _PARTS.findall(query)
        ]
        found = set(range(len(self._texts)))
        for place, (words, exact) in enumerate(parts):
            if exact:
                phrase = f" {' '.join(words)} "
                found = {number for number in found if phrase in self._texts[number]}
            else:
                found &= self._fuzzy(words[0], last=place == len(parts) - 1, typos=typos)
        return sorted(found)

    def _fuzzy(self, word: str, *, last: bool, typos: bool) -> set[int]:
        found: set[int] = set()
        for known, places in self._places.items():
            if (
                known == word
                or (last and known.startswith(word))
                or (typos and len(word) >= TYPO_FROM and one_typo(word, known))
            ):
                found.update(places)
        return found


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def one_typo(word: str, other: str) -> bool:
    """Whether one letter changed, added or left out makes one word of the other. The first letter has to be right."""
    if abs(len(word) - len(other)) > 1 or word[0] != other[0]:
        return False
    same = next((place for place, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, other_rest = word[same:], other[same:]
    return rest[1:] == other_rest[1:] or rest == other_rest[1:] or rest[1:] == other_rest
