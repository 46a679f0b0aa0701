"""By which ways posts were seen: how many by each, and by each two of them.

A way is a platform, and its server where it has many (`seen_on` of a post): two servers of Mastodon are two ways, a search and a
stream of Bluesky are one.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.query.mongo import mongo_filter
from monitor.query.query import Query
from monitor.store.document import Document
from monitor.store.outage import tells_outage
from monitor.store.search import Search, wanted

# Of a platform with more ways than these, such as feeds, only those pairs are told that have a post in common.
MOST_WITHOUT_OVERLAP = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Posts that were seen by each of two ways, and by both."""

    ways: tuple[str, str]
    first: int
    second: int
    both: int


class Sightings:
    """Reads `seen_on` of the collection `posts`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._posts = database["posts"]

    async def pairs(self, query: Query | None, *, stored_by: datetime | None = None) -> tuple[Pair, ...]:
        """The pairs of ways by which posts of a query came, those with most in common first."""
        seen: Counter[frozenset[str]] = Counter()
        if query is None or mongo_filter(query).exact:
            seen = await self._grouped(wanted(query, stored_by=stored_by))
        else:
            async for post in Search(self.database).posts(query, stored_by=stored_by):
                seen[frozenset(post.seen_on)] += 1
        return pairs_of(seen)

    @tells_outage
    async def _grouped(self, found: Document) -> Counter[frozenset[str]]:
        seen: Counter[frozenset[str]] = Counter()
        steps: list[Document] = [{"$match": found}, {"$group": {"_id": "$seen_on", "posts": {"$sum": 1}}}]
        async for row in await self._posts.aggregate(steps):
            seen[frozenset(row["_id"] or ())] += row["posts"]
        return seen


def pairs_of(seen: Counter[frozenset[str]]) -> tuple[Pair, ...]:
    """The pairs, from how many posts were seen by just these ways. Pure."""
    single: Counter[str] = Counter()
    double: Counter[tuple[str, str]] = Counter()
    for ways, posts in seen.items():
        single.update(dict.fromkeys(ways, posts))
        double.update(dict.fromkeys(combinations(sorted(ways), 2), posts))
    of_platform = Counter(way.partition("/")[0] for way in single)
    for first, second in combinations(sorted(single), 2):
        platform = first.partition("/")[0]
        if platform == second.partition("/")[0] and of_platform[platform] <= MOST_WITHOUT_OVERLAP:
            double[first, second] += 0
    made = (Pair(ways=ways, first=single[ways[0]], second=single[ways[1]], both=both) for ways, both in double.items())
    return tuple(sorted(made, key=lambda pair: (-pair.both, pair.ways)))
