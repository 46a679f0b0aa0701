"""Which stored posts match a topic: reading those that could, and writing what a query makes of them.

The invariant: an update is applied only to the very document that was looked at (`writes`), so that a re-match beside the
collecting never undoes a reading.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from monitor.post import Match, Post
from monitor.store.dirty import Dirty, hour_of
from monitor.store.document import Document, match_document, post_of
from monitor.store.outage import tells_outage
from monitor.topic import Topic

BATCH = 500  # posts; a second's work, so that a kill costs little, and few commands in all

# What no query looks at, and most of the bytes of a post.
_WITHOUT: Document = dict.fromkeys(("raw", "revisions", "digests", "signature"), 0)
_LIVE: Document = {"deleted_at": None}  # a deleted post says nothing that could match; what it matched before stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A stored post as it was read; `writes` is None for one that was never changed."""

    post: Post
    writes: int | None


class Matches:
    """The field `topics` of the collection `posts`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], dirty: Dirty) -> None:
        self.database = database
        self._posts = database["posts"]
        self._dirty = dirty

    async def newest(self, topic: Topic | None, *, limit: int) -> AsyncIterator[Post]:
        """Read up to `limit` posts that are not deleted, newest first: those that could be the topic's, None: all."""
        last: datetime | None = None
        seen: list[str] = []  # the ids of that very moment, which the next page begins with
        while limit > 0 and (page := await self._page(topic, last, seen, min(limit, BATCH))):
            for stored in page:
                yield post_of(stored)
            moment = page[-1]["created_at"]
            seen = [*(seen if moment == last else ()), *(stored["_id"] for stored in page if stored["created_at"] == moment)]
            last = moment
            limit -= len(page)

    @tells_outage
    async def count(self, topic: Topic | None) -> int:
        """How many posts `newest` would read without a limit."""
        return await self._posts.count_documents(_concerned(topic))

    @tells_outage
    async def batch(self, topic: Topic, *, after: str | None, since: datetime | None) -> list[Stored]:
        """The next posts that could be the topic's, by id; `after`: the last one of the batch before."""
        wanted = _concerned(topic) | ({} if since is None else {"created_at": {"$gte": since}})
        if after is not None:
            wanted["_id"] = {"$gt": after}
        return _stored(await self._posts.find(wanted, _WITHOUT).sort("_id", 1).hint("_id_").limit(BATCH).to_list())

    @tells_outage
    async def again(self, ids: Sequence[str]) -> list[Stored]:
        """Read posts once more that somebody else changed; those that were deleted meanwhile are left out."""
        return _stored(await self._posts.find({"_id": {"$in": list(ids)}, **_LIVE}, _WITHOUT).to_list())

    @tells_outage
    async def write(self, topic_id: str, found: Sequence[tuple[Stored, Match | None]]) -> list[str]:
        """Store what the topic makes of posts, None: nothing any more; returns the ids of posts that may have changed since.

        Order of side effects: the hours of posts that enter or leave are marked dirty, then the posts are written.
        """
        if not found:
            return []
        moved = {
            hour_of(stored.post.created_at)
            for stored, match in found
            if (match is None) != all(known.id != topic_id for known in stored.post.topics)
        }
        if moved:
            await self._dirty.mark(moved)
        result = await self._posts.bulk_write([_update(topic_id, stored, match) for stored, match in found], ordered=False)
        # A bulk tells how many updates found their post, not which.
        return [] if result.matched_count == len(found) else [stored.post.id for stored, _ in found]

    @tells_outage
    async def _page(self, topic: Topic | None, last: datetime | None, seen: Sequence[str], limit: int) -> list[Document]:
        wanted = _concerned(topic)
        if last is not None:
            wanted |= {"created_at": {"$lte": last}, "_id": {"$nin": list(seen)}}
        return await self._posts.find(wanted, _WITHOUT).sort("created_at", -1).limit(limit).to_list()


def _concerned(topic: Topic | None) -> Document:
    """Posts of the topic's platforms, and others that it has by another way, such as a feed's of another platform's post."""
    if topic is None or not topic.platforms:
        return dict(_LIVE)
    return {**_LIVE, "$or": [{"platform": {"$in": list(topic.platforms)}}, {"topics.id": topic.id}]}


def _stored(found: Sequence[Mapping[str, Any]]) -> list[Stored]:
    return [Stored(post=post_of(each), writes=each.get("writes")) for each in found]


def _update(topic_id: str, stored: Stored, match: Match | None) -> UpdateOne:
    """In place of the old match where there is one, else after the others; a post that matches nothing has no such field."""
    left = [match if match and known.id == topic_id else known for known in stored.post.topics]
    if match is None:
        left = [known for known in left if known.id != topic_id]
    elif match not in left:
        left.append(match)
    change: Document = {"$set": {"topics": [match_document(each) for each in left]}} if left else {"$unset": {"topics": ""}}
    return UpdateOne({"_id": stored.post.id, "writes": stored.writes}, {**change, "$inc": {"writes": 1}})
