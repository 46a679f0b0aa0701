"""`--follow`: a stage that goes on until it is ended, gives signs of life, and outlives a MongoDB that is away."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import click

from monitor.errors import RetryLater
from monitor.fleet.pulse import Pulse, beating
from monitor.store.connection import Store

# How soon new work is seen; looking costs one command, which an index or a small collection makes cheap.
POLL_S = 2.0


async def follow(
    work: Callable[[], Awaitable[Any]],
    *,
    told: Callable[[Any], str],
    nothing: Any,
    counted: Callable[[Any], None] = lambda _tally: None,
) -> None:
    """Do `work` again and again and print of each round what it did, `nothing` apart; what is away is waited for. Ends by an error.

    `counted` gets what each round did.
    """
    while True:
        wait_s = POLL_S
        try:
            tally = await work()
        except RetryLater as error:
            click.echo(str(error), err=True)
            wait_s = max(POLL_S, error.wait_s or 0.0)
        else:
            counted(tally)
            if tally != nothing:
                click.echo(told(tally))
        await asyncio.sleep(wait_s)


@asynccontextmanager
async def stoppable() -> AsyncIterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, by KeyboardInterrupt, so that what is open is closed."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    terminated = False

    def end() -> None:
        nonlocal terminated
        terminated = True
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, end)
    try:
        yield
    except asyncio.CancelledError:
        if terminated:
            raise KeyboardInterrupt from None
        raise
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


@asynccontextmanager
async def following(store: Store, role: str) -> AsyncIterator[Pulse]:
    """Both for the length of the block."""
    async with stoppable(), beating(store, role) as pulse:
        yield pulse
