"""What platforms gave for credentials, sealed by `monitor.crawl.sign_in`: here nobody can read it.

Kept so that processes and runs share one sign-in: Bluesky allows ten a day for some accounts.
"""

from datetime import timedelta
from typing import Any

from bson import Binary
from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.outage import persists, tells_outage

# Longer than any platform lets one live unused; what was changed or forgotten is not kept for ever.
KEPT = timedelta(days=90)


class SignIns:
    """The collection `sign_ins`; `_id` is a digest of platform, server and credentials."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._sign_ins = database["sign_ins"]

    @tells_outage
    async def find(self, name: str) -> bytes | None:
        """Read what was saved last under `name`; None where nothing was, or too long ago."""
        stored = await self._sign_ins.find_one({"_id": name})
        return None if stored is None else bytes(stored["sealed"])

    @persists
    async def save(self, name: str, sealed: bytes) -> None:
        """Keep `sealed` in place of what was there, and drop what nobody renewed for KEPT."""
        fields = {"sealed": {"$literal": Binary(sealed)}, "saved_at": "$$NOW"}
        await self._sign_ins.update_one({"_id": name}, [{"$set": fields}], upsert=True)
        eldest = {"$dateSubtract": {"startDate": "$$NOW", "unit": "day", "amount": KEPT.days}}
        await self._sign_ins.delete_many({"$expr": {"$lt": ["$saved_at", eldest]}})
