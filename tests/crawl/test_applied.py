"""What a process takes over of the answers of MongoDB, which overtake each other, and whose clock and last moments may be lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.crawl.permits import Permits
from monitor.store.budget_change import Name
from monitor.store.budgets import Budget, Budgets, budget_of

NAME = Name(platform="chirp", credential="chirp:", host="chirp.example")
BEGUN = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def mine() -> Permits:
    async def none() -> Budgets:
        raise AssertionError("nobody is asked")

    return Permits(NAME, budgets=none, owner="me")


def budget(at_s: float, **fields: Any) -> Budget:
    plain = {"_id": NAME.id, "platform": "chirp", "credential": "chirp:", "host": "chirp.example", "meter": ""}
    told = {"told": True, "window": 1, "left": 40, "reset_at": BEGUN + timedelta(seconds=60)}
    return budget_of({**plain, **told, "at": BEGUN + timedelta(seconds=at_s), **fields})


async def test_an_answer_that_was_overtaken__is_none(mine: Permits) -> None:
    mine.apply(budget(2, left=20), sent_at=100, got_at=100.1)
    mine.apply(budget(1, left=30), sent_at=100, got_at=100.2)
    assert mine.left(101) == 20


async def test_the_servers_clock_was_set_back__what_was_asked_after_the_last_answer_is_newer(mine: Permits) -> None:
    """Else nothing would be known until the clock has caught up."""
    mine.apply(budget(9, left=20), sent_at=100, got_at=100.1)
    mine.apply(budget(4, left=19), sent_at=100.2, got_at=100.3)
    assert mine.left(101) == 19


async def test_a_crash_of_the_server_took_the_opening_of_the_window__what_is_held_goes_with_it(mine: Permits) -> None:
    """It is opened again under its old number, with all that is left."""
    mine.apply(budget(1), sent_at=100, got_at=100.1)
    mine.held = 4
    mine.apply(budget(2, told=False, left=None), sent_at=101, got_at=101.1)
    assert mine.held == 0


async def test_the_same_window__what_is_held_is_good_on(mine: Permits) -> None:
    mine.apply(budget(1), sent_at=100, got_at=100.1)
    mine.held = 4
    mine.apply(budget(2), sent_at=101, got_at=101.1)
    assert mine.held == 4
