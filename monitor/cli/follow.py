"""`--follow`: a stage that goes on until it is ended, and outlives a MongoDB that is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import click

from monitor.errors import RetryLater

# How soon new work is seen; looking costs one command, which an index or a small collection makes cheap.
POLL_S = 2.0


async def follow(work: Callable[[], Awaitable[Any]], *, told: Callable[[Any], str], nothing: Any) -> None:
    """Do `work` again and again and print of each round what it did, `nothing` apart; what is away is waited for. Ends by an error."""
    while True:
        wait_s = POLL_S
        try:
            tally = await work()
        except RetryLater as error:
            click.echo(str(error), err=True)
            wait_s = max(POLL_S, error.wait_s or 0.0)
        else:
            if tally != nothing:
                click.echo(told(tally))
        await asyncio.sleep(wait_s)
