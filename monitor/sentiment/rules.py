"""VADER's rules: what a rated word is worth between its neighbours. Pure; the words are looked up in `monitor.sentiment.lexicon`.

The invariant: each value is that of vaderSentiment 3.3.2 to the last digit, so the order of the steps and the constants are the
package's, its oddities included, and sums are made in the order of the text. The package looks at every word of the text for
each rated one; here only those are looked at that its rules can reach, at most three before and two behind.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from heapq import heappop, heappush
from itertools import compress, count

from monitor.sentiment.lexicon import Phrases, Word, bare

CAPITALS = 0.733  # added to a word in capitals, where others are not
NEGATION = -0.74
NEVER_SO = 1.25  # "never so good" praises
SECOND, THIRD = 0.95, 0.9  # how much a booster counts two and three words before
BEFORE_BUT, BEHIND_BUT = 0.5, 1.5

_REACH = 3  # how many words back the longest rule looks
_SO = ("so", "this")

# What stands for a word that changes nothing, and what for one before the text begins: no rule looks at its neighbours by it.
_PLAIN = Word(named="", rating=None, rated=0.0, upper=False, boost=0.0, negates=False, idiomatic=False, stirs=False)
_EDGE = replace(_PLAIN, rating=0.0)


def values(
    tokens: Sequence[str], words: Sequence[Word | None], phrases: Phrases, *, mixed: bool
) -> tuple[list[int], list[float]]:
    """The places of the words that carry sentiment, in order, and what each is worth; `words` tells what is known of `tokens`.

    Words whose value comes to zero are left out. `mixed`: some words of the text, but not all, are in capitals.
    """
    places: list[int] = []
    found: list[float] = []
    stirred = -_REACH - 1
    before = None
    for place in compress(count(), words):
        word = words[place]
        assert word
        if word.stirs:
            stirred = place
        if word.rated:
            if place - stirred <= _REACH:
                value = _value(tokens, words, place, phrases, mixed=mixed)
                if not value:
                    continue
            elif mixed and word.upper:
                value = _capital(word.rated)
            else:
                value = word.rated
            places.append(place)
            found.append(value)
        elif before is None and word.named == "but":
            before = len(found)
    return places, found if before is None else shifted(found, before)


def shifted(found: list[float], before: int) -> list[float]:
    """Halve the values that stand before the first "but", so many, and raise by half those that stand behind it.

    The package goes through the values and for each changes the first one that is equal to it, wherever that stands. That is
    the one whose turn it is, unless another was changed to the very same value before.
    """
    originals = set(found)
    changed: list[float] = []
    for position, original in enumerate(found):
        value = original * (BEFORE_BUT if position < before else BEHIND_BUT)
        if value in originals:
            return _shifted_by_search(found, before)
        changed.append(value)
    return changed


def _shifted_by_search(found: list[float], before: int) -> list[float]:
    """As the package does it, with the positions of each value in a heap instead of a search through all: n log n."""
    changed = list(found)
    positions: defaultdict[float, list[int]] = defaultdict(list)
    for position, value in enumerate(changed):
        positions[value].append(position)  # in order, which makes a heap
    for position in range(len(changed)):
        first = heappop(positions[changed[position]])
        value = changed[first] * (BEFORE_BUT if first < before else BEHIND_BUT)
        changed[first] = value
        heappush(positions[value], first)
    return changed


def _value(tokens: Sequence[str], words: Sequence[Word | None], place: int, phrases: Phrases, *, mixed: bool) -> float:
    """What a rated word is worth that may be within reach of one that stirs."""
    word = words[place] or _PLAIN
    first = (words[place - 1] or _PLAIN) if place else _EDGE
    second = (words[place - 2] or _PLAIN) if place > 1 else _EDGE
    third = (words[place - 3] or _PLAIN) if place > 2 else _EDGE
    if word.named == "kind" and _said(tokens, place + 1) == "of":
        return 0.0
    value = word.rated
    if "no" in (word.named, first.named, second.named, third.named):
        value = _denied(value, tokens, words, place)
    if mixed and word.upper:
        value = _capital(value)
    if first.boost or first.negates:
        value = _boosted(value, first, 1.0, mixed=mixed) * (NEGATION if first.negates else 1.0)
    if second.boost or second.negates:
        value = _boosted(value, second, SECOND, mixed=mixed) * _negation_by_second(first, second)
    if third.rating is None:
        if third.boost or third.negates or first.named in _SO:
            value = _boosted(value, third, THIRD, mixed=mixed) * _negation_by_third(first, second, third)
        # Only here: the package looks for idioms where the third word before is there and not rated.
        if word.idiomatic or first.idiomatic or second.idiomatic or third.idiomatic:
            value = _by_idioms(tokens, place, value, phrases)
    if first.named == "least" and _said(tokens, place - 2) not in ("at", "very"):
        value *= NEGATION
    return value


def _said(tokens: Sequence[str], place: int) -> str:
    """The word at a place as the rules compare it; empty beyond the text."""
    return bare(tokens[place]).lower() if 0 <= place < len(tokens) else ""


def _denied(rated: float, tokens: Sequence[str], words: Sequence[Word | None], place: int) -> float:
    """The rating near "no", which is rated itself but counts for nothing before another rated word."""
    third, second, first, word = (_said(tokens, place + step) for step in range(-3, 1))
    if "no" in (first, second) or (third == "no" and first in ("or", "nor")):
        return rated * NEGATION
    behind = words[place + 1] if place + 1 < len(words) else None
    return 0.0 if word == "no" and behind and behind.rating is not None else rated


def _capital(value: float) -> float:
    return value + (CAPITALS if value > 0.0 else -CAPITALS)


def _boosted(value: float, booster: Word, share: float, *, mixed: bool) -> float:
    if not booster.boost:
        return value
    boost = -booster.boost if value < 0.0 else booster.boost
    if mixed and booster.upper:
        boost += CAPITALS if value > 0.0 else -CAPITALS
    return value + boost * share


def _negation_by_second(first: Word, second: Word) -> float:
    if second.named == "never" and first.named in _SO:
        return NEVER_SO
    if second.named == "without" and first.named == "doubt":
        return 1.0
    return NEGATION if second.negates else 1.0


def _negation_by_third(first: Word, second: Word, third: Word) -> float:
    # The package's own precedence: "so" and "this" right before the word raise it whatever stands before them.
    if first.named in _SO or (third.named == "never" and second.named in _SO):
        return NEVER_SO
    if third.named == "without" and "doubt" in (second.named, first.named):
        return 1.0
    return NEGATION if third.negates else 1.0


def _by_idioms(tokens: Sequence[str], place: int, value: float, phrases: Phrases) -> float:
    """An idiom's own value instead of the word's, and what a booster in several words adds."""
    third, second, first, word, behind, beyond = (_said(tokens, place + step) for step in range(-3, 3))
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
