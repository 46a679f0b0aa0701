"""The store for the length of one command, on the configured server or the private mongod."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

import click

from monitor.cli.trained import say_if_trained
from monitor.config import Config, load
from monitor.mongod.private import acquire
from monitor.scope import Scope
from monitor.store.connection import Store, open_store
from monitor.store.horizon import Horizons
from monitor.store.simulated import Simulated

T = TypeVar("T")


@asynccontextmanager
async def opened(config: Config | None = None) -> AsyncIterator[Store]:
    """The open store of `config` (default: the environment's). Raises what opening raises, as sentences."""
    chosen = load() if config is None else config
    private = await asyncio.to_thread(acquire, chosen)
    try:
        store = await open_store(chosen, uri=private.uri)
        try:
            yield store
        finally:
            await store.close()
    finally:
        await asyncio.to_thread(private.release)


async def say_if_simulated(store: Store, *scorers: str) -> None:
    """Tell on stderr when all data of the database are simulated; every command that shows posts or figures calls this.

    So it is also where the held-out figures of trained models are told: of those by which posts are scored, and of `scorers`.
    """
    if await Simulated(store.database).is_marked():
        click.echo(f"The database {store.database.name} holds simulated data: invented people and posts.", err=True)
    await say_if_trained(store, *scorers)


async def say_if_removed(store: Store, scope: Scope, *, now: datetime) -> None:
    """Tell on stderr when posts of a scope's time were removed by age; every command that shows posts or figures of one calls this."""
    if sentence := await Horizons(store.database).sentence(scope, now=now):
        click.echo(sentence, err=True)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine to its end."""
    return asyncio.run(work)
