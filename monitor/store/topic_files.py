"""Which topics come from a configuration file: the field `file` of the collection `topics`."""

from collections.abc import Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.outage import tells_outage


class TopicFiles:
    """Remembers for each topic the file that it stands in; topics that people made by commands have none."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._topics = database["topics"]

    @tells_outage
    async def all(self) -> Mapping[str, str]:
        """The file of each topic that has one, by the topic's id."""
        found = self._topics.find({"file": {"$type": "string"}}, {"file": 1}).sort("_id", 1)
        return {stored["_id"]: stored["file"] async for stored in found}

    @tells_outage
    async def of(self, topic_id: str) -> str | None:
        """The file that a topic stands in."""
        stored = await self._topics.find_one({"_id": topic_id}, {"file": 1})
        return None if stored is None else stored.get("file")

    @tells_outage
    async def mark(self, topic_id: str, file: str | None) -> None:
        """Remember the file of a topic; None: it stands in none any more."""
        await self._topics.update_one({"_id": topic_id}, {"$set": {"file": file}} if file else {"$unset": {"file": ""}})
