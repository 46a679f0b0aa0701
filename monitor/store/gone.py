"""Which posts may not be stored, since they were removed on purpose: by their age, or as their author asked for it.

Looked up at every write, never remembered: whoever removes notes it first, so that what is looked up after that comes back no more.
What a write brings that was looked up just before, the rollup stage removes with its hour's mark (`monitor.store.removal`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pymongo.asynchronous.database import AsyncDatabase

from monitor.post import Post
from monitor.store import erasures, horizon
from monitor.store.erasures import Erasures, account_digest, post_digest
from monitor.store.horizon import Horizon, horizon_of
from monitor.store.outage import tells_outage

# Why a post is dropped: `expired` lies before the horizon, `erased` is by somebody who asked for it, or shares what they wrote.
Dropped = Literal["expired", "erased"]
DROPPED: tuple[Dropped, ...] = ("expired", "erased")


@dataclass(frozen=True, slots=True)
class Notes:
    """What was removed as it is noted now; `key` None: nobody asked for erasure."""

    horizon: Horizon | None
    key: bytes | None


class Gone:
    """Reads `meta` and `erasures`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self.erasures = Erasures(database)

    @tells_outage
    async def notes(self) -> Notes:
        """One look, which finds nothing where nothing was ever removed."""
        found = self.database["meta"].find({"_id": {"$in": [horizon.NOTE, erasures.NOTE]}})
        notes = {note["_id"]: note async for note in found}
        asked = notes.get(erasures.NOTE)
        return Notes(horizon=horizon_of(notes.get(horizon.NOTE)), key=None if asked is None else bytes(asked["key"]))

    async def among(self, posts: Iterable[Post]) -> dict[str, Dropped]:
        """Those of the posts that may not be stored, by id."""
        given = list(posts)
        found: dict[str, Dropped] = {}
        if not given:
            return found
        notes = await self.notes()
        if notes.key is not None:
            signs = {post.id: _digests(notes.key, post) for post in given}
            known = await self.erasures.known({digest for each in signs.values() for digest in each})
            found |= {post_id: "erased" for post_id, each in signs.items() if not known.isdisjoint(each)}
        if notes.horizon is not None:
            found |= {post.id: "expired" for post in given if post.created_at < notes.horizon.at}
        return found


def _digests(key: bytes, post: Post) -> set[str]:
    """By which a post of an erased account, or one that shares a post of it, is known."""
    shared = {post_digest(key, post.repost_of)} if post.repost_of else set()
    return {account_digest(key, (post.platform, post.author.id))} | shared
