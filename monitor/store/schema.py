"""What the database must look like: collections, indexes, validators, and its version.

Made on an empty database, checked at each start, changed only by `monitor db migrate`. The invariant: no process writes into
a database of another version, or into one that lacks a unique index and would store doubles in silence.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, OperationFailure

from monitor import clock
from monitor.errors import SchemaError
from monitor.store.document import Document
from monitor.store.outage import insist
from monitor.store.rebuild import Rebuild
from monitor.store.rollups import COLLECTIONS as ROLLUPS

logger = logging.getLogger(__name__)

VERSION = 4
# The mark, in `meta`, of a database into which a backup is being restored: until that is done nothing else may use it.
RESTORING = "restoring"

_NAMESPACE_EXISTS = 48
_AT_ONCE = 4  # connections are dear, too


@dataclass(frozen=True, slots=True)
class Index:
    """Keys in order with their directions; the name is made of them, as MongoDB does."""

    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    sparse: bool = False  # documents without the field are left out, so that many may lack what must be unique

    @property
    def name(self) -> str:
        return "_".join(f"{key}_{direction}" for key, direction in self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Indexes besides `_id`, which is unique everywhere, and what every document must have: field and BSON type."""

    indexes: tuple[Index, ...] = ()
    required: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    @property
    def validator(self) -> Document:
        if not self.required:
            return {}
        types = {name: {"bsonType": kind} for name, kind in self.required.items()}
        return {"$jsonSchema": {"bsonType": "object", "required": list(self.required), "properties": types}}


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from version `to - 1` to version `to`. It may be repeated: a crash in its middle, or two at once, do no harm."""

    to: int
    says: str
    run: Callable[[AsyncDatabase[dict[str, Any]]], Awaitable[None]]


_NEWEST = ("created_at", DESCENDING)
_ROLL_INDEXES = (
    Index((("topic", ASCENDING), ("hour", ASCENDING), ("platform", ASCENDING))),
    # All rollups of an hour, when it is counted anew.
    Index((("hour", ASCENDING),)),
)
_ROLL_REQUIRED = {"_id": "string", "hour": "date", "platform": "string", "topic": "string"}

COLLECTIONS: Mapping[str, Collection] = {
    "posts": Collection(
        indexes=(
            Index((_NEWEST,)),
            Index((("topics.id", ASCENDING), _NEWEST)),
            Index((("platform", ASCENDING), _NEWEST)),
            Index((("tags", ASCENDING), _NEWEST)),
            Index((("author.id", ASCENDING), _NEWEST)),
            # What is left to score; without it a look for unscored posts would read them all.
            Index(
                (
                    ("sentiment.scorer", ASCENDING),
                    ("sentiment.version", ASCENDING),
                    ("sentiment.label", ASCENDING),
                    ("language", ASCENDING),
                )
            ),
        ),
        required={
            "_id": "string",
            "platform": "string",
            "native_id": "string",
            "kind": "string",
            "created_at": "date",
            "fetched_at": "date",
            "first_seen": "date",
            "text": "string",
            "author": "object",
        },
    ),
    "sources": Collection(
        indexes=(
            Index((("platform", ASCENDING), ("next_due", ASCENDING))),
            Index((("topics", ASCENDING),)),
        ),
        required={"_id": "string", "platform": "string", "kind": "string", "bookmark": "object", "lease": "object"},
    ),
    "ledger": Collection(
        indexes=(
            Index((("source", ASCENDING), ("to", ASCENDING))),
            # What was written since a timeline was laid flat.
            Index((("source", ASCENDING), ("version", ASCENDING))),
        ),
        required={"_id": "string", "source": "string", "state": "string", "version": ["int", "long"]},
    ),
    "quarantine": Collection(
        indexes=(
            Index((("last_at", DESCENDING),)),
            Index((("platform", ASCENDING), ("last_at", DESCENDING))),
            Index((("post", ASCENDING),)),
        )
    ),
    "runs": Collection(indexes=(Index((("started_at", DESCENDING),)),), required={"_id": "string", "platform": "string"}),
    "topics": Collection(required={"_id": "string", "name": "string", "query": "string", "version": ["int", "long"]}),
    "topic_versions": Collection(indexes=(Index((("topic", ASCENDING), ("version", ASCENDING)), unique=True),)),
    "labels": Collection(
        indexes=(Index((("set", ASCENDING), ("post", ASCENDING))), Index((("post", ASCENDING),))),
        required={"_id": "string", "set": "string", "rater": "string", "post": "string", "at": "date", "file": "string"},
    ),
    "budgets": Collection(
        # What was noted of a platform's budgets since a moment: a refusal, or that a limit is told.
        indexes=(Index((("platform", ASCENDING), ("noted_at", ASCENDING))),),
        required={"_id": "string", "platform": "string", "credential": "string", "host": "string", "window": ["int", "long"]},
    ),
    "dirty": Collection(),
    "erasures": Collection(),
    "imports": Collection(),
    "roll_hour": Collection(indexes=_ROLL_INDEXES, required=_ROLL_REQUIRED),
    "roll_top_hour": Collection(indexes=_ROLL_INDEXES, required=_ROLL_REQUIRED),
    "sign_ins": Collection(),
    "timelines": Collection(required={"_id": "string", "version": ["int", "long"], "spans": "array"}),
    "unindexed": Collection(required={"_id": "date", "minutes": "object"}),
    "search": Collection(
        # The second finds what is of a time that is removed. It begins with a field that no search names, so that none is ever
        # planned by it: by time alone a search for a rare word would look at every entry.
        indexes=(Index((("terms", ASCENDING), _NEWEST)), Index((("build", ASCENDING), _NEWEST))),
        required={"_id": "string", "created_at": "date", "terms": "array", "writes": ["int", "long"], "build": ["int", "long"]},
    ),
    "searches": Collection(required={"_id": "string", "scope": "string", "saved_at": "date"}),
    "jobs": Collection(
        indexes=(
            Index((("state", ASCENDING), ("priority", DESCENDING), ("seq", ASCENDING))),
            Index((("live_slot", ASCENDING),), unique=True, sparse=True),
            Index((("ended_at", DESCENDING),)),
            # How the last shifts of a slot ended.
            Index((("slot", ASCENDING), ("ended_at", DESCENDING))),
        ),
        required={"_id": "string", "project": "string", "spider": "string", "state": "string"},
    ),
    "nodes": Collection(required={"_id": "string", "boot": "string", "seen_at": "date"}),
    "eggs": Collection(required={"_id": "string", "project": "string", "version": "string", "order": "string"}),
    "planner": Collection(),
    "processes": Collection(),
    "field_counts": Collection(),
    "counters": Collection(required={"_id": "string", "value": ["int", "long", "double"]}),
}


async def _add_rollups(database: AsyncDatabase[dict[str, Any]]) -> None:
    for name in ROLLUPS:
        await _make(database, name, COLLECTIONS[name])
    await Rebuild(database).mark_all()


async def make_all(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Make what is missing of collections, validators and indexes, a few at once: each waits for the server's disk most of its
    time. What fails is raised when the others are done."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def make(name: str, collection: Collection) -> None:
        async with places:
            await _make(database, name, collection)

    made = await asyncio.gather(*(make(*each) for each in COLLECTIONS.items()), return_exceptions=True)
    if errors := [error for error in made if error is not None]:
        raise errors[0]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(2, "added rollups of every hour; `monitor rollup` counts them.", _add_rollups),
    Migration(3, "made the collections of word search, saved searches and labels.", make_all),
    Migration(4, "made the collections of the fleet.", make_all),
)


async def prepare(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Make the schema where the database is empty, and check it in any case. Raises SchemaError."""
    if await database["meta"].find_one({"_id": RESTORING}) is not None:
        raise SchemaError(
            f"A backup is being restored into the database {database.name}, or that was cut short. Wait, or run it again: "
            "monitor db restore FILE"
        )
    if await _version(database) is None:
        strangers = await _strangers(database)
        # Another process may have made the schema, and stored posts, between the two looks.
        if strangers and await _version(database) is None:
            raise SchemaError(
                f"The database {database.name} holds {', '.join(strangers)} but no schema version, so it was not made by this "
                "program. Choose another one with MONITOR_DATABASE."
            )
        await create(database)
    await check(database)


async def create(database: AsyncDatabase[dict[str, Any]], *, version: int = VERSION) -> None:
    """Make every collection, validator and index that is missing, then note the version; any number of processes at once."""
    await make_all(database)
    note = {"version": version, "made_at": clock.now()}
    await database["meta"].update_one({"_id": "schema"}, {"$setOnInsert": note}, upsert=True)


async def check(
    database: AsyncDatabase[dict[str, Any]],
    *,
    version: int = VERSION,
    collections: Mapping[str, Collection] = COLLECTIONS,
) -> None:
    """Refuse a database of another version, or without a unique index. Raises SchemaError saying what to do.

    A missing index that is not unique makes things slow and not wrong: it is logged.
    """
    stored = await _version(database)
    if stored is None:
        raise SchemaError(f"The database {database.name} has no schema version. Run: monitor db migrate")
    if stored < version:
        raise SchemaError(
            f"The database {database.name} has schema version {stored}, this program needs {version}. "
            "Make a backup, then run: monitor db migrate"
        )
    if stored > version:
        raise SchemaError(
            f"The database {database.name} has schema version {stored}, made by a newer release; this program knows "
            f"{version}. Upgrade this program."
        )
    for name, index in await _missing(database, collections):
        if index.unique:
            raise SchemaError(
                f"The collection {name} of the database {database.name} lacks its unique index {index.name}, without which "
                "doubles would be stored. Run: monitor db migrate"
            )
        logger.warning("event=index_missing collection=%s index=%s: queries are slow; run monitor db migrate", name, index.name)


async def migrate(
    database: AsyncDatabase[dict[str, Any]], *, steps: Sequence[Migration] = MIGRATIONS, version: int = VERSION
) -> list[str]:
    """Bring a database to `version`, make what indexes are missing, and return a sentence for each thing done.

    Each step is noted as soon as it is done, so that an interrupted migration goes on where it stopped. Raises SchemaError
    for a newer database, or where doubles stand against a unique index.
    """
    done: list[str] = []
    stored = await _version(database)
    if stored is None:
        await create(database, version=version)
        return [f"Made the schema, version {version}."]
    for step in sorted(steps, key=lambda step: step.to):
        if stored < step.to <= version:
            await step.run(database)
            await database["meta"].update_one({"_id": "schema", "version": step.to - 1}, {"$set": {"version": step.to}})
            done.append(f"Version {step.to}: {step.says}")
    for name, index in await _missing(database, COLLECTIONS):
        await _make(database, name, COLLECTIONS[name])
        done.append(f"Made the index {index.name} of {name}.")
    await check(database, version=version)
    return done


async def _version(database: AsyncDatabase[dict[str, Any]]) -> int | None:
    note = await database["meta"].find_one({"_id": "schema"})
    return None if note is None else int(note["version"])


async def _strangers(database: AsyncDatabase[dict[str, Any]]) -> list[str]:
    names = sorted(COLLECTIONS.keys() & set(await database.list_collection_names()))
    return [name for name in names if await database[name].find_one({}, {"_id": 1}) is not None]


async def _missing(database: AsyncDatabase[dict[str, Any]], collections: Mapping[str, Collection]) -> list[tuple[str, Index]]:
    """Indexes that are not there, or not as they must be."""
    indexed = {name: collection for name, collection in collections.items() if collection.indexes}
    missing: list[tuple[str, Index]] = []
    for name, collection in indexed.items():
        there = {
            (tuple(stored["key"].items()), bool(stored.get("unique")))
            for stored in await (await database[name].list_indexes()).to_list()
        }
        missing += [(name, index) for index in collection.indexes if (index.keys, index.unique) not in there]
    return missing


async def _make(database: AsyncDatabase[dict[str, Any]], name: str, collection: Collection) -> None:
    """Command by command, each through outages: on a way that breaks again and again, all of them in one go might never be done."""
    try:
        await insist(lambda: database.create_collection(name, check_exists=False, validator=collection.validator), database)
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:
            raise
        # It is there with other options, or another process has just made it; the options are ours to say.
        await insist(lambda: database.command("collMod", name, validator=collection.validator), database)
    plain = [IndexModel(list(index.keys), name=index.name) for index in collection.indexes if not index.unique]
    if plain:
        await insist(partial(database[name].create_indexes, plain), database)
    for index in collection.indexes:
        if index.unique:
            await _make_unique(database, name, index)


async def _make_unique(database: AsyncDatabase[dict[str, Any]], name: str, index: Index) -> None:
    try:
        made = partial(database[name].create_index, list(index.keys), unique=True, sparse=index.sparse, name=index.name)
        await insist(made, database)
    except DuplicateKeyError as error:
        raise SchemaError(
            f"The unique index {index.name} of {name} cannot be made, since {name} holds doubles by "
            f"{', '.join(key for key, _ in index.keys)}. Remove them, then run: monitor db migrate"
        ) from error
