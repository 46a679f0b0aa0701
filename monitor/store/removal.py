"""Removing posts with all that is kept of them elsewhere: labels, rows in quarantine, entries of the word index, rollups.

The invariants: what stops them from coming back is noted before (`monitor.store.horizon`, `monitor.store.erasures`); the hours of what
goes are marked dirty before, so that figures are counted anew; a post goes after what points to it, so that whoever is killed in
between finds it again. All of it may be done again, by any number of processes at once.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.dirty import Dirty, hour_of
from monitor.store.document import Document
from monitor.store.erasures import Account, account_digest, post_digest
from monitor.store.gone import Gone
from monitor.store.outage import persists, tells_outage
from monitor.store.rollups import COLLECTIONS as ROLLUPS
from monitor.store.word_index import entries_of

AT_ONCE = 1000  # documents of one command: some 50 ms, which no other write waits for
_SEARCH_S = 60.0  # no index leads from a post to those that share it
_POST = {"_id": 1, "created_at": 1}
_HOUR = timedelta(hours=1)

Counts = Mapping[str, int]  # documents by collection


class Removal:
    """Removes from `posts`, `labels`, `quarantine`, `search`, `roll_hour` and `roll_top_hour`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self.removed: Counter[str] = Counter()
        self._dirty = Dirty(database)
        self._posts = database["posts"]

    # ---- by age

    async def before(self, at: datetime) -> None:
        """Remove all that is of posts written before `at`, the begin of an hour."""
        # A row of which nobody knows its post was met after that was written.
        await self._drain("quarantine", {"first_at": {"$lt": at}})
        while batch := await self._some({"created_at": {"$lt": at}}, oldest_first=True):
            await self.posts(batch)
        # What was written by processes that were killed between two steps, or has been since.
        await self._drain("search", entries_of({"$lt": at}))
        for name in ROLLUPS:
            await self._drain(name, {"hour": {"$lt": at}})

    async def count_before(self, at: datetime) -> Counts:
        """What there is of it now."""
        old: Document = {"created_at": {"$lt": at}}
        counts = {"posts": await self._count("posts", old), "search": await self._count("search", entries_of({"$lt": at}))}
        counts |= {name: await self._count(name, {"hour": {"$lt": at}}) for name in ROLLUPS}
        counts["quarantine"] = await self._count_rows(at)
        counts["labels"] = await self._count_labels(old)
        return counts

    async def _count_rows(self, at: datetime) -> int:
        count = 0
        async for page in self._pages("quarantine", {"post": 1, "first_at": 1}):
            old = await self._stored([row["post"] for row in page if row.get("post")], {"created_at": {"$lt": at}})
            count += sum(row["first_at"] < at or row.get("post") in old for row in page)
        return count

    # ---- by author

    async def of_accounts(self, accounts: Collection[Account]) -> None:
        """Remove all posts of these accounts, and those by which others share them; they are remembered before."""
        await self._with_shares(_by(accounts), accounts)

    async def _with_shares(self, theirs: Document, accounts: Collection[Account]) -> None:
        """Remove posts of these accounts, each after what shares it; they are remembered before."""
        erasures = Gone(self.database).erasures
        while batch := await self._some(theirs, oldest_first=False):
            await erasures.add_posts([stored["_id"] for stored in batch])
            while shared := await self._some(_sharing(accounts, batch), oldest_first=False):
                await self.posts(shared)
            await self.posts(batch)

    async def count_of_accounts(self, accounts: Collection[Account]) -> Counts:
        """What there is of it now, but for quarantine."""
        posts = await self._count("posts", _by(accounts))
        shared = 0
        async for page in self._pages("posts", _POST, _by(accounts)):
            shared += await self._count("posts", _sharing(accounts, page))
        return {"posts": posts, "shared": shared, "labels": await self._count_labels(_by(accounts))}

    async def authors(self, platform: str, names: Collection[str]) -> list[Document]:
        """Authors on a platform who have one of these ids, each with a `handle`; where there are none, those of these handles.

        A handle without a host stands for the same name on any. Looked for by handle, all posts of the platform are read.
        """
        handle = {"$toLower": {"$ifNull": ["$author.handle", ""]}}
        lower: Document = {"$literal": sorted({name.lower() for name in names})}
        spelled = [{"$in": [each, lower]} for each in (handle, {"$first": {"$split": [handle, "@"]}})]
        by_id: Document = {"author.id": {"$in": sorted(names)}}
        return await self._authors(platform, by_id) or await self._authors(platform, {"$expr": {"$or": spelled}})

    @tells_outage
    async def _authors(self, platform: str, wanted: Document) -> list[Document]:
        steps: list[Document] = [
            {"$match": {"platform": platform, **wanted}},
            {"$group": {"_id": "$author.id", "handle": {"$last": "$author.handle"}, "posts": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
        ]
        with pymongo.timeout(_SEARCH_S):
            return await (await self._posts.aggregate(steps)).to_list()

    # ---- what came while it was removed

    async def sweep(self, hour: datetime) -> int:
        """Remove what was written to an hour by processes that had looked just before it was noted; returns how many posts.

        To be called under the hour's mark, which outlives every such write.
        """
        notes, before = await Gone(self.database).notes(), self.removed["posts"]
        within: Document = {"created_at": {"$gte": hour, "$lt": hour + _HOUR}}
        if notes.horizon is not None and hour < notes.horizon.at:
            while batch := await self._some(within, oldest_first=True):
                await self.posts(batch)
        elif notes.key is not None:
            if accounts := await self._erased_in(within, notes.key):
                await self._with_shares({**within, **_by(accounts)}, accounts)
            if erased := await self._erased_and_shared_in(within, notes.key):
                while batch := await self._some({**within, "repost_of": {"$in": erased}}, oldest_first=True):
                    await self.posts(batch)
        return self.removed["posts"] - before

    @tells_outage
    async def _erased_in(self, within: Document, key: bytes) -> list[Account]:
        group: Document = {"_id": {"platform": "$platform", "author": "$author.id"}}
        rows = await self._posts.aggregate([{"$match": within}, {"$group": group}])
        digests = {
            account_digest(key, account): account
            async for row in rows
            if (account := (row["_id"]["platform"], row["_id"]["author"]))
        }
        return [digests[each] for each in await Gone(self.database).erasures.known(digests)]

    @tells_outage
    async def _erased_and_shared_in(self, within: Document, key: bytes) -> list[str]:
        """Ids of removed posts of theirs that posts of an hour share."""
        shares: Document = {**within, "repost_of": {"$ne": None}}
        rows = await self._posts.aggregate([{"$match": shares}, {"$group": {"_id": "$repost_of"}}])
        digests = {post_digest(key, row["_id"]): row["_id"] async for row in rows}
        return [digests[each] for each in await Gone(self.database).erasures.known(digests)]

    # ---- posts

    async def posts(self, batch: Sequence[Document]) -> None:
        """Remove posts, of which `_id` and `created_at` are told, with their labels, rows and entries of the word index."""
        ids = [stored["_id"] for stored in batch]
        await self._dirty.mark({hour_of(stored["created_at"].astimezone(UTC)) for stored in batch})
        await self._delete("labels", {"post": {"$in": ids}})
        await self._delete("quarantine", {"post": {"$in": ids}})
        await self._delete("search", {"_id": {"$in": ids}})
        await self._delete("posts", {"_id": {"$in": ids}})
        # Whoever indexed one meanwhile looks behind that whether it is still there, or finds its entry gone.
        await self._delete("search", {"_id": {"$in": ids}})

    @tells_outage
    async def _some(self, wanted: Document, *, oldest_first: bool) -> list[Document]:
        found = self._posts.find(wanted, _POST)
        with pymongo.timeout(_SEARCH_S):
            return await (found.sort("created_at", 1) if oldest_first else found).limit(AT_ONCE).to_list()

    @tells_outage
    async def _stored(self, ids: Sequence[str], wanted: Document) -> set[str]:
        if not ids:
            return set()
        return {stored["_id"] async for stored in self._posts.find({"_id": {"$in": list(ids)}, **wanted}, {"_id": 1})}

    # ---- documents of any collection

    @persists
    async def _delete(self, name: str, wanted: Document) -> None:
        self.removed[name] += (await self.database[name].delete_many(wanted)).deleted_count

    async def _drain(self, name: str, wanted: Document) -> None:
        """Delete in batches: one command for all of them would run into its time limit."""
        while ids := await self._ids(name, wanted):
            await self._delete(name, {"_id": {"$in": ids}})

    @tells_outage
    async def _ids(self, name: str, wanted: Document) -> list[str]:
        found = await self.database[name].find(wanted, {"_id": 1}).limit(AT_ONCE).to_list()
        return [stored["_id"] for stored in found]

    @tells_outage
    async def _count(self, name: str, wanted: Document) -> int:
        with pymongo.timeout(_SEARCH_S):
            return await self.database[name].count_documents(wanted)

    async def _count_labels(self, wanted: Document) -> int:
        count = 0
        async for page in self._pages("labels", {"post": 1}):
            there = await self._stored(sorted({label["post"] for label in page}), wanted)
            count += sum(label["post"] in there for label in page)
        return count

    async def _pages(self, name: str, fields: Document, wanted: Document | None = None) -> AsyncIterator[list[Document]]:
        """All documents of a collection by `_id`; no cursor has to outlive what is done between two pages."""
        last = ""
        while page := await self._page(name, fields, {**(wanted or {}), "_id": {"$gt": last}}):
            yield page
            last = page[-1]["_id"]

    @tells_outage
    async def _page(self, name: str, fields: Document, wanted: Document) -> list[Document]:
        return await self.database[name].find(wanted, fields).sort("_id", 1).limit(AT_ONCE).to_list()


def _by(accounts: Collection[Account]) -> Document:
    """Posts of these accounts, by the index of `author.id`."""
    ids = sorted({author for _, author in accounts})
    return {
        "author.id": {"$in": ids},
        "$or": [{"platform": platform, "author.id": author} for platform, author in sorted(accounts)],
    }


def _sharing(accounts: Collection[Account], posts: Sequence[Document]) -> Document:
    """Posts by which others share these."""
    platforms = sorted({platform for platform, _ in accounts})
    return {"platform": {"$in": platforms}, "repost_of": {"$in": [stored["_id"] for stored in posts]}}
