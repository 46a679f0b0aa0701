"""This process's part of a budget: who asks MongoDB and how often, what waits, and what happens while MongoDB is away."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.crawl import permits as permits_module
from monitor.crawl.permits import AWAY_PAUSE_S, FREE_FRESH_S, FRESH_S, IDLE_S, Permits
from monitor.crawl.told import Told
from monitor.errors import StoreUnavailableError
from monitor.store.budget_change import Name, Seen
from monitor.store.budgets import Budget

NAME = Name(platform="chirp", credential="chirp:", host="chirp.example")
BEGUN = datetime(2026, 11, 22, 8, tzinfo=UTC)


class Kept:
    """Stands for the collection: one budget, and every command that reaches it."""

    def __init__(self, **known: Any) -> None:
        plain = {
            "id": NAME.id, "platform": "chirp", "credential": "chirp:", "host": "chirp.example", "meter": "", "told": False,
            "free": False, "window": 1, "left": None, "limit": None, "window_s": None, "reset_at": None, "not_before": None,
            "alone_until": None, "one_by_one_until": None, "aside_until": None, "aside_reason": None, "calls": 0,
        }  # fmt: skip
        self.known = plain | known
        self.grants = 5
        self.commands: list[str] = []
        self.seen: list[Seen] = []
        self.held_s: list[float] = []
        self.away = False
        self.took_s = 0.0

    def budget(self, **changes: Any) -> Budget:
        return Budget(**{"at": BEGUN + timedelta(seconds=time.monotonic()), **self.known, **changes})

    async def _command(self, name: str) -> None:
        if self.away:
            raise StoreUnavailableError("MongoDB is away.")
        self.commands.append(name)
        await asyncio.sleep(self.took_s)

    async def find(self, _budget_id: str) -> Budget | None:
        await self._command("find")
        return self.budget()

    async def take(self, _name: Name, *, owner: str, want: int, need: int, calls: int, lowest: Seen | None) -> Budget:
        await self._command("take")
        if not self.known["told"]:
            return self.budget(granted=1, went_alone=True)
        granted = min(self.grants, want, self.known["left"])
        self.known["left"] -= granted
        return self.budget(granted=granted)

    async def tell(self, _name: Name, seen: Seen, *, owner: str, calls: int) -> Budget:
        await self._command("tell")
        self.seen.append(seen)
        return self.budget()

    async def give_back(self, _budget_id: str, *, window: int, permits: int) -> None:
        await self._command(f"give back {permits}")

    async def hold(self, _name: Name, wait_s: float) -> None:
        await self._command("hold")
        self.held_s.append(wait_s)


def told(left: int, *, for_s: float = 60, **more: Any) -> Kept:
    return Kept(told=True, left=left, limit=100, reset_at=BEGUN + timedelta(seconds=time.monotonic() + for_s), **more)


def permits(kept: Kept) -> Permits:
    async def budgets() -> Any:
        return kept

    return Permits(NAME, budgets=budgets, owner="me")


async def gone(mine: Permits, *, within_s: float = 2.0) -> float:
    """Wait as the middleware does, send, and return the seconds that it took."""
    begun = time.monotonic()
    mine.waiting += 1
    while (wait_s := mine.wait_s(time.monotonic())) > 0:
        assert time.monotonic() - begun < within_s
        await asyncio.sleep(min(wait_s, 0.05))
    mine.waiting -= 1
    mine.sent(time.monotonic())
    return time.monotonic() - begun


async def sent(mine: Permits, *, within_s: float) -> int:
    """Send whatever may go out, and return how many requests that were."""
    number, begun = 0, time.monotonic()
    while time.monotonic() - begun < within_s:
        if mine.wait_s(time.monotonic()) == 0:
            mine.sent(time.monotonic())
            number += 1
        await asyncio.sleep(0.005)
    return number


async def until(ready: Callable[[], bool], *, within_s: float = 2.0) -> None:
    end = time.monotonic() + within_s
    while not ready():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_many_wait__one_of_them_asks_for_all() -> None:
    kept = told(40)
    kept.took_s, kept.grants = 0.05, 20
    mine = permits(kept)
    await asyncio.gather(*(gone(mine) for _ in range(20)))
    assert kept.commands.count("take") <= 3


async def test_where_nothing_is_told__no_request_asks_mongodb() -> None:
    kept = Kept(free=True)
    mine = permits(kept)
    for _ in range(200):
        await gone(mine)
    assert kept.commands == ["find"]


async def test_knowledge_is_old__it_is_looked_at_before_a_permit_is_used() -> None:
    """A refusal that another process had stops this one."""
    kept = told(40)
    mine = permits(kept)
    await gone(mine)
    kept.known |= {"told": False, "left": None, "window": 2, "not_before": BEGUN + timedelta(seconds=time.monotonic() + 30)}
    await asyncio.sleep(FRESH_S)
    at = time.monotonic()
    assert mine.wait_s(at) > 0
    await until(lambda: mine.kept_away_s(time.monotonic()) > 25)
    assert mine.wait_s(time.monotonic()) > 25


async def test_where_nothing_is_told__knowledge_of_a_second_ago_is_looked_at_before_a_request_goes() -> None:
    """Another process was refused meanwhile, for longer than this one has waited for its next poll."""
    kept = Kept(free=True)
    mine = permits(kept)
    await gone(mine)
    kept.known |= {"window": 2, "not_before": BEGUN + timedelta(seconds=time.monotonic() + 300)}
    await asyncio.sleep(FREE_FRESH_S)
    assert mine.wait_s(time.monotonic()) > 0
    await until(lambda: mine.kept_away_s(time.monotonic()) > 290)
    assert mine.wait_s(time.monotonic()) > 290
    assert kept.commands == ["find", "find"]


async def test_where_nothing_is_told__a_look_at_all_budgets_makes_knowledge_new() -> None:
    kept = Kept(free=True)
    mine = permits(kept)
    await gone(mine)
    for _ in range(3):
        await asyncio.sleep(FREE_FRESH_S / 2)
        mine.looked_at = time.monotonic()
        await gone(mine)
    assert kept.commands == ["find"]


async def test_permits_that_nobody_wants__are_given_back() -> None:
    kept = told(40)
    mine = permits(kept)
    mine.waiting += 4
    await gone(mine)
    mine.waiting -= 4
    held = mine.held
    assert held > 0
    await until(lambda: f"give back {held}" in kept.commands, within_s=2 * IDLE_S + 1)
    assert mine.held == 0


async def test_close__gives_back_what_is_held() -> None:
    kept = told(40)
    mine = permits(kept)
    mine.waiting += 4
    await gone(mine)
    held = mine.held
    await mine.close()
    assert kept.commands[-1] == f"give back {held}"


async def test_nothing_is_left__waits_for_the_reset_that_the_platform_told() -> None:
    mine = permits(told(0, for_s=500))
    mine.wait_s(time.monotonic())
    await until(lambda: mine.budget is not None)
    assert mine.kept_away_s(time.monotonic()) == pytest.approx(500, abs=2)


async def test_the_window_is_about_to_end__a_permit_is_not_used_any_more() -> None:
    kept = told(40, for_s=2.0)
    mine = permits(kept)
    mine.waiting += 4
    await gone(mine)
    assert mine.held > 0
    await asyncio.sleep(1.6)
    assert mine.wait_s(time.monotonic()) > 0


async def test_the_answer_to_the_one_that_went_alone__is_told_at_once() -> None:
    kept = Kept()
    mine = permits(kept)
    mine.wait_s(time.monotonic())
    await until(lambda: mine.wait_s(time.monotonic()) == 0)
    ticket = mine.sent(time.monotonic())
    assert ticket.alone
    mine.answered(ticket, told=Told(left=9, reset_s=60, limit=10), wait_s=None, good=True)
    await until(lambda: bool(kept.seen))
    (seen,) = kept.seen
    assert (seen.alone, seen.left, seen.limit) == (True, 9, 10)
    assert 60 < seen.reset_s <= 61  # whole seconds: up to one later


async def test_the_one_that_went_alone_had_no_reply__the_others_do_not_wait_for_it() -> None:
    kept = Kept()
    mine = permits(kept)
    mine.wait_s(time.monotonic())
    await until(lambda: mine.wait_s(time.monotonic()) == 0)
    mine.lost(mine.sent(time.monotonic()))
    await until(lambda: bool(kept.seen))
    assert (kept.seen[0].alone, kept.seen[0].good) == (True, False)


async def test_a_refusal_with_nothing_left__lasts_until_the_reset() -> None:
    kept = told(0)
    mine = permits(kept)
    mine.wait_s(time.monotonic())
    await until(lambda: mine.budget is not None)
    ticket = mine.sent(time.monotonic())
    mine.answered(ticket, told=Told(left=0, reset_s=9, coarse=True), wait_s=9, good=False)
    await until(lambda: bool(kept.seen))
    assert kept.seen[0].wait_s == pytest.approx(10, abs=0.2)


async def test_a_refusal_while_mongodb_is_away__is_told_when_it_is_back() -> None:
    kept = told(40)
    mine = permits(kept)
    await gone(mine)
    kept.away = True
    mine.answered(mine.sent(time.monotonic()), told=None, wait_s=30, good=False)
    await asyncio.sleep(0.05)
    kept.away = False
    await until(lambda: bool(kept.seen), within_s=AWAY_PAUSE_S + 1)
    assert 28 < (kept.seen[0].wait_s or 0) < 30  # the time that passed is over


async def test_a_refusal_during_a_long_outage__is_told_when_mongodb_is_back__as_long_as_it_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(permits_module, "AWAY_PAUSE_S", 0.01)
    monkeypatch.setattr(permits_module, "TOLD_FOR_S", 0.1)
    kept = told(40)
    mine = permits(kept)
    await gone(mine)
    kept.away = True
    mine.answered(mine.sent(time.monotonic()), told=None, wait_s=30, good=False)
    mine.hold(40)
    await asyncio.sleep(1.5)
    kept.away = False
    await until(lambda: bool(kept.seen and kept.held_s))
    assert 27 < (kept.seen[0].wait_s or 0) < 29
    assert 37 < kept.held_s[0] < 39  # the time that passed is over


async def test_a_refusal_that_is_over_before_mongodb_is_back__is_dropped__and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(permits_module, "AWAY_PAUSE_S", 0.01)
    monkeypatch.setattr(permits_module, "TOLD_FOR_S", 0.1)
    kept = told(40)
    mine = permits(kept)
    await gone(mine)
    kept.away = True
    mine.answered(mine.sent(time.monotonic()), told=None, wait_s=0.3, good=False)
    await until(lambda: "event=budget_not_told" in caplog.text)
    await asyncio.sleep(0.05)
    assert not mine._tasks


async def test_close_while_mongodb_is_away__what_nobody_will_tell__is_said(caplog: pytest.LogCaptureFixture) -> None:
    kept = told(40)
    mine = permits(kept)
    await gone(mine)
    kept.away = True
    mine.answered(mine.sent(time.monotonic()), told=None, wait_s=30, good=False)
    await mine.close()
    assert "event=budget_not_told" in caplog.text


async def test_mongodb_is_away_from_the_beginning__nothing_goes_out_before_the_limit_was_looked_at() -> None:
    """What others were told of the limit is not known then, and no page could be kept."""
    kept = told(0, for_s=500)
    kept.away = True
    mine = permits(kept)
    await mine.known()
    assert await sent(mine, within_s=1.5 * AWAY_PAUSE_S) == 0
    kept.away = False
    assert await sent(mine, within_s=AWAY_PAUSE_S + 0.5) == 0
    assert mine.kept_away_s(time.monotonic()) > 490


async def test_mongodb_was_away_from_the_beginning__a_platform_that_tells_nothing_is_asked_when_it_is_back() -> None:
    kept = Kept(free=True)
    kept.away = True
    mine = permits(kept)
    mine.wait_s(time.monotonic())
    await asyncio.sleep(0.05)
    kept.away = False
    assert await gone(mine) < AWAY_PAUSE_S + 0.5


async def test_mongodb_goes_away_before_anything_was_told__nothing_goes_out_while_others_may_ask() -> None:
    """Another process may be the one that goes alone, or have opened the window meanwhile."""
    kept = Kept(alone_until=BEGUN + timedelta(seconds=time.monotonic() + 60))
    mine = permits(kept)
    mine.wait_s(time.monotonic())
    await until(lambda: mine.budget is not None)
    kept.away = True
    assert await sent(mine, within_s=1.0) == 0


async def test_mongodb_goes_away__what_is_held_is_used__and_no_more_of_a_limit_that_is_told() -> None:
    kept = told(85)
    mine = permits(kept)
    mine.waiting += 4
    await gone(mine)
    held = mine.held
    assert held > 0
    kept.away = True
    await asyncio.sleep(FRESH_S)
    assert await sent(mine, within_s=1.0) == held
    kept.away = False
    await until(lambda: mine.wait_s(time.monotonic()) == 0, within_s=AWAY_PAUSE_S + 1)


async def test_mongodb_goes_away__a_platform_that_tells_nothing_is_asked_on() -> None:
    kept = Kept(free=True)
    mine = permits(kept)
    await gone(mine)
    kept.away = True
    assert await gone(mine) < 0.1


async def test_mongodb_is_away_when_permits_are_to_be_given_back__they_are_kept_until_it_is_back() -> None:
    kept = told(85)
    mine = permits(kept)
    mine.waiting += 4
    await gone(mine)
    mine.waiting -= 4
    held = mine.held
    kept.away = True
    mine.hold(30)  # something that finds out
    await asyncio.sleep(2 * IDLE_S)
    assert mine.held == held
    kept.away = False
    await until(lambda: f"give back {held}" in kept.commands, within_s=AWAY_PAUSE_S + 2 * IDLE_S)


async def test_a_quota_in_the_body__lowers_what_is_left() -> None:
    kept = told(40)
    mine = permits(kept)
    await gone(mine)
    ticket = mine.sent(time.monotonic())
    mine.lowered(ticket, 3)
    await until(lambda: bool(kept.seen))
    assert kept.seen[0].left == 3
    assert mine.held <= 3


async def test_a_quota_in_the_body_of_a_reply_of_the_day_before__takes_nothing_from_the_new_one() -> None:
    kept = told(40)
    mine = permits(kept)
    await gone(mine)
    ticket = mine.sent(time.monotonic())
    kept.known |= {"window": 2, "left": 40}
    await asyncio.sleep(FRESH_S)
    mine.waiting += 4
    await gone(mine)
    held = mine.held
    assert held > 0
    mine.lowered(ticket, 0)
    await asyncio.sleep(0.05)
    assert (mine.held, kept.seen) == (held, [])
