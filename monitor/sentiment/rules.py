"""VADER's rules: what a rated word is worth between its neighbours. Pure; the words are looked up in `monitor.sentiment.lexicon`.

The invariant: each value is that of vaderSentiment 3.3.2 to the last digit, so the order of the steps and the constants are the
package's, its oddities included, and sums are made in the order of the text. The package looks at every word of the text for
each rated one; here only those are looked at that its rules can reach, at most three before and two behind.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from heapq import heappop, heappush
from itertools import compress

from monitor.sentiment.lexicon import Phrases, Word

CAPITALS = 0.733  # added to a word in capitals, where others are not
NEGATION = -0.74
NEVER_SO = 1.25  # "never so good" praises
SECOND, THIRD = 0.95, 0.9  # how much a booster counts two and three words before
BEFORE_BUT, BEHIND_BUT = 0.5, 1.5

_REACH = 3  # how many words back the longest rule looks
_SO = ("so", "this")

# What stands for a word that no rule knows, and what for one before the text begins: no rule looks at its neighbours by it.
_PLAIN = Word(lower="", rating=None, rated=0.0, upper=False, boost=0.0, negates=False, idiomatic=False, stirs=False)
_EDGE = replace(_PLAIN, rating=0.0)


def values(words: Sequence[Word | None], phrases: Phrases, *, mixed: bool) -> tuple[list[int], list[float]]:
    """The places of the words that carry sentiment, in order, and what each is worth; None is a word that no rule knows.

    Words whose value comes to zero are left out. `mixed`: some words of the text, but not all, are in capitals.
    """
    places: list[int] = []
    found: list[float] = []
    stirred = idiomatic = -_REACH - 1
    pivot = None
    for place in compress(range(len(words)), words):
        word = words[place]
        assert word
        if word.stirs or (word.idiomatic and place - idiomatic == 1):  # a word of a phrase alone changes nothing
            stirred = place
        if word.idiomatic:
            idiomatic = place
        if word.rated:
            if place - stirred <= _REACH:
                value = _value(_around(words, place), phrases, mixed=mixed)
            elif word.upper:
                value = _capital(word, word.rated, mixed=mixed)
            else:
                value = word.rated
            if value:
                places.append(place)
                found.append(value)
        elif pivot is None and word.lower == "but":
            pivot = place
    return places, found if pivot is None else shifted(places, found, pivot)


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


def _around(words: Sequence[Word | None], place: int) -> tuple[Word, Word, Word, Word, Word, Word]:
    """Three words before the one at `place`, itself, and two behind."""
    left = len(words) - place
    return (
        (words[place - 3] or _PLAIN) if place > 2 else _EDGE,
        (words[place - 2] or _PLAIN) if place > 1 else _EDGE,
        (words[place - 1] or _PLAIN) if place else _EDGE,
        words[place] or _PLAIN,
        (words[place + 1] or _PLAIN) if left > 1 else _PLAIN,
        (words[place + 2] or _PLAIN) if left > 2 else _PLAIN,
    )


def _value(around: Sequence[Word], phrases: Phrases, *, mixed: bool) -> float:
    third, second, first, word, behind, _ = around
    if word.lower == "kind" and behind.lower == "of":
        return 0.0
    value = _denied(around)
    if word.upper:
        value = _capital(word, value, mixed=mixed)
    if first.stirs and first.rating is None:
        value = _boosted(value, first, 1.0, mixed=mixed) * (NEGATION if first.negates else 1.0)
    if second.stirs and second.rating is None:
        value = _boosted(value, second, SECOND, mixed=mixed) * _negation_by_second(first, second)
    if third.rating is None:
        value = _boosted(value, third, THIRD, mixed=mixed) * _negation_by_third(first, second, third)
        # Only here: the package looks for idioms where the third word before is there and not rated.
        if word.idiomatic or (second.idiomatic and (first.idiomatic or third.idiomatic)):
            value = _by_idioms(around, value, phrases)
    if first.lower == "least" and second.lower not in ("at", "very"):
        value *= NEGATION
    return value


def _capital(word: Word, value: float, *, mixed: bool) -> float:
    if word.upper and mixed:
        return value + (CAPITALS if value > 0 else -CAPITALS)
    return value


def _denied(around: Sequence[Word]) -> float:
    """The rating, after "no", which is rated itself but counts for nothing before another rated word."""
    third, second, first, word, behind, _ = around
    if first.lower == "no" or second.lower == "no" or (third.lower == "no" and first.lower in ("or", "nor")):
        return word.rated * NEGATION
    return 0.0 if word.lower == "no" and behind.rating is not None else word.rated


def _boosted(value: float, booster: Word, share: float, *, mixed: bool) -> float:
    if not booster.boost:
        return value
    boost = -booster.boost if value < 0 else booster.boost
    if booster.upper and mixed:
        boost += CAPITALS if value > 0 else -CAPITALS
    return value + boost * share


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


def _by_idioms(around: Sequence[Word], value: float, phrases: Phrases) -> float:
    """An idiom's own value instead of the word's, and what a booster in several words adds."""
    third, second, first, word, behind, beyond = (each.lower for each in around)
    before = (f"{third} {second} {first}", f"{third} {second}", f"{second} {first}")
    for phrase in (f"{first} {word}", f"{second} {first} {word}", before[2], before[0], before[1]):
        if phrase in phrases.idioms:
            value = phrases.idioms[phrase]
            break
    value = phrases.idioms.get(f"{word} {behind}", value)
    value = phrases.idioms.get(f"{word} {behind} {beyond}", value)
    for phrase in before:
        value += phrases.boosters.get(phrase, 0.0)
    return value
