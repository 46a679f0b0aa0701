"""Which deployed version is the installed program of one machine: noted when `monitor up` deploys it, so that it renews no other."""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.outage import tells_outage
from monitor.store.plans import PROJECT

_NOTE = "own_egg"


class OwnDeploy:
    """A note in the collection `meta`, beside the collection `eggs`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database

    @tells_outage
    async def is_wanted(self, sha256: str) -> bool:
        """Whether the installed program is to be deployed: nothing is, or the newest version is an older state of it."""
        newest = self.database["eggs"].find({"project": PROJECT}, {"egg": 0}).sort([("order", -1), ("deployed_at", -1)])
        found = await newest.limit(1).to_list()
        if not found:
            return True
        note = await self.database["meta"].find_one({"_id": _NOTE})
        return note is not None and note["version"] == found[0]["version"] and found[0]["sha256"] != sha256

    @tells_outage
    async def note(self, version: str) -> None:
        """Remember that this version is the installed program."""
        await self.database["meta"].replace_one({"_id": _NOTE}, {"version": version}, upsert=True)
