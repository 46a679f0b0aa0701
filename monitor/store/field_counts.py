"""Of how many posts each field was known, by platform, deployed version and day; and the stop of a version.

Added up at the end of each crawl that runs a deployed version. Names of fields hold dots, which no key of a document may: they lie
here with a slash.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor import clock
from monitor.field_drop import Filled
from monitor.store.document import Document
from monitor.store.outage import tells_outage
from monitor.store.plans import PROJECT

KEPT = timedelta(days=14)


class FieldCounts:
    """The collection `field_counts`, and of `eggs` what a drop in it changes."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._counts = database["field_counts"]
        self._eggs = database["eggs"]

    @tells_outage
    async def add(self, *, platform: str, version: str, posts: int, known: Mapping[str, int]) -> None:
        """Add what one crawl read."""
        day = f"{clock.now():%Y-%m-%d}"
        counted: Document = {"posts": posts, **{f"known.{_key(name)}": number for name, number in known.items() if number}}
        told = {"platform": platform, "version": version, "day": day}
        await self._counts.update_one(
            {"_id": f"{platform}:{version}:{day}"}, {"$inc": counted, "$setOnInsert": told}, upsert=True
        )

    @tells_outage
    async def list_all(self) -> list[Filled]:
        """Every day that is kept; older ones are dropped."""
        await self._counts.delete_many({"day": {"$lt": f"{clock.now() - KEPT:%Y-%m-%d}"}})
        return [
            Filled(
                platform=stored["platform"],
                version=stored["version"],
                day=stored["day"],
                posts=int(stored["posts"]),
                known={_name(key): int(number) for key, number in stored.get("known", {}).items()},
            )
            async for stored in self._counts.find()
        ]

    @tells_outage
    async def versions(self) -> dict[str, bool]:
        """The deployed versions, the oldest first, and whether each may be used by new jobs."""
        found = self._eggs.find({"project": PROJECT}, {"version": 1, "stopped": 1}).sort([("order", 1), ("deployed_at", 1)])
        return {str(stored["version"]): not stored.get("stopped") async for stored in found}

    @tells_outage
    async def stop(self, version: str, reason: str) -> bool:
        """Have no new job use a version. False where it is stopped already, or gone."""
        fields: Document = {"stopped": {"reason": {"$literal": reason}, "at": "$$NOW"}}
        result = await self._eggs.update_one({"_id": f"{PROJECT}:{version}", "stopped": None}, [{"$set": fields}])
        return result.modified_count == 1

    @tells_outage
    async def ran(self, job_id: str) -> str | None:
        """The deployed version that a job of a node runs; None where it is no such job."""
        stored = await self.database["jobs"].find_one({"_id": job_id}, {"ran": 1})
        version = None if stored is None else stored.get("ran")
        return None if version is None else str(version)


def _key(name: str) -> str:
    return name.replace(".", "/")


def _name(key: str) -> str:
    return key.replace("/", ".")
