"""The mark of a database that holds simulated data: whatever shows it says so, and only such a database may be emptied."""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.errors import ConfigurationError
from monitor.store import schema
from monitor.store.outage import tells_outage

_MARK = {"_id": "simulated"}


class Simulated:
    """The mark in one database."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database

    @tells_outage
    async def is_marked(self) -> bool:
        """Whether all data of this database are simulated."""
        return await self.database["meta"].find_one(_MARK) is not None

    @tells_outage
    async def begin(self) -> None:
        """Empty the database, whatever its schema, and mark it. Raises ConfigurationError for one that holds data and has no mark."""
        if not await self.is_marked() and await self._holds_data():
            raise ConfigurationError(
                f"The database {self.database.name} holds data that no demo made. Rename or drop it; nothing was changed."
            )
        await self.database.client.drop_database(self.database.name)
        await schema.prepare(self.database)
        await self.database["meta"].insert_one(dict(_MARK))

    async def _holds_data(self) -> bool:
        for name in ("posts", "sources", "topics"):
            if await self.database[name].find_one({}, {"_id": 1}) is not None:
                return True
        return False
