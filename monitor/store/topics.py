"""Topics, and every version their queries ever had: posts remember which version they matched."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict, Unpack

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from monitor import clock
from monitor.errors import UsageError
from monitor.store.document import Document
from monitor.store.outage import tells_outage
from monitor.topic import Authors, Topic

NOTE = "topics"  # in the collection meta: `edits`, how often topics were made or changed


class Changes(TypedDict, total=False):
    """What of a topic can be changed; what is not given stays."""

    name: str
    query: str
    platforms: tuple[str, ...]
    every_s: int | None
    every_on: tuple[tuple[str, int], ...]
    authors: Authors
    redact: tuple[str, ...]
    tags: tuple[str, ...]


class Topics:
    """The collections `topics` and `topic_versions`; both change in one transaction."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._topics = database["topics"]
        self._versions = database["topic_versions"]

    @tells_outage
    async def add(self, topic: Topic) -> Topic:
        """Store a new topic as version 1. Raises UsageError when its id is taken: ids are never reused."""
        first = replace(topic, version=1)
        try:
            await self._store(first, known_version=None)
        except DuplicateKeyError as error:
            raise UsageError(
                f"There is a topic {topic.id} already, or there was one: choose another id with --id, since ids are never reused."
            ) from error
        return first

    @tells_outage
    async def get(self, topic_id: str) -> Topic | None:
        """Read one topic as it is now."""
        stored = await self._topics.find_one({"_id": topic_id})
        return None if stored is None else _topic_of(stored)

    @tells_outage
    async def list_all(self) -> list[Topic]:
        """Read all topics, by id."""
        return [_topic_of(stored) async for stored in self._topics.find().sort("_id", 1)]

    @tells_outage
    async def edits(self) -> int:
        """How often topics were made or changed: who read them under another number does not know them as they are."""
        note = await self.database["meta"].find_one({"_id": NOTE})
        return 0 if note is None else int(note["edits"])

    @tells_outage
    async def versions(self, topic_id: str) -> list[Topic]:
        """Read what a topic was, oldest version first."""
        found = self._versions.find({"topic": topic_id}).sort("version", 1)
        return [_topic_of(stored | {"_id": stored["topic"]}) async for stored in found]

    @tells_outage
    async def history(self, topic_id: str, *, then: datetime) -> list[tuple[Topic, datetime]]:
        """The versions that a topic had by a moment, oldest first, each with when it was made."""
        found = self._versions.find({"topic": topic_id, "made_at": {"$lte": then}}).sort("version", 1)
        return [(_topic_of(stored | {"_id": stored["topic"]}), stored["made_at"]) async for stored in found]

    @tells_outage
    async def edit(self, topic_id: str, **changes: Unpack[Changes]) -> Topic:
        """Change what is given and return the topic; another query makes a new version.

        Raises UsageError when there is no such topic, or somebody else edits it at this moment.
        """
        old = await self.get(topic_id)
        if old is None:
            raise UsageError(f"There is no topic {topic_id}; `monitor topics list` lists them.")
        new = replace(old, **changes)
        new = replace(new, version=old.version + (new.query != old.query))
        try:
            edited = await self._store(new, known_version=old.version)
        except DuplicateKeyError:
            edited = False
        if not edited:
            raise UsageError(f"Somebody else has just edited the topic {topic_id}: look at it and edit again.")
        return new

    @tells_outage
    async def remove(self, topic_id: str) -> bool:
        """Watch a topic no more; its versions stay, so that its id is not used again. False where there is no such topic."""
        return (await self._topics.delete_one({"_id": topic_id})).deleted_count == 1

    async def _store(self, topic: Topic, *, known_version: int | None) -> bool:
        """Write topic and version together; False when the stored topic is not at `known_version` (None: there is none)."""

        async def write(session: AsyncClientSession) -> bool:
            fields = _fields(topic)
            if known_version is None:
                await self._topics.insert_one({"_id": topic.id, **fields}, session=session)
            else:
                wanted = {"_id": topic.id, "version": known_version}
                if (await self._topics.update_one(wanted, {"$set": fields}, session=session)).matched_count == 0:
                    return False
            await self.database["meta"].update_one({"_id": NOTE}, {"$inc": {"edits": 1}}, upsert=True, session=session)
            if topic.version != known_version:
                await self._versions.insert_one({"topic": topic.id, **fields, "made_at": clock.now()}, session=session)
            return True

        async with self.database.client.start_session() as session:
            return await session.with_transaction(write)


def _fields(topic: Topic) -> Document:
    return {
        "name": topic.name,
        "query": topic.query,
        "version": topic.version,
        "platforms": list(topic.platforms),
        "every_s": topic.every_s,
        "every_on": dict(topic.every_on),
        "authors": topic.authors,
        "redact": list(topic.redact),
        "tags": list(topic.tags),
    }


def _topic_of(stored: Mapping[str, Any]) -> Topic:
    every_s = stored.get("every_s")
    return Topic(
        id=stored["_id"],
        name=stored["name"],
        query=stored["query"],
        version=int(stored["version"]),
        platforms=tuple(stored["platforms"]),
        every_s=None if every_s is None else int(every_s),
        every_on=tuple((platform, int(seconds)) for platform, seconds in stored.get("every_on", {}).items()),
        authors=stored.get("authors", "keep"),
        redact=tuple(stored.get("redact", ())),
        tags=tuple(stored.get("tags", ())),
    )
