"""Backup and restore of a database, so that bookmarks and posts agree afterwards.

A backup is made while everything runs. Its order keeps the promise: bookmarks are read first and posts last, so that every post that a
bookmark proves is in it; posts that came meanwhile are read once more, which changes nothing. Restored, each source goes on from the
bookmark of the backup: what lies between then and now is read as any other gap, as far as its platform still shows it. Epochs begin
above all that were ever given, so that a process which still holds a lease of before moves nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase

import monitor
from monitor import clock
from monitor.errors import SchemaError, UsageError
from monitor.store import schema
from monitor.store.backup_file import Reader, read, written
from monitor.store.document import Document
from monitor.store.outage import insist, tells_outage
from monitor.store.rebuild import Rebuild
from monitor.store.word_index import NOTE as WORDS

# Made from the others: hours and words are counted again, timelines laid flat again.
DERIVED = frozenset({"roll_hour", "roll_top_hour", "search", "dirty", "unindexed", "timelines"})
# Of the moment: what runs, waits, and was promised by platforms for some minutes.
PASSING = frozenset({"jobs", "nodes", "planner", "processes", "budgets"})
RESTORING = schema.RESTORING
_FIRST, _LAST = ("sources", "ledger"), ("quarantine", "posts")
_AT_ONCE = 500
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


def collections() -> list[str]:
    """Those that a backup holds, in its order."""
    others = sorted(schema.COLLECTIONS.keys() - DERIVED - PASSING - {*_FIRST, *_LAST})
    return [*_FIRST, *others, *_LAST]


class Backup:
    """Backup and restore of one database."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database

    async def write(self, path: Path) -> dict[str, int]:
        """Write everything that cannot be made again into a file; returns the number of documents of each collection."""
        header = {
            "schema": schema.VERSION,
            "made_at": clock.now(),
            "version": monitor.__version__,
            "database": self.database.name,
            "meta": await self._meta(),
        }
        with written(path, header) as writer:
            for name in collections():
                writer.collection(name)
                after: Any = None
                while page := await self._page(name, after):
                    for stored in page:
                        writer.document(bytes(stored.raw))
                    after = page[-1]["_id"]
            return dict(writer.counts)

    async def restore(self, path: Path, *, replace: bool) -> dict[str, int]:
        """Make the database what the backup says; with `replace` one that holds data is dropped before.

        May be repeated after a crash; until it is through, no other command opens the database. Raises UsageError for a file that is
        no backup and for a database that holds data, SchemaError for a backup of a newer release.
        """
        with read(path) as reader:
            _refuse_newer(reader.header)
            await self._prepare(str(reader.header["made_at"]), replace=replace)
            counts = await self._fill(reader)
            version = int(reader.header["schema"])
            for note in reader.header["meta"]:
                await insist(partial(self._note, note), self.database)
        await insist(lambda: self._note({"_id": "schema", "version": version, "made_at": clock.now()}), self.database)
        await schema.migrate(self.database)
        await Rebuild(self.database).mark_all()
        await self._finish()
        return counts

    async def _fill(self, reader: Reader) -> dict[str, int]:
        restored, counts = _Restored(), dict.fromkeys(collections(), 0)
        batch: list[Document] = []
        batched = ""
        for name, document in reader.documents():
            if name not in counts or not restored.keeps(name, document):
                continue
            if batch and (name != batched or len(batch) == _AT_ONCE):
                await self._put(batched, batch)
                batch = []
            batched = name
            batch.append(restored.changed(name, document))
            counts[name] += 1
        if batch:
            await self._put(batched, batch)
        return counts

    async def _prepare(self, backup: str, *, replace: bool) -> None:
        marked = await self.database["meta"].find_one({"_id": RESTORING})
        if marked is not None and marked["backup"] == backup:
            return  # it was cut short; every document is written once more
        if replace or marked is not None:
            await insist(lambda: self.database.client.drop_database(self.database.name), self.database)
        elif held := [name for name in _Restored.TELLING if await self._holds(name)]:
            raise UsageError(
                f"The database {self.database.name} holds {', '.join(held)}. Restore into an empty one (MONITOR_DATABASE), or with "
                "--replace, which drops what is there."
            )
        else:  # an empty one that some command has made
            await insist(lambda: self.database.client.drop_database(self.database.name), self.database)
        await insist(lambda: self._note({"_id": RESTORING, "backup": backup}), self.database)
        await schema.make_all(self.database)

    @tells_outage
    async def _finish(self) -> None:
        await self.database["meta"].delete_one({"_id": RESTORING})

    async def _note(self, note: Mapping[str, Any]) -> None:
        await self.database["meta"].replace_one({"_id": note["_id"]}, dict(note), upsert=True)

    @tells_outage
    async def _meta(self) -> list[Document]:
        """Notes that are true of the data wherever they lie: that they are simulated, whose key made the pseudonyms."""
        return await self.database["meta"].find({"_id": {"$nin": ["schema", RESTORING, WORDS]}}).to_list()

    @tells_outage
    async def _holds(self, name: str) -> bool:
        return await self.database[name].find_one({}, {"_id": 1}) is not None

    @tells_outage
    async def _page(self, name: str, after: Any) -> list[RawBSONDocument]:
        """By `_id`, so that no cursor has to outlive a change of the primary; ids of these collections are all texts."""
        wanted = {} if after is None else {"_id": {"$gt": after}}
        found = self.database[name].with_options(codec_options=_RAW).find(wanted).sort("_id", 1).limit(_AT_ONCE)
        return await found.to_list()

    async def _put(self, name: str, documents: Sequence[Document]) -> None:
        for few in _small(documents):
            changes = [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in few]
            await insist(partial(self.database[name].bulk_write, changes, ordered=False), self.database)


class _Restored:
    """What of a backup is stored otherwise than it lies there."""

    TELLING = ("posts", "sources", "topics")  # a database without these is empty

    def __init__(self) -> None:
        self._now = clock.now()
        # Above every epoch of before: no source is claimed once a second all its life.
        self._epoch = round(self._now.timestamp())
        self._versions: dict[str, int] = {}

    def keeps(self, name: str, document: Mapping[str, Any]) -> bool:
        """Entries of the ledger that were written after the bookmark was read go: their versions will be given once more."""
        if name != "ledger":
            return True
        return int(document["version"]) <= self._versions.get(document["source"], -1)

    def changed(self, name: str, document: Document) -> Document:
        if name != "sources":
            return document
        self._versions[document["_id"]] = int(document["bookmark"]["version"])
        epoch = max(self._epoch, int(document["lease"]["epoch"]) + 1)
        return document | {"lease": {"owner": None, "epoch": epoch, "until": None}, "next_due": self._now}


def _refuse_newer(header: Mapping[str, Any]) -> None:
    if int(header["schema"]) > schema.VERSION:
        raise SchemaError(
            f"The backup has schema version {header['schema']}, made by a newer release ({header['version']}); this program knows "
            f"{schema.VERSION}. Upgrade this program."
        )


def _small(documents: Sequence[Document]) -> Iterator[list[Document]]:
    """Batches of a few MiB: a command may have 48 MB."""
    few: list[Document] = []
    size = 0
    for document in documents:
        more = len(bson.encode(document))
        if few and size + more > 8 * 1024 * 1024:
            yield few
            few, size = [], 0
        few.append(document)
        size += more
    if few:
        yield few
