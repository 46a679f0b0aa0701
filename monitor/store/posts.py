"""Posts in MongoDB: an idempotent upsert in bulk, and reading them back.

What a reading changes is decided by `monitor.store.change`, how a post lies there by `monitor.store.document`. The
invariant: one document per id however often, from wherever and by however many processes at once it is delivered.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal

from pymongo import InsertOne, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure

from monitor.errors import StoreUnavailableError
from monitor.post import Post
from monitor.store.change import NEED_WHOLE, PROJECTION, Known, change, verdict
from monitor.store.dirty import Dirty, hour_of
from monitor.store.document import Document, post_of
from monitor.store.gone import DROPPED, Dropped, Gone
from monitor.store.outage import is_outage, place_of, tells_outage
from monitor.store.reading import Digest, Reading, read_batch, route_digest
from monitor.store.unindexed import Unindexed, changes_words, minute_of

Fate = Literal["new", "changed", "unchanged"] | Dropped

# Beyond this a bulk gains nothing (measured) and holds up the others.
MOST_PER_BULK = 1000
ROW_BYTES = 12  # of the digest of a row
# Each round one of the writers that meet at a post gets through; twice the most writers that we test with.
MOST_ROUNDS = 32
_LONGEST_PAUSE_S = 0.05

_DUPLICATE_KEY = 11000
_Operation = InsertOne[Any] | UpdateOne


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the posts of one delivery; all together add up to the number delivered. Repeats count as unchanged.

    `expired` and `erased` were dropped, as `monitor.store.gone` says.
    """

    new: int
    changed: int
    unchanged: int
    refused: tuple[tuple[Post, str], ...] = ()
    expired: int = 0
    erased: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """What became of each: the fate by id, and the reasons of refusal by position in what was delivered."""

    fates: Mapping[str, Fate]
    refusals: Mapping[int, str]


class Posts:
    """The collection `posts`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], dirty: Dirty) -> None:
        self.database = database
        self._dirty = dirty
        self._unindexed = Unindexed(database)
        self._gone = Gone(database)
        self._posts = database["posts"]

    async def upsert(self, posts: Sequence[Post]) -> Outcome:
        """Store posts so that repeating it changes nothing; durable (majority, journal) when it returns.

        A post that cannot be stored is refused alone, with a reason that quotes nothing of it; one that was removed on purpose is
        dropped. Order of side effects: the
        hours of what will change are marked dirty, and the minutes of what will say something else as not indexed, then the
        posts are written. Raises StoreUnavailableError; some posts may be stored then, and the same call may simply be made
        again.
        """
        return outcomes([posts], await self.write(posts))[0]

    @tells_outage
    async def write(self, posts: Sequence[Post], rows: Mapping[str, bytes] = MappingProxyType({})) -> Written:
        """Do what `upsert` does, and tell the fate of each; for callers that join several deliveries in one write.

        `rows`: digests of the rows that posts were read from, by id, for `rows` to find.
        """
        readings, refusals = read_batch(posts, rows)
        writing = _Writing(self._posts, self._dirty, self._unindexed)
        writing.fates |= await self._gone.among(reading.post for reading in readings.values())
        ids = [post_id for post_id in readings if post_id not in writing.fates]
        for start in range(0, len(ids), MOST_PER_BULK):
            await writing.run({post_id: readings[post_id] for post_id in ids[start : start + MOST_PER_BULK]})
        refused = {position: writing.refused[post.id] for position, post in enumerate(posts) if post.id in writing.refused}
        return Written(writing.fates, refused | refusals)

    @tells_outage
    async def rows(self, ids: Sequence[str], *, route: str) -> dict[str, tuple[bytes, datetime]]:
        """Of the posts that are stored: the digest of the row that a route read last (b"" if unknown), and `created_at`."""
        wanted = route_digest(route)
        found: dict[str, tuple[bytes, datetime]] = {}
        async for stored in self._posts.find({"_id": {"$in": ids}}, {"digests": 1, "created_at": 1}):
            last = next((packed for packed in stored.get("digests", ()) if packed.startswith(wanted)), b"")
            found[stored["_id"]] = Digest.unpack(last).row, stored["created_at"]
        return found

    @tells_outage
    async def find(self, post_id: str) -> Post | None:
        """Read one post."""
        stored = await self._posts.find_one({"_id": post_id})
        return None if stored is None else post_of(stored)

    @tells_outage
    async def count(self, *, platform: str | None = None, topic: str | None = None) -> int:
        """Count stored posts exactly, of one platform or topic where given."""
        return await self._posts.count_documents(_wanted(platform=platform, topic=topic))

    async def each(self, *, platform: str | None = None, topic: str | None = None) -> AsyncIterator[Post]:
        """Read posts newest first, of one platform or topic where given. Raises StoreUnavailableError between two posts."""
        wanted = _wanted(platform=platform, topic=topic)
        last: Document | None = None
        while batch := await self._page(wanted, last):
            for stored in batch:
                yield post_of(stored)
            last = batch[-1]

    @tells_outage
    async def _page(self, wanted: Document, last: Document | None) -> list[Document]:
        # By key and not by one long cursor: an outage then costs a page, and no time limit spans the whole reading.
        if last is not None:
            after = {"created_at": {"$lte": last["created_at"]}}, _beyond(last)
            wanted = {"$and": [wanted, *after]}
        return await self._posts.find(wanted).sort([("created_at", -1), ("_id", 1)]).limit(500).to_list()


class _Writing:
    """One run of the loop: look up what is known, write what differs, and look again where somebody was quicker."""

    def __init__(self, posts: AsyncCollection[dict[str, Any]], dirty: Dirty, unindexed: Unindexed) -> None:
        self._posts = posts
        self._dirty = dirty
        self._unindexed = unindexed
        self.fates: dict[str, Fate] = {}
        # Updates that were sent in a bulk of which not all found their post, and how many of them did.
        self._unsure: set[str] = set()
        self._matched = 0
        self.refused: dict[str, str] = {}

    async def run(self, readings: Mapping[str, Reading]) -> None:
        left = dict(readings)
        for attempt in range(MOST_ROUNDS):
            if attempt:
                await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE_S))  # noqa: S311 (jitter is no secret)
            left = await self._round(left)
            if not left:
                return
        raise StoreUnavailableError(
            f"{len(left)} posts are being written by others all the time, at MongoDB {place_of(self._posts.database)}. "
            "They are tried again."
        )

    async def _round(self, left: dict[str, Reading]) -> dict[str, Reading]:
        """Write once; what is returned has to be looked at again."""
        known, whole = await self._look_up(left)
        operations: dict[str, _Operation] = {}
        hours: set[datetime] = set()
        minutes: set[datetime] = set()
        for post_id, reading in left.items():
            before = known.get(post_id)
            if before is None:
                operations[post_id] = InsertOne(reading.insertion)
                minutes.add(minute_of(reading.post.created_at))
            elif update := change(reading, before, whole.get(post_id)):
                operations[post_id] = UpdateOne({"_id": post_id, "writes": before.writes}, update)
                hours.add(hour_of(before.created_at))
                if changes_words(update):
                    minutes.add(minute_of(before.created_at))
            else:
                self._settle_equal(post_id)
                continue
            hours.add(hour_of(reading.post.created_at))
        if not operations:
            return {}
        await self._mark(hours, minutes)
        open_ids = await self._write(operations)
        # Nothing as a rule; but where the machine slept in between, whoever recounts took the mark for one whose writes had ended.
        await self._mark(hours, minutes)
        return {post_id: left[post_id] for post_id in open_ids}

    async def _mark(self, hours: AbstractSet[datetime], minutes: AbstractSet[datetime]) -> None:
        await asyncio.gather(self._dirty.mark(hours), self._unindexed.mark(minutes))

    def _settle_equal(self, post_id: str) -> None:
        """The post is as it was read: somebody else's doing, unless an update of ours that found its post is still unaccounted."""
        ours = post_id in self._unsure and self._matched > 0
        self._matched -= ours
        self.fates.setdefault(post_id, "changed" if ours else "unchanged")

    async def _look_up(self, left: Mapping[str, Reading]) -> tuple[dict[str, Known], dict[str, Document]]:
        found = await self._posts.find({"_id": {"$in": list(left)}}, dict.fromkeys(PROJECTION, 1)).to_list()
        known = {stored["_id"]: Known.of(stored) for stored in found}
        needed = [post_id for post_id, before in known.items() if verdict(left[post_id], before) in NEED_WHOLE]
        if not needed:
            return known, {}
        whole = {stored["_id"]: stored for stored in await self._posts.find({"_id": {"$in": needed}}).to_list()}
        # The second look counts: a post may have changed between the two.
        return known | {post_id: Known.of(stored) for post_id, stored in whole.items()}, whole

    async def _write(self, operations: Mapping[str, _Operation]) -> set[str]:
        """Send one unordered bulk; settle the fates that are certain and return the ids of the others."""
        ids = list(operations)
        inserted = {post_id for post_id in ids if isinstance(operations[post_id], InsertOne)}
        errors, matched = await self._bulk(list(operations.values()))
        failed = {ids[index]: code for index, code in errors.items()}
        for post_id, code in failed.items():
            if code != _DUPLICATE_KEY:
                self.refused[post_id] = f"MongoDB refuses the document (code {code})"
        self.fates |= dict.fromkeys(inserted - failed.keys(), "new")
        updated = set(ids) - inserted - failed.keys()
        repeated = {post_id for post_id, code in failed.items() if code == _DUPLICATE_KEY}
        if matched == len(updated):
            self.fates |= dict.fromkeys(updated, "changed")
            return repeated
        # A bulk tells how many updates found their post, not which: all are looked at again.
        self._unsure |= updated
        self._matched += matched
        return repeated | updated

    async def _bulk(self, operations: Sequence[_Operation]) -> tuple[dict[int, int], int]:
        """Return (error code by position, number of updates that found their post)."""
        try:
            result = await self._posts.bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            if is_outage(error):
                raise
            return {write["index"]: write["code"] for write in error.details["writeErrors"]}, error.details["nMatched"]
        except (OperationFailure, DocumentTooLarge) as error:
            if isinstance(error, OperationFailure) and is_outage(error):
                raise
            if len(operations) == 1:
                return {0: getattr(error, "code", None) or 0}, 0
            return await self._one_by_one(operations)
        return {}, result.matched_count

    async def _one_by_one(self, operations: Sequence[_Operation]) -> tuple[dict[int, int], int]:
        """Find the operation for which the server refused the whole command; rare, so slow is good enough."""
        errors: dict[int, int] = {}
        matched = 0
        for position, operation in enumerate(operations):
            failed, found = await self._bulk([operation])
            errors |= dict.fromkeys((position,) if failed else (), failed.get(0, 0))
            matched += found
        return errors, matched


def outcomes(deliveries: Sequence[Sequence[Post]], written: Written) -> list[Outcome]:
    """Share out what became of one write among the deliveries it was joined from, in their order."""
    told: set[str] = set()
    position = 0
    shared: list[Outcome] = []
    for posts in deliveries:
        counted: Counter[str] = Counter()
        refused: list[tuple[Post, str]] = []
        for post in posts:
            if reason := written.refusals.get(position):
                refused.append((post, reason))
            else:
                fate = written.fates[post.id]
                counted["unchanged" if post.id in told and fate not in DROPPED else fate] += 1
                told.add(post.id)
            position += 1
        dropped = {name: counted[name] for name in DROPPED}
        shared.append(Outcome(counted["new"], counted["changed"], counted["unchanged"], tuple(refused), **dropped))
    return shared


def _wanted(*, platform: str | None, topic: str | None) -> Document:
    return {name: value for name, value in (("platform", platform), ("topics.id", topic)) if value is not None}


def _beyond(last: Document) -> Document:
    return {"$or": [{"created_at": {"$lt": last["created_at"].astimezone(UTC)}}, {"_id": {"$gt": last["_id"]}}]}
