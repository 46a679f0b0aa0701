"""Finding stored posts: newest first, all of them, in the same order whenever they are read."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pymongo
from pymongo.asynchronous.database import AsyncDatabase

from monitor.post import Post
from monitor.query.mongo import mongo_filter
from monitor.query.query import Query
from monitor.store.document import Document, post_of
from monitor.store.outage import tells_outage

PAGE = 500  # posts; a few megabytes, and the time in which one is read and matched is far below any limit
# One page of a search for something rare looks through every post; above that at a million of them, with room to spare.
PAGE_S = 60.0
# Not for readers of posts, and most of a document's bytes.
_LEFT_OUT = {"raw": 0, "digests": 0}


class Search:
    """Reads the collection `posts`, which it does not change."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._posts = database["posts"]

    async def posts(self, query: Query | None, *, stored_by: datetime | None = None) -> AsyncIterator[Post]:
        """Each post that matches, newest first and by id where two are of one moment, without `raw`; deleted ones, too.

        `query` None: all. `stored_by`: only what was first seen by then. Raises StoreUnavailableError between two posts; there
        is no limit to how many there are, and no cursor is held open meanwhile.
        """
        found = wanted(query, stored_by=stored_by)
        exact = query is None or mongo_filter(query).exact
        async for stored in self._newest_first(found):
            post = post_of(stored)
            if exact or query is None or query.find(post) is not None:
                yield post

    @tells_outage
    async def ends(self, query: Query | None) -> tuple[datetime, datetime] | None:
        """When the first and the last of these posts were written, at the widest: where the filter is not exact, of more posts."""
        found = wanted(query, stored_by=None)
        moments: list[datetime] = []
        for direction in (1, -1):
            with pymongo.timeout(PAGE_S):
                stored = await self._posts.find_one(found, {"created_at": 1}, sort=[("created_at", direction)])
            if stored is None:
                return None
            moments.append(stored["created_at"])
        return moments[0], moments[1]

    async def _newest_first(self, found: Document) -> AsyncIterator[Document]:
        """By moment, for which there are indexes, and not by moment and id, for which the server would sort all posts each time.

        Where a page ends, the last moment of it is read anew by id, since more may have happened in it than the page holds.
        """
        bound: datetime | None = None
        while page := await self._page(found, {} if bound is None else {"created_at": {"$lt": bound}}, ("created_at", -1)):
            bound = page[-1]["created_at"] if len(page) == PAGE else None
            page.sort(key=lambda stored: stored["_id"])
            page.sort(key=lambda stored: stored["created_at"], reverse=True)
            for stored in page:
                if stored["created_at"] != bound:
                    yield stored
            if bound is None:
                return
            async for stored in self._of_moment(found, bound):
                yield stored

    async def _of_moment(self, found: Document, moment: datetime) -> AsyncIterator[Document]:
        after: Document = {}
        while page := await self._page(found, {"created_at": moment} | after, ("_id", 1)):
            for stored in page:
                yield stored
            after = {"_id": {"$gt": page[-1]["_id"]}}

    @tells_outage
    async def _page(self, found: Document, bounds: Document, order: tuple[str, int]) -> list[Document]:
        asked = {"$and": [each for each in (found, bounds) if each]} if found or bounds else {}
        with pymongo.timeout(PAGE_S):
            return await self._posts.find(asked, _LEFT_OUT).sort([order]).limit(PAGE).to_list()


def wanted(query: Query | None, *, stored_by: datetime | None) -> Document:
    """The filter of what is looked at: what matches, and where `mongo_filter` is not exact, more."""
    told = {} if query is None else dict(mongo_filter(query).filter)
    known = {} if stored_by is None else {"first_seen": {"$lte": stored_by}}
    return {"$and": [told, known]} if told and known else told or known
