"""Marks on the hours in which posts were written, so that what is counted from them can be counted again.

The mark precedes the posts, so that a process that dies in between leaves a mark too many and never one too few. Whoever
recounts an hour may do so at any time, but may remove its mark only when `marked_at` was older than `SETTLE_S` before the
recount began: by then every write that this mark announced has ended.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from monitor import clock
from monitor.store.outage import tells_outage

# One process marks an hour that it keeps writing to once in so many seconds.
MARKED_FOR_S = 5.0
# Above MARKED_FOR_S plus the longest that one write may take (the client's time limit), with room to spare.
SETTLE_S = 120.0

_MOST_REMEMBERED = 10_000
_DUPLICATE_KEY = 11000


class Recently:
    """Which moments this process marked within the last `MARKED_FOR_S`, by the clock that counted most since.

    A mark's age goes by the server's wall clock, which goes on while this machine sleeps, and while a virtual one is paused: there
    only our wall clock tells it, once that is set right.
    """

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._marked: dict[datetime, tuple[float, datetime]] = {}

    def missing(self, moments: AbstractSet[datetime]) -> list[datetime]:
        """Those of the moments that are not among them."""
        elapsed_s, now = clock.elapsed_s(), clock.now()
        return sorted(each for each in moments if self._age_s(each, elapsed_s, now) >= MARKED_FOR_S)

    def add(self, moments: Sequence[datetime], *, begun: tuple[float, datetime]) -> None:
        """Remember that these were marked; `begun`: what both clocks said before."""
        if len(self._marked) > self._most:
            self._marked.clear()
        self._marked |= dict.fromkeys(moments, begun)

    def clear(self) -> None:
        """Forget all of them."""
        self._marked.clear()

    def _age_s(self, moment: datetime, elapsed_s: float, now: datetime) -> float:
        if moment not in self._marked:
            return MARKED_FOR_S
        then_s, then = self._marked[moment]
        return max(elapsed_s - then_s, (now - then).total_seconds())


class Dirty:
    """The collection `dirty`: `_id` the hour (UTC), `marked_at` by the server's clock."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._marked = Recently(most=_MOST_REMEMBERED)

    @tells_outage
    async def mark(self, hours: AbstractSet[datetime]) -> None:
        """Mark hours durably, except those that this process marked within the last `MARKED_FOR_S`."""
        begun, due = (clock.elapsed_s(), clock.now()), self._marked.missing(hours)
        if not due:
            return
        marks = [UpdateOne({"_id": hour}, {"$currentDate": {"marked_at": True}}, upsert=True) for hour in due]
        try:
            await self.database["dirty"].bulk_write(marks, ordered=False)
        except BulkWriteError as error:
            # Two processes made the same mark for the first time: the other's is as good, being of this very moment.
            if any(write["code"] != _DUPLICATE_KEY for write in error.details.get("writeErrors", ())):
                raise
            if error.details.get("writeConcernErrors"):
                raise
        self._marked.add(due, begun=begun)


def hour_of(moment: datetime) -> datetime:
    """The hour, UTC, that a moment lies in."""
    told = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return told.replace(minute=0, second=0, microsecond=0)
