"""The fleet's collections for the length of one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from monitor.cli.opened import run
from monitor.config import Config, load
from monitor.mongod.private import acquire
from monitor.store.connection import open_store
from monitor.store.eggs import Eggs
from monitor.store.jobs import Jobs
from monitor.store.nodes import Nodes
from monitor.store.synchronous import connect

# A person waits longer than a page of a node.
_ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """What commands look at and change."""

    config: Config
    jobs: Jobs
    eggs: Eggs
    nodes: Nodes


@contextmanager
def reached() -> Iterator[Fleet]:
    """The fleet of the configured database. Raises what opening it raises, as sentences."""
    config = load()
    with acquire(config) as used:
        run(check_schema(config, used.uri))
        database = connect(config, uri=used.uri, answer_s=_ANSWER_S)
        try:
            yield Fleet(config, Jobs(database), Eggs(database), Nodes(database))
        finally:
            database.client.close()


async def check_schema(config: Config, uri: str) -> None:
    """Refuse a database that this program must not touch, and make the schema of an empty one."""
    await (await open_store(config, uri=uri)).close()
