"""Several workers of one stage in one process: much of the time of each is spent waiting for the store."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def side_by_side(work: Callable[[], Awaitable[T]], *, at_once: int) -> list[T]:
    """What `at_once` runs of `work` return. All end before the first error of any is raised."""
    told = await asyncio.gather(*(work() for _ in range(at_once)), return_exceptions=True)
    made: list[T] = []
    for each in told:
        if isinstance(each, BaseException):
            raise each
        made.append(each)
    return made
