"""The lease of a job, seen from inside the job: held on to, found lost, and how the job ended. For asyncio."""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.jobs import queued_again
from monitor.store.outage import tells_outage
from monitor.store.synchronous import after_now


class JobLease:
    """One job of the collection `jobs`, held under `boot`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], *, job: str, boot: str) -> None:
        self.database = database
        self._jobs = database["jobs"]
        self._held = {"_id": job, "boot": boot, "state": "leased"}

    @tells_outage
    async def renew(self, *, lease_s: float) -> bool:
        """Hold on to the job from now. False where it is another's, or over."""
        fields = {"until": after_now(lease_s), "alive_at": "$$NOW"}
        return (await self._jobs.update_one(self._held, [{"$set": fields}])).matched_count == 1

    @tells_outage
    async def let_go(self) -> bool:
        """Queue the job again, as if its lease were over. False where it is another's, or over."""
        return (await self._jobs.update_one(self._held, [{"$set": queued_again()}])).matched_count == 1

    @tells_outage
    async def close(self, *, reason: str, run: str) -> bool:
        """Note why the crawl ended and its run record. False where the job is another's by now: nothing is changed."""
        return (await self._jobs.update_one(self._held, {"$set": {"reason": reason, "run": run}})).matched_count == 1
