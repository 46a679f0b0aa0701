"""How far stored posts are matched with a topic's query: one place per topic, kept with the topic itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.document import Document, stored_moment
from monitor.store.outage import tells_outage
from monitor.topic import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`after`: id of the last post that was matched, None at the beginning; `since`: posts before it are left as they are."""

    after: str | None = None
    since: datetime | None = None
    done: bool = False


class Rematches:
    """The field `rematch` of the collection `topics`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._topics = database["topics"]

    @tells_outage
    async def begin(self, topic: Topic, *, since: datetime | None, said: str | None) -> Place:
        """The place where a run of the same version was ended before it was done, else the beginning, which is noted.

        `said`: how a person wrote `since`; who writes the same again goes on with the moment that it was then.
        """
        stored = await self._topics.find_one({"_id": topic.id}, {"rematch": 1})
        known: Document = (stored or {}).get("rematch", {})
        if known and not known["done"] and (known["version"], known["said"]) == (topic.version, said):
            return Place(after=known["after"], since=known["since"])
        place = Place(since=stored_moment(since))
        fresh = {"version": topic.version, "said": said, "since": place.since, "after": None, "done": False}
        await self._topics.update_one({"_id": topic.id}, {"$set": {"rematch": fresh}})
        return place

    @tells_outage
    async def keep(self, topic: Topic, place: Place) -> bool:
        """Note the place; False where the topic is not at this version any more."""
        fields = {"rematch.after": place.after, "rematch.done": place.done}
        wanted = {"_id": topic.id, "version": topic.version, "rematch.version": topic.version}
        return (await self._topics.update_one(wanted, {"$set": fields})).matched_count == 1
