"""Counting posts themselves, for stretches of time that no rollup covers, and as what rollups must equal.

Done by the server, and so by other means than `monitor.store.hour_count`, with the same outcome. The cost grows with the posts of
the window.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.document import Document
from monitor.store.figures import LABELS, NAMES, UNIT, Figures
from monitor.store.hour_count import SITE, UNKNOWN_LANGUAGE, Top
from monitor.store.outage import tells_outage
from monitor.store.window import Window


class Recount:
    """Figures of the collection `posts`, exact at the moment of reading."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._posts = database["posts"]

    @tells_outage
    async def series(self, window: Window, cuts: Sequence[datetime]) -> dict[str, tuple[Figures, ...]]:
        """Figures between each two cuts (whole minutes), by platform; platforms without posts are missing."""
        minute = {"$dateTrunc": {"date": "$created_at", "unit": "minute"}}
        rows = await self._grouped(window, {"platform": "$platform", "minute": minute})
        made: defaultdict[str, list[Figures]] = defaultdict(lambda: [Figures()] * (len(cuts) - 1))
        for row in rows:
            made[row["_id"]["platform"]][bisect_right(cuts, row["_id"]["minute"]) - 1] += Figures.of(row)
        return {platform: tuple(figures) for platform, figures in sorted(made.items())}

    @tells_outage
    async def languages(self, window: Window) -> dict[str, Figures]:
        """Figures by language, `unknown` for posts without one."""
        rows = await self._grouped(window, {"$ifNull": ["$language", UNKNOWN_LANGUAGE]})
        return {row["_id"]: Figures.of(row) for row in sorted(rows, key=lambda row: str(row["_id"]))}

    @tells_outage
    async def tops(self, window: Window, top: Top) -> Counter[tuple[str, str]]:
        """How many posts have each tag, author or domain, by ("", key), authors by (platform, key)."""
        platform: object = "$platform" if top == "authors" else {"$literal": ""}
        steps: list[Document] = [
            {"$match": _wanted(window) | _OF[top]},
            {"$project": {"_id": 0, "platform": platform, "key": {"$setUnion": [_KEYS[top]]}}},
            {"$unwind": "$key"},
            {"$group": {"_id": {"platform": "$platform", "key": "$key"}, "posts": {"$sum": 1}}},
        ]
        cursor = await self._posts.aggregate(steps)
        return Counter({(row["_id"]["platform"], row["_id"]["key"]): row["posts"] async for row in cursor})

    async def _grouped(self, window: Window, by: object) -> list[Document]:
        cursor = await self._posts.aggregate([{"$match": _wanted(window)}, {"$group": {"_id": by} | _SUMS}])
        return await cursor.to_list()


def _wanted(window: Window) -> Document:
    wanted: Document = {"created_at": {"$gte": window.from_at, "$lt": window.to_at}}
    if window.topic is not None:
        wanted["topics.id"] = window.topic
    if window.platforms:
        wanted["platform"] = {"$in": list(window.platforms)}
    return wanted


def _count(condition: Mapping[str, Any]) -> Document:
    return {"$sum": {"$cond": [condition, 1, 0]}}


def _millionths(*factors: str) -> Document:
    known = {
        "$and": [
            {"$in": ["$sentiment.label", list(LABELS)]},
            {"$gte": ["$sentiment.compound", -1]},
            {"$lte": ["$sentiment.compound", 1]},
        ]
    }
    return {"$sum": {"$cond": [known, {"$toLong": {"$round": [{"$multiply": [*factors, UNIT]}, 0]}}, 0]}}


_SUMS: Document = {
    "posts": {"$sum": 1},
    "deleted": _count({"$gt": ["$deleted_at", None]}),
    **{label: _count({"$eq": ["$sentiment.label", label]}) for label in LABELS},
    "compound": _millionths("$sentiment.compound"),
    "squares": _millionths("$sentiment.compound", "$sentiment.compound"),
}
if set(_SUMS) != set(NAMES):
    raise AssertionError(f"figures are {NAMES}, summed are {tuple(_SUMS)}")

_SITES: Document = {
    "$map": {
        "input": {"$ifNull": ["$links", []]},
        "in": {"$toLower": {"$first": {"$getField": {
            "field": "captures", "input": {"$regexFind": {"input": "$$this", "regex": SITE, "options": "i"}},
        }}}},
    }
}  # fmt: skip
_KEYS: Mapping[Top, object] = {
    "tags": {"$ifNull": ["$tags", []]},
    "authors": ["$author.id"],
    # What is no web address has no site, which reads as "".
    "domains": {"$ifNull": ["$domains", {"$setDifference": [_SITES, [""]]}]},
}
_OF: Mapping[Top, Document] = {
    "tags": {},
    "authors": {"deleted_at": None, "kind": {"$ne": "repost"}},
    "domains": {},
}
