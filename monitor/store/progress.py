"""Moving a bookmark: one conditional update, fenced by the lease's epoch and by the version it was read at.

Ledger entries ride in the same update. It matches once; when it does not, what is stored tells why: our own update whose
answer was lost, or another owner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bson
from bson.errors import BSONError
from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from monitor.bookmark import Bookmark, Interval
from monitor.errors import LeaseLostError, MonitorError, ReplyError, StoreUnavailableError
from monitor.store.bookmarks import bookmark_document
from monitor.store.document import Document
from monitor.store.ledger import pending_documents
from monitor.store.outage import is_outage, tells_outage


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One step forward: `bookmark` is the new one, with the ledger entries that prove it."""

    source_id: str
    epoch: int
    run: str
    bookmark: Bookmark
    intervals: tuple[Interval, ...] = ()


class Progress:
    """The fields `bookmark` and `ledger_pending` of the collection `sources`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._sources = database["sources"]

    @tells_outage
    async def move(self, moves: Sequence[Move]) -> list[MonitorError | None]:
        """Move bookmarks of different sources, each for itself; None where it moved, else the error of that one.

        LeaseLostError: the lease has another epoch, or the bookmark another version. ReplyError: the platform sent
        something (a cursor, say) that cannot be stored. StoreUnavailableError: repeat this one, the server did not take it
        (in an outage it is raised, for all). Repeating a move that went through is a success.
        """
        results: list[MonitorError | None] = [None] * len(moves)
        updates: dict[int, UpdateOne] = {}
        for position, move in enumerate(moves):
            try:
                updates[position] = _update(move)
            except (BSONError, UnicodeEncodeError, OverflowError, RecursionError) as error:
                results[position] = ReplyError(
                    f"The platform sent a cursor or mark for {move.source_id} that cannot be stored ({type(error).__name__})."
                )
        if updates and not await self._all_moved(list(updates.values())):
            for position in updates:
                results[position] = await self._verdict(moves[position])
        return results

    async def _all_moved(self, updates: list[UpdateOne]) -> bool:
        try:
            result = await self._sources.bulk_write(updates, ordered=False)
        except BulkWriteError as error:
            if is_outage(error):
                raise
            return False
        return result.matched_count == len(updates)

    async def _verdict(self, move: Move) -> MonitorError | None:
        """Look what is stored: our new bookmark (then it moved), or something else."""
        stored = await self._sources.find_one({"_id": move.source_id}, {"bookmark": 1, "lease": 1})
        if stored is None:
            return LeaseLostError(f"The source {move.source_id} was removed; its walk ends.")
        if stored["lease"]["epoch"] != move.epoch:
            return LeaseLostError(f"Another run has taken over the source {move.source_id}; this one leaves it alone.")
        if stored["bookmark"] == bookmark_document(move.bookmark):
            return None
        if stored["bookmark"]["version"] == move.bookmark.version - 1:
            # The update went through without an answer and is not majority-durable yet, so that reads do not show it; or
            # the server refuses it. Trying again tells.
            return StoreUnavailableError(f"MongoDB has not taken the bookmark of {move.source_id}; the page is read again.")
        return LeaseLostError(f"The bookmark of {move.source_id} was moved by another page; this walk ends.")


def _update(move: Move) -> UpdateOne:
    """Make the update, and encode it once to find what cannot be encoded before it fails the others."""
    entries = pending_documents(move.intervals, version=move.bookmark.version, epoch=move.epoch, run=move.run)
    change: Document = {"$set": {"bookmark": bookmark_document(move.bookmark)}}
    if entries:
        change["$push"] = {"ledger_pending": {"$each": entries}}
    wanted = {"_id": move.source_id, "lease.epoch": move.epoch, "bookmark.version": move.bookmark.version - 1}
    bson.encode({"wanted": wanted, "change": change})
    return UpdateOne(wanted, change)
