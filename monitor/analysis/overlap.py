"""Overlap of topics: posts that belong to two of them, and accounts that speak of both."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from monitor.analysis.excerpt import Excerpt
from monitor.analysis.interval import Hits


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two topics, `first` before `second` by name. `posts` and `authors` belong to both of them.

    `lift`: how many times as many posts have both as would if the two had nothing to do with each other, among the posts that
    were given; it says little when only posts of topics were given, as it then cannot be above 1 for two topics alone.
    """

    first: str
    second: str
    posts: int
    authors: int
    of_first: Hits
    of_second: Hits
    jaccard: float
    lift: float


def overlaps(posts: Iterable[Excerpt], *, whole: int | None = None) -> tuple[Overlap, ...]:
    """Each pair of topics that any post belongs to, also pairs without a common post; by name. A post counts once.

    `whole`: of how many posts these are all that belong to a topic; None: of these alone. It decides the lift.

    `of_first` and `of_second` carry Wilson intervals: which part of the one's posts is also the other's.

    Source: Jaccard 1901 (both over either); lift of Brin, Motwani, Ullman, Tsur 1997 (there "interest").
    """
    having: defaultdict[str, set[str]] = defaultdict(set)
    speaking: defaultdict[str, set[str]] = defaultdict(set)
    every = set()
    for post in posts:
        every.add(post.id)
        for topic in post.topics:
            having[topic].add(post.id)
            speaking[topic].add(post.author)
    return tuple(
        _overlap(first, second, having=having, speaking=speaking, every=max(whole or 0, len(every)))
        for first, second in combinations(sorted(having), 2)
    )


def _overlap(first: str, second: str, *, having: dict[str, set[str]], speaking: dict[str, set[str]], every: int) -> Overlap:
    one, other = having[first], having[second]
    both = len(one & other)
    return Overlap(
        first=first,
        second=second,
        posts=both,
        authors=len(speaking[first] & speaking[second]),
        of_first=Hits(hits=both, trials=len(one)),
        of_second=Hits(hits=both, trials=len(other)),
        jaccard=both / len(one | other),
        lift=both * every / (len(one) * len(other)),
    )
