"""What the posts behind a figure say, by their ids."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.outage import tells_outage

LONGEST = 280  # characters of a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The begin of a post's text, and its address where there is one."""

    text: str
    url: str | None


class Examples:
    """Reads the collection `posts`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database

    @tells_outage
    async def of(self, ids: Collection[str]) -> Mapping[str, Example]:
        """The posts of these ids; those that are gone are missing."""
        wanted = {"_id": {"$in": sorted(set(ids))}}
        found = await self.database["posts"].find(wanted, {"title": 1, "text": 1, "url": 1}).to_list()
        return {
            stored["_id"]: Example(
                text=" ".join(filter(None, (stored.get("title"), stored["text"])))[:LONGEST], url=stored.get("url")
            )
            for stored in found
        }
