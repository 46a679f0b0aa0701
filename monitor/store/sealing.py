"""Posts that were stored as they are and may be no more: read whole, and put back as they may be kept.

The invariant: what may be kept is durable before what may not is removed, so that a kill in between leaves a post twice and never
none; the next reading of it, or the next re-match, removes the other.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.errors import ConfigurationError
from monitor.post import Post
from monitor.store.dirty import Dirty, hour_of
from monitor.store.document import Document, document, post_of
from monitor.store.labels import Labels
from monitor.store.outage import tells_outage
from monitor.store.posts import Posts
from monitor.store.unindexed import Unindexed, minute_of

# What is bookkeeping of the store, or does not change with privacy.
_LEFT = ("_id", "first_seen", "fetched_at", "seen_on", "counts", "sentiment", "created_at")


@dataclass(frozen=True, slots=True)
class Open:
    """A stored post as it is, and the number of its writes, by which a change in between is noticed."""

    post: Post
    writes: int | None


class Sealing:
    """What privacy needs of `posts` and `meta`, and of what is kept under the ids of posts elsewhere."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], posts: Posts, dirty: Dirty) -> None:
        self.database = database
        self._dirty = dirty
        self._unindexed = Unindexed(database)
        self._labels = Labels(database)
        self._posts = database["posts"]
        self._writing = posts

    @tells_outage
    async def any_begins_with(self, prefix: str) -> bool:
        """Whether there is a post whose id begins so. One look into the index."""
        wanted = {"_id": {"$gte": prefix, "$lt": prefix + "\uffff"}}
        return await self._posts.find_one(wanted, {"_id": 1}) is not None

    @tells_outage
    async def topics_of(self, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Of the posts that are stored: the ids of the topics that they match."""
        found = self._posts.find({"_id": {"$in": list(ids)}}, {"topics.id": 1})
        return {stored["_id"]: tuple(match["id"] for match in stored.get("topics", ())) async for stored in found}

    @tells_outage
    async def whole(self, ids: Collection[str]) -> list[Open]:
        """Read posts whole; tombstones, which hold nothing, too."""
        found = await self._posts.find({"_id": {"$in": list(ids)}}).to_list()
        return [Open(post_of(stored), stored.get("writes")) for stored in found]

    async def put(self, before: Open, kept: Post) -> bool:
        """Store `kept` in place of a post; False where somebody changed it meanwhile. Raises StoreUnavailableError.

        Under the same id it is changed in place, else written under its new one and then removed under the old.
        """
        if kept.id == before.post.id:
            return await self._change(before, kept)
        await self._writing.write([kept])
        return await self._remove(before, kept)

    @tells_outage
    async def agree(self, check: str) -> None:
        """Note whose pseudonyms this database holds. Raises ConfigurationError where they were made with another key."""
        meta = self.database["meta"]
        await meta.update_one({"_id": "pseudonyms"}, {"$setOnInsert": {"check": check}}, upsert=True)
        noted = await meta.find_one({"_id": "pseudonyms"})
        if noted is None or noted["check"] != check:
            raise ConfigurationError(
                f"The pseudonyms in the database {self.database.name} were made with another key than this machine has: one author "
                "would get two. Give every machine the same MONITOR_PSEUDONYM_KEY_FILE, as docs/privacy.md says."
            )

    @tells_outage
    async def _change(self, before: Open, kept: Post) -> bool:
        was, now = document(before.post), document(kept)
        fields: Document = {name: value for name, value in now.items() if name not in _LEFT and was.get(name) != value}
        gone = [name for name in was if name not in now]
        # The digests are of what was read, row and text: what says the same again is read anew, once.
        update: Document = {"$set": fields | {"digests": []}, "$inc": {"writes": 1}}
        if gone:
            update["$unset"] = dict.fromkeys(gone, "")
        await self._mark(before.post)
        result = await self._posts.update_one({"_id": before.post.id, "writes": before.writes}, update)
        return result.matched_count == 1

    @tells_outage
    async def _remove(self, before: Open, kept: Post) -> bool:
        await self._mark(before.post)
        result = await self._posts.delete_one({"_id": before.post.id, "writes": before.writes})
        if not result.deleted_count:
            return False
        # What is under the old id elsewhere. Whoever is indexing the post at this moment looks whether it is still there.
        await self.database["search"].delete_one({"_id": before.post.id})
        await self._labels.move(before.post.id, kept.id)
        return True

    async def _mark(self, post: Post) -> None:
        await self._dirty.mark({hour_of(post.created_at)})
        await self._unindexed.mark({minute_of(post.created_at)})
