"""Retention beside a stage that goes on: what is older than the configuration says is removed once an hour, by one process of all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import click

from monitor.errors import MonitorError
from monitor.stages.purge import retain
from monitor.store.connection import Store

LOOK_S = 60.0  # how often to ask whether an hour is over; a process that died leaves its turn to the next hour


@asynccontextmanager
async def retaining(store: Store, kept: timedelta | None) -> AsyncIterator[None]:
    """Look after it for the length of the block; nothing is done where posts are kept for ever (None)."""
    task = None if kept is None else asyncio.create_task(_go_on(store, kept))
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _go_on(store: Store, kept: timedelta) -> None:
    while True:
        try:
            done = await retain(store, kept)
        except MonitorError as error:  # what was removed stays so, and the next hour removes the rest
            click.echo(f"Old posts are not all removed yet: {error}", err=True)
        except Exception as error:  # noqa: BLE001 (figures are counted all the same; its text may quote a post)
            click.echo(f"Old posts are not all removed yet ({type(error).__name__}): run monitor purge --retention", err=True)
        else:
            if done is not None and done[1].get("posts"):
                click.echo(f"removed {done[1]['posts']:,} posts. {done[0].sentence}")
        await asyncio.sleep(LOOK_S)
