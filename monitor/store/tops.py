"""The most frequent tags, authors and domains of a window, from the hourly lists, each with its bounds.

An hour's list is exact for what is on it, and tells how often the first one occurs that was left out. So over many hours a
count is at least the sum of where it is listed, and at most that plus what was left out at most where it is not.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.document import Document
from monitor.store.hour_count import Key, Top, left_out_field
from monitor.store.outage import tells_outage
from monitor.store.recount import Recount
from monitor.store.volumes import Freshness, Volumes, edges, rolled, whole_hours
from monitor.store.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequent:
    """A tag, author or domain, and how many posts have it: both bounds are equal where that is known exactly."""

    key: str
    platform: str | None
    at_least: int
    at_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The most frequent first, by their lower bounds. What is not among them has at most `others_at_most` posts."""

    frequent: tuple[Frequent, ...]
    others_at_most: int
    freshness: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """In how many posts a key is listed, and what was left out at most in the hours where it is."""

    posts: int = 0
    left_out: int = 0


class Tops:
    """Rankings from the collection `roll_top_hour`. Authors are told with their platform, within which their ids are unique."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._rolled = database["roll_top_hour"]

    async def ranking(self, window: Window, top: Top, *, limit: int = 20) -> Ranking:
        """The `limit` most frequent of a window. Parts of an hour at its edges are counted from the posts themselves."""
        freshness = await Volumes(self.database).freshness(window)
        at_edges: Counter[Key] = Counter()
        for edge in edges(window):
            at_edges.update(await Recount(self.database).tops(edge, top))
        listed: dict[Key, _Listed] = {}
        left_out = 0
        if whole := whole_hours(window):
            left_out = await self._left_out(whole, top)
            listed = await self._first(whole, top, limit + 1)
            if others := at_edges.keys() - listed.keys():
                listed |= await self._named(whole, top, {key for _, key in others})
        keys = listed.keys() | at_edges.keys()
        found = [_frequent(key, listed.get(key, _Listed()), at_edges[key], left_out) for key in keys]
        found.sort(key=lambda each: (-each.at_least, each.platform or "", each.key))
        next_at_least = found[limit].at_least if len(found) > limit else 0
        return Ranking(
            frequent=tuple(found[:limit]),
            others_at_most=next_at_least + left_out,
            freshness=freshness,
        )

    @tells_outage
    async def _left_out(self, window: Window, top: Top) -> int:
        """How many posts at most have a key that is nowhere listed."""
        sums = {"_id": None, "left_out": {"$sum": f"${left_out_field(top)}"}}
        found = await (await self._rolled.aggregate([{"$match": rolled(window)}, {"$group": sums}])).to_list()
        return int(found[0]["left_out"]) if found else 0

    @tells_outage
    async def _first(self, window: Window, top: Top, limit: int) -> dict[Key, _Listed]:
        """The keys that are listed most often."""
        # Longer lists are sorted by the server alone.
        ordered: list[Document] = [{"$sort": {"posts": -1, "_id": 1}}, {"$limit": limit}]
        return _read(await (await self._rolled.aggregate([*_summed(window, top), *ordered])).to_list())

    @tells_outage
    async def _named(self, window: Window, top: Top, keys: Collection[str]) -> dict[Key, _Listed]:
        """These keys, as far as they are listed."""
        steps = _summed(window, top, {"$match": {f"{top}.key": {"$in": sorted(keys)}}})
        return _read(await (await self._rolled.aggregate(steps)).to_list())


def _summed(window: Window, top: Top, *only: Document) -> list[Document]:
    """The steps that sum up how often each key is listed."""
    left_out = left_out_field(top)
    return [
        {"$match": rolled(window)},
        {"$project": {"_id": 0, top: 1, left_out: 1}},
        {"$unwind": f"${top}"},
        *only,
        {
            "$group": {
                "_id": _key(top),
                "posts": {"$sum": f"${top}.posts"},
                "left_out": {"$sum": f"${left_out}"},
            }
        },
    ]


def _read(rows: Collection[Document]) -> dict[Key, _Listed]:
    listed = {}
    for row in rows:
        key = ("", row["_id"]) if isinstance(row["_id"], str) else (row["_id"]["platform"], row["_id"]["key"])
        listed[key] = _Listed(posts=int(row["posts"]), left_out=int(row["left_out"]))
    return listed


def _frequent(key: Key, listed: _Listed, at_edges: int, left_out: int) -> Frequent:
    at_least = listed.posts + at_edges
    at_most = at_least + left_out - listed.left_out
    return Frequent(key=key[1], platform=key[0] or None, at_least=at_least, at_most=at_most)


def _key(top: Top) -> object:
    return {"platform": "$authors.platform", "key": "$authors.key"} if top == "authors" else f"${top}.key"
