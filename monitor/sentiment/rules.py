"""VADER's rules: what a rated word is worth between its neighbours. Pure; the words are looked up in `monitor.sentiment.lexicon`.

The invariant: each value is that of vaderSentiment 3.3.2 to the last digit, so the order of the steps and the constants are the
package's, its oddities included, and sums are made in the order of the text. The package looks at every word of the text for
each rated one; here only those are looked at that its rules can reach, at most three before and two behind.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

from monitor.sentiment.lexicon import PLAIN, Word

CAPITALS = 0.733  # added to a word in capitals, where others are not
NEGATION = -0.74
NEVER_SO = 1.25  # "never so good" praises
SECOND, THIRD = 0.95, 0.9  # how much a booster counts two and three words before
BEFORE_BUT, BEHIND_BUT = 0.5, 1.5

_SO = ("so", "this")


def values(
    words: Sequence[Word], idioms: Mapping[str, float], boosters: Mapping[str, float], *, mixed: bool
) -> tuple[list[int], list[float]]:
    """The places of the words that carry sentiment, in order, and what each is worth, before "but" is looked at.

    Words whose value comes to zero are left out. `mixed`: some words of the text, but not all, are in capitals.
    """
    places: list[int] = []
    found: list[float] = []
    for place, word in enumerate(words):
        if word.rated:
            value = _value(words, place, idioms, boosters, mixed=mixed)
            if value:
                places.append(place)
                found.append(value)
    return places, found


def shifted(places: Sequence[int], found: Sequence[float], pivot: int) -> list[float]:
    """Halve what stands before the first "but" (at `pivot`), and raise by half what stands behind it.

    The package goes through the values and for each changes the first one that is equal to it, wherever that stands; so do we,
    with the positions of each value in a heap instead of a search: n log n.
    """
    changed = list(found)
    positions: defaultdict[float, list[int]] = defaultdict(list)
    for position, value in enumerate(changed):
        positions[value].append(position)  # in order, which makes a heap
    for position in range(len(changed)):
        equal = positions[changed[position]]
        first = heappop(equal)
        value = changed[first] * (BEFORE_BUT if places[first] < pivot else BEHIND_BUT)
        changed[first] = value
        heappush(positions[value], first)
    return changed


def _value(
    words: Sequence[Word], place: int, idioms: Mapping[str, float], boosters: Mapping[str, float], *, mixed: bool
) -> float:
    word = words[place]
    behind = words[place + 1] if place + 1 < len(words) else PLAIN
    if word.lower == "kind" and behind.lower == "of":
        return 0.0
    first = words[place - 1] if place else PLAIN
    second = words[place - 2] if place > 1 else PLAIN
    third = words[place - 3] if place > 2 else PLAIN
    value = _denied(word, behind, first, second, third)
    if word.upper and mixed:
        value += CAPITALS if value > 0 else -CAPITALS
    if first is not PLAIN and first.rating is None:
        if first.boost:
            value += _boost(first, value, mixed=mixed)
        if first.negates:
            value *= NEGATION
    if second is not PLAIN and second.rating is None:
        if second.boost:
            value += _boost(second, value, mixed=mixed) * SECOND
        value *= _negation_by_second(first, second)
    if place > 2 and third.rating is None:
        if third.boost:
            value += _boost(third, value, mixed=mixed) * THIRD
        value *= _negation_by_third(first, second, third)
        if (first.idiomatic and (word.idiomatic or second.idiomatic)) or (
            (second.idiomatic and third.idiomatic) or (word.idiomatic and behind.idiomatic)
        ):
            value = _by_idioms(words, place, value, idioms, boosters)
    if first.lower == "least" and first.rating is None and second.lower not in ("at", "very"):
        value *= NEGATION
    return value


def _denied(word: Word, behind: Word, first: Word, second: Word, third: Word) -> float:
    """The rating, after "no", which is rated itself but counts for nothing before another rated word."""
    assert word.rating is not None
    if first.lower == "no" or second.lower == "no" or (third.lower == "no" and first.lower in ("or", "nor")):
        return word.rating * NEGATION
    return 0.0 if word.lower == "no" and behind.rating is not None else word.rating


def _boost(booster: Word, value: float, *, mixed: bool) -> float:
    boost = -booster.boost if value < 0 else booster.boost
    if booster.upper and mixed:
        boost += CAPITALS if value > 0 else -CAPITALS
    return boost


def _negation_by_second(first: Word, second: Word) -> float:
    if second.lower == "never" and first.lower in _SO:
        return NEVER_SO
    if second.lower == "without" and first.lower == "doubt":
        return 1.0
    return NEGATION if second.negates else 1.0


def _negation_by_third(first: Word, second: Word, third: Word) -> float:
    # The package's own precedence: "so" and "this" right before the word raise it whatever stands before them.
    if first.lower in _SO or (third.lower == "never" and second.lower in _SO):
        return NEVER_SO
    if third.lower == "without" and "doubt" in (second.lower, first.lower):
        return 1.0
    return NEGATION if third.negates else 1.0


def _by_idioms(
    words: Sequence[Word], place: int, value: float, idioms: Mapping[str, float], boosters: Mapping[str, float]
) -> float:
    """An idiom's own value instead of the word's, and what a booster in several words adds."""
    third, second, first, word = (each.lower for each in words[place - 3 : place + 1])
    before = (f"{third} {second} {first}", f"{third} {second}", f"{second} {first}")
    for phrase in (f"{first} {word}", f"{second} {first} {word}", before[2], before[0], before[1]):
        if phrase in idioms:
            value = idioms[phrase]
            break
    ahead = [each.lower for each in words[place : place + 3]]
    for length in range(2, len(ahead) + 1):
        value = idioms.get(" ".join(ahead[:length]), value)
    for phrase in before:
        value += boosters.get(phrase, 0.0)
    return value
