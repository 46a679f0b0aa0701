"""Marks on the minutes in which posts came to say something that the word index does not know.

A mark precedes what it announces, as in `monitor.store.dirty`: a process that dies in between leaves one too many. Whoever indexes
a minute may remove its mark only when it was older than `SETTLE_S` before the posts were read, and unchanged since. So a minute
without a mark is indexed as it is stored, and whoever searches reads the posts of the others. Counts, scores and topics change no
words and make no mark.
"""

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from monitor import clock
from monitor.store.dirty import Recently, hour_of
from monitor.store.document import Document
from monitor.store.outage import tells_outage

# What a post says, as `monitor.query.searchable` reads it.
SAYING = frozenset({"text", "title", "summary", "media", "tags", "mentions"})

_MOST_REMEMBERED = 50_000
_DUPLICATE_KEY = 11000


class Unindexed:
    """The collection `unindexed`: `_id` the hour (UTC), `minutes` its marked minutes by number, each with when it was marked."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._marked = Recently(most=_MOST_REMEMBERED)

    @tells_outage
    async def mark(self, minutes: AbstractSet[datetime]) -> None:
        """Mark minutes durably, except those that this process marked within the last `MARKED_FOR_S`."""
        begun, due = (clock.elapsed_s(), clock.now()), self._marked.missing(minutes)
        if not due:
            return
        hours: dict[datetime, Document] = defaultdict(dict)
        for minute in due:
            hours[hour_of(minute)][f"minutes.{minute.minute}"] = True
        marks = [UpdateOne({"_id": hour}, {"$currentDate": fields}, upsert=True) for hour, fields in hours.items()]
        left = await self._write(marks)
        # Two processes made the first mark of an hour: that of the other is of other minutes.
        if left and await self._write(left):
            raise RuntimeError(f"{len(left)} hours can be neither found nor made in the collection unindexed")
        self._marked.add(due, begun=begun)

    async def _write(self, marks: list[UpdateOne]) -> list[UpdateOne]:
        """Returns those that met another's insertion."""
        try:
            await self.database["unindexed"].bulk_write(marks, ordered=False)
        except BulkWriteError as error:
            errors = error.details.get("writeErrors", ())
            if error.details.get("writeConcernErrors") or any(write["code"] != _DUPLICATE_KEY for write in errors):
                raise
            return [marks[write["index"]] for write in errors]
        return []


def minute_of(moment: datetime) -> datetime:
    """The minute, UTC, that a moment lies in."""
    told = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return told.replace(second=0, microsecond=0)


def changes_words(update: Document) -> bool:
    """Whether an update of a post touches what it says."""
    named: Iterable[str] = (*update.get("$set", ()), *update.get("$unset", ()))
    return not SAYING.isdisjoint(named)
