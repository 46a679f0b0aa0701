"""Finding stored posts: newest first, all of them, in the same order whenever they are read.

A query that asks for words is answered from the word index where that is quicker, and from the posts themselves for those minutes
that it does not know yet (`monitor.store.word_index`). The matcher decides about each post in either case, so the answer is the same
as if every post had been read.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pymongo
from pymongo.asynchronous.database import AsyncDatabase

from monitor.cursor import Cursor
from monitor.post import Post
from monitor.query.mongo import mongo_filter
from monitor.query.query import Query
from monitor.store.document import Document, post_of
from monitor.store.newest_first import Downwards, Find, of_moment
from monitor.store.outage import tells_outage
from monitor.store.search_plan import Plans, Times, times_of
from monitor.store.stretches import Stretches
from monitor.store.word_index import WordIndex

PAGE = 500  # posts; a few megabytes, and the time in which one is read and matched is far below any limit
FIRST_PAGE = 64  # most readers look at the newest alone; each page is twice the one before
# One page of a search for something rare looks through every post; above that at a million of them, with room to spare.
PAGE_S = 60.0
# Not for readers of posts, and most of a document's bytes.
_LEFT_OUT = {"raw": 0, "digests": 0}


@dataclass(frozen=True, slots=True)
class Page:
    """Some posts of a search; `next`: the cursor of those behind them, None where there are none."""

    posts: tuple[Post, ...]
    next: Cursor | None


class Search:
    """Reads the collections `posts` and `search`, which it does not change."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._posts = database["posts"]
        self._stretches = Stretches(database)

    async def posts(
        self, query: Query | None, *, stored_by: datetime | None = None, after: Cursor | None = None
    ) -> AsyncIterator[Post]:
        """Each post that matches, newest first and by id where two are of one moment, without `raw`; deleted ones, too.

        `query` None: all. `stored_by`: only what was first seen by then. `after`: only those behind it. Raises
        StoreUnavailableError between two posts; there is no limit to how many there are, and no cursor is held open meanwhile.
        """
        found = wanted(query, stored_by=stored_by)
        exact = query is None or mongo_filter(query).exact
        async for batch in self._found(query, found, after):
            for stored in batch:
                post = post_of(stored)
                if exact or query is None or query.find(post) is not None:
                    yield post

    async def page(
        self, query: Query | None, *, limit: int, after: Cursor | None = None, stored_by: datetime | None = None
    ) -> Page:
        """The first `limit` posts of a search behind a cursor, as many as there are."""
        posts: list[Post] = []
        async for post in self.posts(query, stored_by=stored_by, after=after):
            if len(posts) == limit:
                return Page(tuple(posts), Cursor(posts[-1].created_at, posts[-1].id))
            posts.append(post)
        return Page(tuple(posts), None)

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

    async def _found(self, query: Query | None, found: Document, after: Cursor | None) -> AsyncIterator[list[Document]]:
        """Posts in order, all that match among them."""
        times = Times() if query is None else times_of(query)
        upper = times.end
        words = None if query is None else await self._words(query)
        if after is not None and (upper is None or after.created_at < upper):
            async for batch in self._rest_of_moment(found, words, after):
                yield batch
            upper = after.created_at
        size = min(FIRST_PAGE, PAGE)
        done = False
        while not done:
            # What is indexed may change with every page.
            lower, indexed = times.begin, False
            if words is not None:
                stretch = await self._stretches.last_before(upper, lower=times.begin)
                lower, indexed = stretch.lower, stretch.indexed
            reading = Downwards(self._find(found, words if indexed else None), lower=lower, upper=upper)
            async for batch in reading.page(size):
                yield await self._whole(batch, found) if indexed else batch
            # Where a stretch ends, the next one begins, unless it was the last.
            upper, done = (lower, lower == times.begin) if reading.done else (reading.upper, False)
            size = min(2 * size, PAGE)

    async def _rest_of_moment(self, found: Document, words: Document | None, after: Cursor) -> AsyncIterator[list[Document]]:
        """What is of the moment of a cursor, and behind it."""
        moment = after.created_at
        indexed = words is not None and await self._stretches.is_indexed(moment)
        find = self._find(found, words if indexed else None)
        async for batch in of_moment(find, moment, size=PAGE, after=after.post_id):
            yield await self._whole(batch, found) if indexed else batch

    async def _words(self, query: Query) -> Document | None:
        """The filter of candidates in the word index; None: it is not there, or of no use for this query."""
        build = await WordIndex(self.database).build()
        return await Plans(self.database).by_words(query) if build is not None and build.usable else None

    def _find(self, found: Document, words: Document | None) -> Find:
        """Finds posts, or the entries of candidates where `words` are told."""
        asked, collection = (found, self._posts) if words is None else (words, self.database["search"])
        fields: Document = _LEFT_OUT if words is None else {"created_at": 1}

        async def find(bounds: Document, order: tuple[str, int], limit: int) -> list[Document]:
            both = [each for each in (asked, bounds) if each]
            return await self._read(collection.name, {"$and": both} if both else {}, fields, order, limit)

        return find

    async def _whole(self, candidates: Sequence[Document], found: Document) -> list[Document]:
        """The posts of candidates, in their order, but for those that do not match by their other fields."""
        if not candidates:
            return []
        ids: Document = {"_id": {"$in": [stored["_id"] for stored in candidates]}}
        both: Document = {"$and": [ids, found]} if found else ids
        posts = {stored["_id"]: stored for stored in await self._read("posts", both, _LEFT_OUT, None, 0)}
        return [posts[stored["_id"]] for stored in candidates if stored["_id"] in posts]

    @tells_outage
    async def _read(
        self, name: str, asked: Document, fields: Document, order: tuple[str, int] | None, limit: int
    ) -> list[Document]:
        with pymongo.timeout(PAGE_S):
            found = self.database[name].find(asked, fields)
            return await (found if order is None else found.sort([order]).limit(limit)).to_list()


def wanted(query: Query | None, *, stored_by: datetime | None) -> Document:
    """The filter of what is looked at: what matches, and where `mongo_filter` is not exact, more."""
    told = {} if query is None else dict(mongo_filter(query).filter)
    known = {} if stored_by is None else {"first_seen": {"$lte": stored_by}}
    return {"$and": [told, known]} if told and known else told or known
