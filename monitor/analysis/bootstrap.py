"""95 % intervals by drawing anew from what was seen, for figures that no formula gives one for, such as macro F1. Pure."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import TypeVar

from monitor.analysis.interval import Interval

DRAWS = 1_000  # the ends of a 95 % interval then rest on 25 draws each
# The spread of fewer is not yet known by themselves: the interval would be too narrow.
FEWEST_GROUPS = 20
_TAIL = 0.025

T = TypeVar("T", bound=Hashable)


def bootstrap(
    groups: Sequence[Sequence[T]],
    figures: Callable[[Mapping[T, int]], Sequence[float | None]],
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> list[Interval | None]:
    """The middle 95 % of each of `figures` when whole groups are drawn with replacement; None: too few to tell.

    `groups` hold what was seen, such as one pair of labels for each post of an author: what depends on each other is drawn
    together, or the interval would be too narrow. `figures` are made of how often each was drawn, None where there is no such
    figure. The same seed gives the same intervals. 1,000 draws of 1,000 groups take 0.5 s.

    Source: percentile interval, Efron 1979, Annals of Statistics 7:1; whole groups: Davison, Hinkley 1997, Bootstrap Methods and
    their Application, section 3.8.
    """
    kinds = Counter(frozenset(Counter(group).items()) for group in groups if group)
    if kinds.total() < FEWEST_GROUPS:
        return [None for _ in figures(Counter(one for group in groups for one in group))]
    population, weights = list(kinds), list(accumulate(kinds.values()))
    random = Random(seed)  # noqa: S311 (no secret)
    rows = [figures(_drawn(Counter(random.choices(population, cum_weights=weights, k=kinds.total())))) for _ in range(draws)]
    return [_middle(column, draws) for column in zip(*rows, strict=True)]


def _drawn(kinds: Mapping[frozenset[tuple[T, int]], int]) -> Counter[T]:
    drawn: Counter[T] = Counter()
    for kind, times in kinds.items():
        for one, count in kind:
            drawn[one] += count * times
    return drawn


def _middle(column: Sequence[float | None], draws: int) -> Interval | None:
    there = sorted(value for value in column if value is not None)
    if len(there) < draws / 2:  # mostly there is no such figure
        return None
    tail = max(1, int(_TAIL * (len(there) + 1))) - 1
    return Interval(low=there[tail], high=there[-1 - tail])
