"""Which stretches of time the word index knows: between the marks of `monitor.store.unindexed`, read as a search comes to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.dirty import hour_of
from monitor.store.document import Document
from monitor.store.outage import tells_outage
from monitor.store.unindexed import minute_of

_AT_ONCE = 48  # hours with marks; a search seldom needs more than one, and each has 60 marks at most
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `lower` (included, None: open) up to the end that was asked about, all of it indexed or none of it."""

    lower: datetime | None
    indexed: bool


class Stretches:
    """Reads the collection `unindexed`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database

    @tells_outage
    async def last_before(self, upper: datetime | None, *, lower: datetime | None) -> Stretch:
        """The last stretch that ends at `upper` and does not begin before `lower`; None: open."""
        bounds: Document = {}
        if upper is not None:
            bounds["$lt"] = upper
        if lower is not None:
            bounds["$gte"] = hour_of(lower)
        wanted: Document = {"_id": bounds} if bounds else {}
        hours = await self.database["unindexed"].find(wanted, {"minutes": 1}).sort("_id", -1).limit(_AT_ONCE).to_list()
        marked = (minute for minute in _newest_first(hours) if upper is None or minute < upper)
        newest = next(marked, None)
        if newest is None:
            # Hours whose marks all lie behind `upper`: what is before the oldest of them was not looked at.
            return Stretch(_later(lower, hours[-1]["_id"] if len(hours) == _AT_ONCE else None), indexed=True)
        if upper is None or upper > newest + _MINUTE:
            return Stretch(_later(lower, newest + _MINUTE), indexed=True)
        begin = newest
        for minute in marked:
            if minute != begin - _MINUTE:
                break
            begin = minute
        return Stretch(_later(lower, begin), indexed=False)

    @tells_outage
    async def is_indexed(self, moment: datetime) -> bool:
        """Whether the minute of a moment is indexed."""
        marked = {"_id": hour_of(moment), f"minutes.{minute_of(moment).minute}": {"$exists": True}}
        return await self.database["unindexed"].find_one(marked, {"_id": 1}) is None


def _newest_first(hours: list[Document]) -> Iterator[datetime]:
    for stored in hours:
        for minute in sorted(map(int, stored["minutes"]), reverse=True):
            yield minute_of(stored["_id"]) + minute * _MINUTE


def _later(lower: datetime | None, begin: datetime | None) -> datetime | None:
    return begin if lower is None else lower if begin is None else max(lower, begin)
