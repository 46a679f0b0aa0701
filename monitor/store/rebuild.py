"""Marking every hour dirty, so that everything that is counted from posts is counted anew."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.dirty import hour_of
from monitor.store.outage import tells_outage
from monitor.store.rollups import COLLECTIONS

# A mark of this age announces no write, so that it may go as soon as its hour was counted.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 1000


class Rebuild:
    """The marks of all hours that have posts or rollups."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database

    async def mark_all(self) -> int:
        """Mark every hour; returns how many. May be repeated, and interrupted.

        A mark that is there stays as old as it is, since it announces writes; and whoever holds its hour goes on holding it.
        """
        marked: set[datetime] = set()
        for name, field in (("posts", "created_at"), *((name, "hour") for name in COLLECTIONS)):
            batch: list[datetime] = []
            async for hour in hours_of(self.database, name, field):
                if hour not in marked:
                    batch.append(hour)
                    marked.add(hour)
                if len(batch) == _AT_ONCE:
                    await self._mark(batch)
                    batch = []
            await self._mark(batch)
        return len(marked)

    @tells_outage
    async def _mark(self, hours: Sequence[datetime]) -> None:
        if hours:
            forgotten = {"counted_at": "", "attempts": "", "not_before": "", "reason": ""}
            again = {"$setOnInsert": {"marked_at": LONG_AGO}, "$unset": forgotten}
            await self.database["dirty"].bulk_write(
                [UpdateOne({"_id": hour}, again, upsert=True) for hour in hours], ordered=False
            )


async def hours_of(database: AsyncDatabase[dict[str, Any]], name: str, field: str) -> AsyncIterator[datetime]:
    """The hours in which a collection has something, in order; by its index, a look per hour however much there is in it."""
    looking = _Looking(database)
    begin = LONG_AGO
    while (found := await looking.first(name, field, begin)) is not None:
        hour = hour_of(found)
        yield hour
        begin = hour + timedelta(hours=1)


class _Looking:
    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database

    @tells_outage
    async def first(self, name: str, field: str, begin: datetime) -> datetime | None:
        found = await self.database[name].find({field: {"$gte": begin}}, {field: 1}).sort(field, 1).limit(1).to_list()
        moment: datetime | None = found[0][field] if found else None
        return moment
