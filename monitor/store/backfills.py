"""Opening gaps for back-filling: one conditional update of the bookmark under a lease, like every other move of it."""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.advance import Move
from monitor.errors import LeaseLostError
from monitor.store import progress
from monitor.store.document import Document
from monitor.store.leases import Claim, Leases
from monitor.store.ledger import Ledger
from monitor.store.outage import tells_outage
from monitor.store.progress import Progress


class Backfills:
    """The fields `bookmark`, `lease` and `next_due` of the collection `sources`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._sources = database["sources"]

    async def open(self, claim: Claim, move: Move, *, run: str) -> bool:
        """Store the bookmark with its new gaps; the lease stays. False where somebody else has moved it meanwhile.

        Whoever is killed after it has opened them: they are read all the same, when the source is due.
        """
        step = progress.Move(
            source_id=claim.source.id, epoch=claim.epoch, run=run, bookmark=move.bookmark, intervals=move.intervals
        )
        (error,) = await Progress(self.database).move([step])
        if error is not None and not isinstance(error, LeaseLostError):
            raise error
        return error is None

    async def leave(self, claim: Claim) -> None:
        """Give the lease back, with the source due at once, and its ledger entries moved to the ledger."""
        await Leases(self.database).release(claim.source.id, epoch=claim.epoch)
        await self.make_due(claim.source.id)
        await Ledger(self.database).settle(claim.source.id)

    @tells_outage
    async def make_due(self, source_id: str) -> None:
        """Have a source that is well polled at once; one that fails, or has to wait for its platform, keeps its time."""
        due: Document = {"next_due": {"$min": ["$next_due", "$$NOW"]}}
        await self._sources.update_one({"_id": source_id, "state": "ok"}, [{"$set": due}])
