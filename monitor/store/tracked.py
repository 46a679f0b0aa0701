"""Since when, and on which platforms, posts of a query are in the database, and since when a topic's sources were read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pymongo
from pymongo.asynchronous.database import AsyncDatabase

from monitor.query.query import Query
from monitor.store.document import Document
from monitor.store.outage import tells_outage
from monitor.store.search import PAGE_S, wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """Of one platform: when its first post was written, and when one was first seen here."""

    written: datetime
    seen: datetime


class Tracked:
    """Reads `posts`, `sources` and `ledger`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database

    @tells_outage
    async def firsts(self, query: Query | None) -> Mapping[str, First]:
        """By platform; where MongoDB cannot decide the query alone, of more posts than match."""
        group = {"_id": "$platform", "written": {"$min": "$created_at"}, "seen": {"$min": "$first_seen"}}
        with pymongo.timeout(PAGE_S):
            found = await self.database["posts"].aggregate([{"$match": wanted(query, stored_by=None)}, {"$group": group}])
            rows = await found.to_list()
        return {row["_id"]: First(written=row["written"], seen=row["seen"]) for row in sorted(rows, key=lambda row: row["_id"])}

    @tells_outage
    async def covered_from(self, topic: str) -> Mapping[str, datetime]:
        """By platform the earliest moment that the ledger has as read for one of the topic's sources."""
        fields = {"platform": 1, "ledger_pending": 1}
        sources: list[Document] = await self.database["sources"].find({"topics": topic}, fields).to_list()
        entries: Document = {
            "source": {"$in": [source["_id"] for source in sources]},
            "state": "covered",
            "from": {"$ne": None},
        }
        group = {"_id": "$source", "from": {"$min": "$from"}}
        rows = await (await self.database["ledger"].aggregate([{"$match": entries}, {"$group": group}])).to_list()
        settled = {row["_id"]: row["from"] for row in rows}
        earliest: dict[str, datetime] = {}
        for source in sources:
            told = [
                entry["from"] for entry in source.get("ledger_pending", ()) if entry["state"] == "covered" and entry["from"]
            ]
            told += [settled[source["_id"]]] if source["_id"] in settled else []
            if told:
                earliest[source["platform"]] = min([*told, *filter(None, [earliest.get(source["platform"])])])
        return dict(sorted(earliest.items()))
