"""Requests that are on their way when their window ends: they take a call of the next one, in the budget of a real MongoDB."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from monitor.config import Config
from monitor.crawl.permits import FRESH_S, Permits
from monitor.crawl.ticket import Ticket, UnderWay
from monitor.crawl.told import Told
from monitor.store.budget_change import Name, Seen
from monitor.store.budgets import Budgets
from monitor.store.connection import open_store

NAME = Name(platform="chirp", credential="chirp:", host="chirp.example")
SHORT_S = 2.0
LEFT = 6  # of the next window


@pytest.fixture
async def budgets(config: Config) -> AsyncIterator[Budgets]:
    store = await open_store(config)
    yield store.budgets
    await store.close()


@pytest.fixture
async def mine(budgets: Budgets) -> AsyncIterator[Permits]:
    async def opened() -> Budgets:
        return budgets

    permits = Permits(NAME, budgets=opened, owner="me")
    yield permits
    await permits.close()


async def window(budgets: Budgets, left: int, *, for_s: float) -> None:
    """Another process opens a window."""
    alone = await budgets.take(NAME, owner="another", want=1)
    assert alone.went_alone
    await budgets.tell(NAME, Seen(good=True, window=alone.window, alone=True, left=left, reset_s=for_s), owner="another")


async def sent(mine: Permits, most: int, *, within_s: float) -> list[Ticket]:
    """Send what may go out, up to so many requests."""
    tickets, end = list[Ticket](), time.monotonic() + within_s
    while len(tickets) < most and time.monotonic() < end:
        if mine.wait_s(time.monotonic()) == 0:
            tickets.append(mine.sent(time.monotonic()))
        await asyncio.sleep(0.005)
    return tickets


async def test_not_answered_when_the_next_window_is_opened__takes_one_call_of_it(mine: Permits, budgets: Budgets) -> None:
    """Nobody knows in which of the two the platform counts it."""
    await window(budgets, 40, for_s=SHORT_S)
    (ticket,) = await sent(mine, 1, within_s=SHORT_S)
    await asyncio.sleep(SHORT_S + 0.1)
    await window(budgets, LEFT, for_s=60)
    assert len(await sent(mine, LEFT, within_s=1.5)) == LEFT - 1
    mine.answered(ticket, told=Told(left=39, reset_s=0), wait_s=None, good=True)
    assert mine.held == 0


async def test_answered_after_the_end_of_its_window__takes_one_call_of_the_next(mine: Permits, budgets: Budgets) -> None:
    await window(budgets, 40, for_s=SHORT_S)
    (ticket,) = await sent(mine, 1, within_s=SHORT_S)
    await asyncio.sleep(SHORT_S + 0.1)
    mine.answered(ticket, told=Told(left=LEFT, reset_s=60), wait_s=None, good=True)
    await window(budgets, LEFT, for_s=60)
    assert len(await sent(mine, LEFT, within_s=1.5)) == LEFT - 1


async def test_answered_or_lost_within_its_window__takes_nothing_from_the_next(mine: Permits, budgets: Budgets) -> None:
    await window(budgets, 40, for_s=SHORT_S)
    answered, lost = await sent(mine, 2, within_s=SHORT_S)
    mine.answered(answered, told=Told(left=39, reset_s=SHORT_S), wait_s=None, good=True)
    mine.lost(lost)
    await asyncio.sleep(SHORT_S + 0.1)
    await window(budgets, LEFT, for_s=60)
    assert len(await sent(mine, LEFT, within_s=5)) == LEFT


async def test_answered_while_all_keep_still_after_a_refusal__takes_nothing_from_the_next(
    mine: Permits, budgets: Budgets
) -> None:
    """What the first request afterwards is told counts it."""
    await window(budgets, 40, for_s=60)
    refused, beside = await sent(mine, 2, within_s=5)
    mine.answered(refused, told=None, wait_s=SHORT_S, good=False)
    await mine.news(5)  # the refusal is told
    mine.answered(beside, told=Told(left=38, reset_s=60), wait_s=None, good=True)
    await asyncio.sleep(SHORT_S + FRESH_S)
    await window(budgets, LEFT, for_s=60)
    assert len(await sent(mine, LEFT, within_s=5)) == LEFT


def test_under_way__more_outlast_a_window_than_a_taking_gives__the_next_takings_pay_for_the_others() -> None:
    under_way = UnderWay()
    tickets = [Ticket(window=1, alone=False, units=1) for _ in range(5)]
    for ticket in tickets:
        under_way.sent(ticket)
    under_way.sent(Ticket(window=2, alone=False, units=1))
    under_way.answered(tickets[0])
    assert [under_way.outlasting(2, most=3) for _ in range(3)] == [3, 1, 0]
    assert under_way.outlasting(3, most=9) == 1
