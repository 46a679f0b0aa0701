"""What people say of posts: one document per post, label set and rater. The posts themselves are not changed.

`_id` is the set, the rater and the post, each on a line of its own; the first two hold no line break. The invariant: importing
the same file again changes nothing.
"""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pymongo
from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from monitor.labels.judgement import Judgement
from monitor.post import Post
from monitor.store.document import Document, post_of
from monitor.store.outage import tells_outage

_TOGETHER = 1_000  # documents of one command
_SEARCH_S = 60.0  # no index leads from an address to a post that has another id: all posts are read through
_LEFT_OUT = {"raw": 0, "digests": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How many judgements were new, replaced another one by the same rater, or were stored already."""

    new: int
    changed: int
    same: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A set in figures: judgements by label, by rater, and how many posts they are of."""

    name: str
    posts: int
    judgements: int
    labels: Mapping[str, int]
    raters: Mapping[str, int]


class Labels:
    """The collection `labels`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._labels = database["labels"]
        self._posts = database["posts"]

    @tells_outage
    async def put(self, judgements: Sequence[Judgement]) -> Imported:
        """Store judgements; one that is there with the same label and rating stays as it is, with its moment."""
        there: dict[str, Document] = {}
        for ids in _portions([_id(each) for each in judgements]):
            there |= {stored["_id"]: stored async for stored in self._labels.find({"_id": {"$in": ids}})}
        wanted = [each for each in judgements if not _is_same(there.get(_id(each)), each)]
        for portion in _portions(wanted):
            await self._labels.bulk_write([_upsert(each) for each in portion], ordered=False)
        changed = sum(_id(each) in there for each in wanted)
        return Imported(new=len(wanted) - changed, changed=changed, same=len(judgements) - len(wanted))

    @tells_outage
    async def move(self, old: str, new: str) -> None:
        """Say of the post `new` what was said of `old`; done again, it finishes what was cut short."""
        of_old = [_judgement(stored) async for stored in self._labels.find({"post": old})]
        await self.put([replace(judgement, post=new) for judgement in of_old])
        await self._labels.delete_many({"_id": {"$in": [_id(judgement) for judgement in of_old]}})

    @tells_outage
    async def of_set(self, name: str) -> list[Judgement]:
        """All judgements of one set, in one order."""
        return [_judgement(stored) async for stored in self._labels.find({"set": name}).sort("_id", 1)]

    @tells_outage
    async def sets(self) -> list[Counted]:
        """All sets, by name."""
        counted = [await self.counted(name) for name in sorted(await self._labels.distinct("set"))]
        return [each for each in counted if each is not None]

    @tells_outage
    async def counted(self, name: str) -> Counted | None:
        """One set in figures; None where there is none of that name."""
        labels, raters, posts = Counter[str](), Counter[str](), set[str]()
        async for stored in self._labels.find({"set": name}, {"post": 1, "rater": 1, "label": 1}):
            posts.add(stored["post"])
            raters[stored["rater"]] += 1
            if stored.get("label") is not None:
                labels[stored["label"]] += 1
        if not posts:
            return None
        return Counted(name=name, posts=len(posts), judgements=raters.total(), labels=labels, raters=raters)

    @tells_outage
    async def digest(self, name: str) -> str:
        """Hexadecimal digits that are others as soon as any label or rating of the set is."""
        made = hashlib.sha256()
        async for stored in self._labels.find({"set": name}).sort("_id", 1):
            made.update(repr((stored["_id"], stored.get("label"), stored.get("rating"))).encode("utf-8", "replace"))
        return made.hexdigest()

    async def posts(self, ids: Collection[str]) -> AsyncIterator[Post]:
        """The stored posts with these ids, by id, without `raw`; deleted ones too."""
        for portion in _portions(sorted(ids)):
            for stored in await self._portion(portion):
                yield post_of(stored)

    @tells_outage
    async def known(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that a stored post has."""
        found: set[str] = set()
        for portion in _portions(sorted(ids)):
            found |= {stored["_id"] async for stored in self._posts.find({"_id": {"$in": portion}}, {"_id": 1})}
        return found

    @tells_outage
    async def at_addresses(self, urls: Collection[str]) -> dict[str, list[str]]:
        """The ids of the posts that are shown at each of these addresses."""
        found: dict[str, list[str]] = {}
        for portion in _portions(sorted(urls)):
            with pymongo.timeout(_SEARCH_S):
                async for stored in self._posts.find({"url": {"$in": portion}}, {"url": 1}):
                    found.setdefault(stored["url"], []).append(stored["_id"])
        return found

    @tells_outage
    async def _portion(self, ids: list[str]) -> list[Document]:
        return await self._posts.find({"_id": {"$in": ids}}, _LEFT_OUT).sort("_id", 1).to_list()


def _portions(things: Sequence[Any]) -> list[list[Any]]:
    return [list(things[start : start + _TOGETHER]) for start in range(0, len(things), _TOGETHER)]


def _id(judgement: Judgement) -> str:
    return f"{judgement.label_set}\n{judgement.rater}\n{judgement.post}"


def _is_same(stored: Document | None, judgement: Judgement) -> bool:
    told = judgement.label, judgement.rating
    return stored is not None and (stored.get("label"), stored.get("rating")) == told


def _upsert(judgement: Judgement) -> UpdateOne:
    fields: Document = {
        "set": judgement.label_set,
        "rater": judgement.rater,
        "post": judgement.post,
        "at": judgement.at,
        "file": judgement.file,
    }
    told = {"label": judgement.label, "rating": judgement.rating}
    fields |= {name: value for name, value in told.items() if value is not None}
    unset = {name: "" for name, value in told.items() if value is None}
    return UpdateOne({"_id": _id(judgement)}, {"$set": fields, **({"$unset": unset} if unset else {})}, upsert=True)


def _judgement(stored: Document) -> Judgement:
    return Judgement(
        post=stored["post"],
        label_set=stored["set"],
        rater=stored["rater"],
        label=stored.get("label"),
        rating=stored.get("rating"),
        at=stored["at"],
        file=stored["file"],
    )
