"""Several workers at once: what they made is told, and none is left behind when one of them breaks."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import pytest

from monitor.stages.side_by_side import side_by_side


def numbered(work: Callable[[int], Awaitable[str]]) -> Callable[[], Awaitable[str]]:
    """A worker that is told the how many-th it is."""
    numbers = count(1)
    return lambda: work(next(numbers))


@pytest.mark.parametrize("at_once", [0, 1, 5])
async def test_all_work__what_each_made_is_told_once(at_once: int) -> None:
    async def work(number: int) -> str:
        return f"w{number}"

    assert await side_by_side(numbered(work), at_once=at_once) == [f"w{number}" for number in range(1, at_once + 1)]


async def test_workers__run_at_the_same_time() -> None:
    """Each waits until all have come: one after the other, they would wait for ever."""
    gate = asyncio.Barrier(4)

    async def work(number: int) -> str:
        await gate.wait()
        return str(number)

    assert len(await asyncio.wait_for(side_by_side(numbered(work), at_once=4), timeout=5)) == 4


async def test_one_breaks__the_others_end_before_it_is_raised() -> None:
    ended: list[int] = []

    async def work(number: int) -> str:
        if number == 1:
            raise ValueError("one")
        for _ in range(5):
            await asyncio.sleep(0)
        ended.append(number)
        return str(number)

    with pytest.raises(ValueError, match="one"):
        await side_by_side(numbered(work), at_once=3)
    assert sorted(ended) == [2, 3]


async def test_several_break__an_error_of_theirs_is_raised() -> None:
    async def work(number: int) -> str:
        if number > 1:
            raise ValueError(f"w{number}")
        return "w1"

    with pytest.raises(ValueError, match=r"w[23]"):
        await side_by_side(numbered(work), at_once=3)


async def test_is_ended_from_outside__so_are_all_workers() -> None:
    ended: list[int] = []

    async def work(number: int) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)
        return "never"

    running = asyncio.ensure_future(side_by_side(numbered(work), at_once=3))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sorted(ended) == [1, 2, 3]
