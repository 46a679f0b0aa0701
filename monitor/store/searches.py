"""Saved searches: scopes under names, as they were typed, so that what is relative in them stays so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.document import stored_moment
from monitor.store.outage import tells_outage


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """`scope`: its printed form, which `monitor.scope.parse` reads."""

    name: str
    scope: str
    saved_at: datetime


class Searches:
    """The collection `searches`: `_id` the name, `scope`, `saved_at`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._searches = database["searches"]

    @tells_outage
    async def save(self, search: SavedSearch) -> SavedSearch | None:
        """Keep a search under its name; returns the one that had the name before."""
        fields = {"scope": search.scope, "saved_at": stored_moment(search.saved_at)}
        before = await self._searches.find_one_and_update(
            {"_id": search.name}, {"$set": fields}, upsert=True, return_document=ReturnDocument.BEFORE
        )
        return None if before is None else _search_of(before)

    @tells_outage
    async def find(self, name: str) -> SavedSearch | None:
        """The search of a name."""
        stored = await self._searches.find_one({"_id": name})
        return None if stored is None else _search_of(stored)

    @tells_outage
    async def list_all(self) -> list[SavedSearch]:
        """All of them, by name."""
        return [_search_of(stored) async for stored in self._searches.find().sort("_id", 1)]

    @tells_outage
    async def remove(self, name: str) -> bool:
        """Forget a name; tells whether there was one."""
        return (await self._searches.delete_one({"_id": name})).deleted_count == 1


def _search_of(stored: Mapping[str, Any]) -> SavedSearch:
    return SavedSearch(stored["_id"], stored["scope"], stored["saved_at"])
