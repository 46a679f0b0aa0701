"""Opening the store: one client with its options pinned, the schema checked, one attribute per collection."""

import asyncio
import importlib.util
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from urllib.parse import unquote

import pymongo
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError as ClientConfigurationError
from pymongo.errors import InvalidURI, OperationFailure, PyMongoError

from monitor.config import Config
from monitor.errors import ConfigurationError
from monitor.store import schema
from monitor.store.budgets import Budgets
from monitor.store.dirty import Dirty
from monitor.store.leases import Leases
from monitor.store.ledger import Ledger
from monitor.store.outage import PATIENCE_S, is_outage, persist, unavailable
from monitor.store.posts import Posts
from monitor.store.progress import Progress
from monitor.store.quarantine import Quarantine
from monitor.store.runs import Runs
from monitor.store.sealing import Sealing
from monitor.store.sign_ins import SignIns
from monitor.store.sources import Sources
from monitor.store.topics import Topics

# Finding a primary takes milliseconds, or a person.
SELECTION_MS = 5_000
# One operation with its retries by the driver; above an election's usual few seconds.
OPERATION_MS = round(PATIENCE_S * 1000)

_REFUSED_LOGIN = frozenset({13, 18})  # Unauthorized, AuthenticationFailed
# Compressor by the module that the driver needs for it. Without zlib: see CVE-2025-14847.
_COMPRESSORS = {"snappy": ("snappy",), "zstd": ("compression.zstd", "backports.zstd")}


@dataclass(frozen=True, slots=True, repr=False)
class Store:
    """The open store. Every method of its parts raises StoreUnavailableError when MongoDB is away for now."""

    database: AsyncDatabase[dict[str, Any]]
    posts: Posts
    sources: Sources
    leases: Leases
    progress: Progress
    ledger: Ledger
    quarantine: Quarantine
    runs: Runs
    topics: Topics
    dirty: Dirty
    sign_ins: SignIns
    budgets: Budgets
    sealing: Sealing

    def __repr__(self) -> str:
        return f"<Store {self.database.name}>"

    async def close(self) -> None:
        """Close the connections; what was confirmed is durable already."""
        await self.database.client.close()


async def open_store(config: Config, *, uri: str | None = None) -> Store:
    """Connect, make the schema where the database is empty, and check it.

    `uri` is for the private mongod, where `config.mongodb_uri` is None. Raises StoreUnavailableError naming the host,
    ConfigurationError for a URI or login that is refused, SchemaError for a database that this program must not touch.
    """
    # At DEBUG the driver writes every command with what is in it, posts and people, into the log.
    logging.getLogger("pymongo.command").setLevel(logging.INFO)
    async with _told(usable_uri(config, uri)):
        database = await _connect(config, usable_uri(config, uri))
        try:
            await schema.prepare(database)
        except BaseException:
            await database.client.close()
            raise
    dirty = Dirty(database)
    posts = Posts(database, dirty)
    return Store(
        database=database,
        posts=posts,
        sources=Sources(database),
        leases=Leases(database),
        progress=Progress(database),
        ledger=Ledger(database),
        quarantine=Quarantine(database),
        runs=Runs(database),
        topics=Topics(database),
        dirty=dirty,
        sign_ins=SignIns(database),
        budgets=Budgets(database),
        sealing=Sealing(database, posts, dirty),
    )


async def migrate(config: Config, *, uri: str | None = None) -> list[str]:
    """Bring the database to this program's schema and return what was done, a sentence each. Raises as `open_store`."""
    async with _told(usable_uri(config, uri)):
        database = await _connect(config, usable_uri(config, uri))
        try:
            return await schema.migrate(database)
        finally:
            await database.client.close()


@asynccontextmanager
async def bare(config: Config, *, uri: str | None = None) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """The database as it is, whatever its schema, for restoring a backup. Raises as `open_store`, but for its schema."""
    async with _told(usable_uri(config, uri)):
        database = await _connect(config, usable_uri(config, uri))
    try:
        yield database
    finally:
        await database.client.close()


def host_of(uri: str) -> str:
    """The part of a URI that may be shown: hosts and ports, or the path of a socket; no credentials, no options."""
    rest = uri.partition("://")[2].partition("/")[0].partition("?")[0]
    return unquote(rest.rpartition("@")[2]) or "an unnamed host"


def compressors(uri: str) -> list[str]:
    """The compressors that the driver can use here; none for a server on this machine, where they cost more than they save."""
    if all(host.startswith(("127.", "localhost", "[::1]", "/")) for host in host_of(uri).split(",")):
        return []
    return [name for name, modules in _COMPRESSORS.items() if any(_importable(module) for module in modules)]


def pinned(uri: str) -> dict[str, Any]:
    """The options of every client of ours, whatever the URI says."""
    return {
        "w": "majority",
        "journal": True,
        "readConcernLevel": "majority",  # what is taken for stored cannot be rolled back
        "readPreference": "primary",
        "retryWrites": True,
        "retryReads": True,
        "timeoutMS": OPERATION_MS,
        "serverSelectionTimeoutMS": SELECTION_MS,
        "connectTimeoutMS": SELECTION_MS,
        "tz_aware": True,
        "tzinfo": UTC,
        "uuidRepresentation": "standard",
        "compressors": compressors(uri),
        "appname": "social-monitor",
    }


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its parent package is missing
        return False


def usable_uri(config: Config, uri: str | None) -> str:
    """The URI to use; `uri` is the private mongod's. Raises ConfigurationError."""
    chosen = uri if config.mongodb_uri is None else config.mongodb_uri.reveal()
    if chosen is None:
        raise ConfigurationError("MONGODB_URI is not set and no private mongod was started: start one with: monitor db start")
    if "://" not in chosen:
        raise _unusable()
    return chosen


def _unusable() -> ConfigurationError:
    return ConfigurationError(
        "MONGODB_URI is not usable: it should look like mongodb://user:password@host:27017/?replicaSet=rs0, with "
        "special characters in user and password percent-encoded. A mongodb+srv:// address needs its DNS record, too."
    )


async def _connect(config: Config, uri: str) -> AsyncDatabase[dict[str, Any]]:
    """Make the client, its options pinned whatever the URI says, and look whether the server can keep our promises."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri, **pinned(uri))
    try:
        until = asyncio.get_running_loop().time() + SELECTION_MS / 1000
        hello = await persist(lambda: _hello(client, uri), until=until, one_try_s=None)
        _refuse_standalone(hello, host_of(uri))
    except BaseException:
        await client.close()
        raise
    return client[config.database]


async def _hello(client: AsyncMongoClient[dict[str, Any]], uri: str) -> Mapping[str, Any]:
    # timeoutMS overrides serverSelectionTimeoutMS, so the shorter patience for a first answer is said here.
    async with _told(uri):
        with pymongo.timeout(SELECTION_MS / 1000):
            return await client.admin.command("hello")


def _refuse_standalone(hello: Mapping[str, Any], place: str) -> None:
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise ConfigurationError(
            f"MongoDB at {place} is a standalone server, which cannot promise what is needed here. Start it with "
            "--replSet rs0 and call rs.initiate() once; one node is enough."
        )


@asynccontextmanager
async def _told(uri: str) -> AsyncIterator[None]:
    """Turn the driver's errors while opening into sentences; its own texts may hold the URI."""
    try:
        yield
    except (InvalidURI, ClientConfigurationError, ValueError) as error:
        raise _unusable() from error
    except OperationFailure as error:
        if error.code in _REFUSED_LOGIN:
            raise ConfigurationError(
                f"MongoDB at {host_of(uri)} refuses the user or password of MONGODB_URI (code {error.code})."
            ) from error
        if not is_outage(error):
            raise
        raise unavailable(error, host_of(uri)) from error
    except PyMongoError as error:
        if not is_outage(error):
            raise
        raise unavailable(error, host_of(uri)) from error
