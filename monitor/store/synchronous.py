"""MongoDB for threads: scrapyd's reactor is no event loop, so what serves it blocks a thread, and never for long.

The invariant: nothing here takes longer than ANSWER_S, whatever MongoDB does, so that a node's web pages answer in time.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import pymongo
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import PyMongoError

from monitor.config import Config
from monitor.store.connection import host_of, pinned, usable_uri
from monitor.store.document import Document
from monitor.store.outage import is_outage, unavailable

# A frozen mongod keeps one request this long; the web API promises two seconds.
ANSWER_S = 1.5

P = ParamSpec("P")
R = TypeVar("R")


class _Stored(Protocol):
    @property
    def database(self) -> Database[Document]: ...


S = TypeVar("S", bound=_Stored)


def connect(config: Config, *, uri: str | None = None, answer_s: float = ANSWER_S) -> Database[Document]:
    """The database of `config`; nothing is sent yet. `uri` is the private mongod's, where `config.mongodb_uri` is None."""
    logging.getLogger("pymongo.command").setLevel(logging.INFO)  # at DEBUG it writes whole commands
    chosen = usable_uri(config, uri)
    client: MongoClient[Document] = MongoClient(
        chosen, **{**pinned(chosen), "timeoutMS": round(answer_s * 1000)}, connect=False
    )
    return client[config.database]


@contextmanager
def deadline(seconds: float = ANSWER_S) -> Iterator[None]:
    """All operations of this thread inside the block have so long together."""
    with pymongo.timeout(seconds):
        yield


def tells(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Turn an outage of MongoDB inside `method` into StoreUnavailableError; every other error passes."""

    @wraps(method)
    def told(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except PyMongoError as error:
            if not is_outage(error):
                raise
            raise unavailable(error, place_of(self.database)) from error

    return told


def place_of(database: Database[Document]) -> str:
    """Host and port, or the socket's path, of the servers behind `database`; never credentials."""
    addresses = database.client.topology_description.server_descriptions()
    return ", ".join(host if port is None else f"{host}:{port}" for host, port in sorted(addresses)) or host_of("")


def after_now(seconds: float) -> Document:
    """The server's present and so many seconds, in an update with a pipeline."""
    return {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(seconds * 1000)}}


def literally(fields: dict[str, Any]) -> Document:
    """Values for an update with a pipeline, where a text that begins with $ would be a field."""
    return {name: {"$literal": value} for name, value in fields.items()}
