"""Looking for one post by what a person knows of it; every look goes by an index, and is bounded."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.post import Post
from monitor.store.document import Document, post_of, stored_moment
from monitor.store.outage import tells_outage
from monitor.store.quarantine import Kept, Quarantine

# Clocks of writers and servers differ; a post of Bluesky says itself when it was written.
AROUND = timedelta(minutes=2)
MOST_AROUND = 20_000  # posts of that time that are looked at


class Whereabouts:
    """Reads of `posts` and `quarantine` that nobody needs but a person who misses a post."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], quarantine: Quarantine) -> None:
        self.database = database
        self._posts = database["posts"]
        self._quarantine = quarantine

    @tells_outage
    async def by_ids(self, ids: Sequence[str]) -> Post | None:
        """The post that has the first of these ids that any has."""
        found = {stored["_id"]: stored async for stored in self._posts.find({"_id": {"$in": list(ids)}})}
        return next((post_of(found[each]) for each in ids if each in found), None)

    @tells_outage
    async def around(self, at: datetime, *, urls: Sequence[str], ending: str) -> Post | None:
        """A post of that moment with one of these addresses, or an id that ends so. Goes by the index of `created_at`."""
        begin, end = stored_moment(at - AROUND), stored_moment(at + AROUND)
        wanted: Document = {"created_at": {"$gte": begin, "$lte": end}}
        shown = {"url": 1}
        async for stored in self._posts.find(wanted, shown).hint([("created_at", -1)]).limit(MOST_AROUND):
            if stored.get("url") in urls or stored["_id"].endswith(ending):
                whole = await self._posts.find_one({"_id": stored["_id"]})
                return None if whole is None else post_of(whole)
        return None

    async def quarantined(self, platform: str | None) -> AsyncIterator[Kept]:
        """Rows in quarantine, of one platform where it is known. Raises StoreUnavailableError between two rows."""
        async for row in self._quarantine.each(platform=platform):
            yield row
