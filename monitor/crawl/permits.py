"""This process's part of one shared budget: permits it holds, what it knows of the limit, and when a request may go out.

Many requests may wait for one budget; one task at a time asks MongoDB for all of them. Where a limit is told, no permit is used on
knowledge older than FRESH_S, so that a refusal anywhere stops the others within that time; where nothing is told, requests go out
without a word to MongoDB as long as `monitor.crawl.purse`, which looks from time to time whether somebody was refused, did so within
FREE_FRESH_S. While MongoDB is away, what is held may be used, and no more of a limit that is told, or of one that was not looked at
yet; where nothing is told the pace of this process decides alone.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from monitor.crawl.ticket import Lowest, Ticket, UnderWay, aged
from monitor.crawl.told import Told
from monitor.errors import MonitorError, StoreUnavailableError
from monitor.store.budget_change import ALONE_S, Name, Seen
from monitor.store.budgets import Budget, Budgets

logger = logging.getLogger(__name__)

FRESH_S = 0.25  # how old the knowledge may be on which a permit is used
FREE_FRESH_S = 1.0  # the same where nothing is told; the purse of a crawl that asks often looks twice as often
LOOK_AGAIN_S = 0.02  # how soon a request looks whether it got its permit
GUARD_S = 0.5  # no permit is used so shortly before its window ends: it could arrive in the next one, where nobody counts it
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.03, 0.25  # between two looks for permits that are not there
AWAY_PAUSE_S = 1.0
IDLE_S = 1.0  # permits that nobody wanted for so long are given back
LONGEST_CLOSE_S = 3.0
TOLD_FOR_S = 90.0  # what the others must know is told for so long at least, and a refusal as long as it lasts


class Permits:
    """One budget as one process uses it. Times are seconds of the monotonic clock."""

    def __init__(self, name: Name, *, budgets: Callable[[], Awaitable[Budgets]], owner: str) -> None:
        self.name = name
        self.budget: Budget | None = None
        self.held = 0
        self.waiting = 0
        self.calls = 0  # that MongoDB was not told of yet
        self._budgets = budgets
        self._owner = owner
        self._alone_until = 0.0  # a permit to go alone is good for so long
        self._sent_at = self._got_at = self._used_at = 0.0  # of the last command: when it went out, when it was answered
        self.looked_at = 0.0  # when the purse last looked at what was noted of all budgets
        self._used = 0
        self._under_way = UnderWay()
        self._lowest = Lowest()
        self._next_ask, self._pause_s = 0.0, FIRST_PAUSE_S
        self._away = self._closing = False
        self._asking: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle: asyncio.TimerHandle | None = None
        self._news = asyncio.Event()

    # ---- what the middleware asks

    def wait_s(self, at: float, *, units: int = 1) -> float:
        """Seconds until a request of so many units may go out, 0 for now; asks for permits where there are none."""
        known = self.budget
        if known is None:
            return self._asked(at, units)
        if self._away:
            self._look(at, units)
        if (kept := self._kept_off_s(at)) > 0:
            return kept
        fresh = self._away or at - max(self._sent_at, self.looked_at) < FREE_FRESH_S
        if (self._free(at) and fresh) or self._goes_alone(at):
            return 0.0
        over = known.told and at >= self._later(known.reset_at)
        if self._held(at) >= units and not over and (self._away or at - self._sent_at < FRESH_S):
            return 0.0
        if self._away:  # of a limit nothing is used unasked: whether the others are cut off too, nobody knows
            return 0.0 if known.free else LONGEST_PAUSE_S
        return self._asked(at, units)

    async def news(self, within_s: float) -> None:
        """Return when something has changed, or after so long: what a request does that waits for its permit."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), within_s)

    def kept_away_s(self, at: float, *, units: int = 1) -> float:
        """The part of `wait_s` that is the platform's own word: it refused, or nothing is left until then."""
        known = self.budget
        if known is None:
            return 0.0
        empty = known.told and (known.left or 0) < units - self.held and not self._goes_alone(at)
        return max(self._kept_off_s(at), self._later(known.reset_at) - at if empty else 0.0)

    def aside(self, at: float) -> str | None:
        """Why the credential is not to be used now; None where it may be."""
        known = self.budget
        if known is None or known.aside_until is None or self._later(known.aside_until) <= at:
            return None
        return known.aside_reason or "it was refused"

    def left(self, at: float) -> float:
        """How many calls there may be: what is told, infinitely many where nothing is; below 0 where one has to wait."""
        known = self.budget
        if known is None or self._free(at):
            return float("inf")
        if known.told and at < self._later(known.reset_at):
            return float((known.left or 0) + self.held)
        return -1.0 if known.alone_until is not None and self._later(known.alone_until) > at else float("inf")

    def sent(self, at: float, *, units: int = 1) -> Ticket:
        """Note that a request goes out now."""
        ticket = Ticket(0 if self.budget is None else self.budget.window, self._goes_alone(at), units)
        if ticket.alone:
            self._alone_until = 0.0
        else:
            self.held = max(0, self.held - units)
        self._under_way.sent(ticket)
        self.calls += units
        self._used = self._used + units if at - self._used_at < 1.0 else units
        self._used_at = at
        self._watch_idle()
        return ticket

    def answered(self, ticket: Ticket, *, told: Told | None, wait_s: float | None, good: bool) -> None:
        """Learn from a reply: `wait_s` of one that refuses; a `good` one opens the window where nothing was known of it."""
        self._over(ticket)
        seen = ticket.seen(told=told, wait_s=wait_s, good=good)
        known = self.budget
        if ticket.alone or wait_s is not None or (good and told is not None and (known is None or known.free)):
            self._spawn(self._tell(seen))
        elif good and told is not None and known is not None and ticket.window == known.window:
            self._lowest.note(seen, at=time.monotonic())

    def lowered(self, ticket: Ticket, left: int) -> None:
        """Learn from the body of a reply how much is left of a quota whose end is known."""
        known = self.budget
        if known is not None and known.told and ticket.window == known.window:
            reset_s = max(0.0, self._later(known.reset_at) - time.monotonic())
            seen = Seen(good=True, window=ticket.window, left=left, reset_s=reset_s)
            if left < self.held + (known.left or 0):
                self.held = min(self.held, left)
                self._spawn(self._tell(seen))

    def lost(self, ticket: Ticket) -> None:
        """Note that a request had no reply; whether the platform counted it, nobody knows."""
        self._over(ticket)
        if ticket.alone:
            self._spawn(self._tell(Seen(good=False, window=ticket.window, alone=True)))

    def hold(self, wait_s: float) -> None:
        """Keep everybody away for a while: a platform's own word for it."""
        begun = time.monotonic()

        async def held(budgets: Budgets) -> None:
            if (left_s := wait_s - (time.monotonic() - begun)) > 0:
                await budgets.hold(self.name, left_s)

        self._spawn(self._insist(held, for_s=wait_s))

    # ---- what the purse does

    def apply(self, budget: Budget, *, sent_at: float, got_at: float) -> None:
        """Take over what MongoDB says, unless something newer is known; by its clock, which may be set back, or by the order here."""
        known = self.budget
        if known is not None and budget.at < known.at and sent_at < self._got_at:
            return
        if known is None or budget.window != known.window or (known.told and not budget.told):
            self.held, self._alone_until = 0, 0.0
            self._lowest = Lowest()
        self.budget, self._sent_at, self._got_at, self._away = budget, sent_at, got_at, False

    async def known(self) -> None:
        """Look at the budget once, where that was not done yet; a MongoDB that is away is no matter."""
        if self.budget is None and not self._away:
            try:
                await self._find(await self._budgets())
            except MonitorError:
                self._away = True

    async def set_aside(self, reason: str, *, for_s: float) -> None:
        """Tell all processes that the credential was refused."""
        try:
            budgets = await self._budgets()
            await budgets.set_aside(self.name, reason=reason, for_s=for_s)
            await self._find(budgets)
        except StoreUnavailableError as error:
            logger.warning("event=budget_not_told budget=%s reason=%s", self.name.id, error)

    async def close(self) -> None:
        """Finish what is to be told, and give back what is held."""
        self._closing = True
        if self._idle is not None:
            self._idle.cancel()
        open_ends = {*self._tasks, *([] if self._asking is None else [self._asking])}
        if open_ends:
            _, untold = await asyncio.wait(open_ends, timeout=LONGEST_CLOSE_S)
            if untold:
                logger.warning("event=budget_not_told budget=%s reason=MongoDB does not answer.", self.name.id)
        await self._give_back()

    # ---- asking

    def _asked(self, at: float, units: int) -> float:
        """See to it that somebody asks; returns how soon it is worth looking again without news."""
        self._look(at, units)
        busy = self._asking is not None and not self._asking.done()
        return LONGEST_PAUSE_S if busy else max(LOOK_AGAIN_S, self._next_ask - at)

    def _look(self, at: float, units: int) -> None:
        if (self._asking is None or self._asking.done()) and at >= self._next_ask:
            self._asking = asyncio.ensure_future(self._ask(units))

    async def _ask(self, units: int) -> None:
        """One command for all that wait: a look where somebody else has to be waited for, else a taking."""
        try:
            budgets = await self._budgets()
            known = self.budget
            if known is None or self._stale_only(units) or self._blocked(units) or self._free(time.monotonic()):
                await self._find(budgets)
            if self.budget is None or not (self._stale_only(units) or self._blocked(units) or self._free(time.monotonic())):
                await self._take(budgets, units)
            if self._blocked(units):
                self._pause()
            else:
                self._pause_s, self._next_ask = FIRST_PAUSE_S, 0.0
        except StoreUnavailableError as error:
            self._gone(error)
        except Exception:  # whatever it is, the next look may succeed
            logger.exception("event=permits_broken budget=%s", self.name.id)
            self._next_ask = time.monotonic() + AWAY_PAUSE_S
        finally:
            self._tell_waiting()

    async def _find(self, budgets: Budgets) -> None:
        sent_at = time.monotonic()
        if (found := await budgets.find(self.name.id)) is not None:
            self.apply(found, sent_at=sent_at, got_at=time.monotonic())

    async def _take(self, budgets: Budgets, units: int) -> None:
        sent_at, calls = time.monotonic(), self.calls
        want = max(units, self.waiting + self._used // 2)
        budget = await budgets.take(
            self.name,
            owner=self._owner,
            want=want,
            need=max(1, units - self.held),
            calls=calls,
            lowest=self._lowest.taken(sent_at),
        )
        self.calls -= calls
        self.apply(budget, sent_at=sent_at, got_at=time.monotonic())
        if self.budget is not None and budget.window == self.budget.window:
            if budget.went_alone:
                self._alone_until = sent_at + ALONE_S / 2
            else:
                outlasting = self._under_way.outlasting(budget.window, most=budget.granted)
                self.held += budget.granted - outlasting
        self._watch_idle()

    async def _tell(self, seen: Seen) -> None:
        calls, self.calls = self.calls, 0
        begun = time.monotonic()

        async def told(budgets: Budgets) -> None:
            sent_at = time.monotonic()
            budget = await budgets.tell(self.name, aged(seen, sent_at - begun), owner=self._owner, calls=calls)
            self.apply(budget, sent_at=sent_at, got_at=time.monotonic())
            self._pause_s, self._next_ask = FIRST_PAUSE_S, 0.0
            self._tell_waiting()

        if seen.alone and seen.good and seen.left is None and seen.wait_s is None and self.budget is not None:
            # Nobody else has to be waited for: where nothing was ever told, nothing is counted.
            self.budget = replace(self.budget, free=self.budget.free or self.budget.limit is None)
        await self._insist(told, for_s=max(seen.wait_s or 0.0, seen.reset_s or 0.0))

    async def _insist(self, act: Callable[[Budgets], Awaitable[None]], *, for_s: float) -> None:
        """Tell it as soon as MongoDB is there; what is over by then, nobody needs to know."""
        until = time.monotonic() + max(for_s, TOLD_FOR_S)
        reason: MonitorError
        while True:
            try:
                return await act(await self._budgets())
            except StoreUnavailableError as error:
                self._gone(error)
                over, reason = self._closing or time.monotonic() >= until, error
            except MonitorError as error:
                over, reason = True, error
            if over:
                logger.warning("event=budget_not_told budget=%s reason=%s", self.name.id, reason)
                return None
            await asyncio.sleep(AWAY_PAUSE_S)

    def _gone(self, error: StoreUnavailableError) -> None:
        if not self._away:
            logger.warning("event=budget_away budget=%s: this process keeps its pace alone; reason=%s", self.name.id, error)
        self._away, self._next_ask = True, time.monotonic() + AWAY_PAUSE_S

    def _tell_waiting(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _pause(self) -> None:
        self._next_ask = time.monotonic() + self._pause_s
        self._pause_s = min(self._pause_s * 1.5, LONGEST_PAUSE_S)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- giving back

    def _watch_idle(self) -> None:
        if self.held and self._idle is None:
            self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._if_idle)

    def _if_idle(self) -> None:
        self._idle = None
        if self.held and not self.waiting and time.monotonic() - self._used_at >= IDLE_S:
            self._spawn(self._give_back())
        else:
            self._watch_idle()

    async def _give_back(self) -> None:
        if not self.held:
            return
        try:
            budgets = await self._budgets()
            if self._away:  # what is held is good until MongoDB is back
                await self._find(budgets)
            permits, self.held = self.held, 0
            if self.budget is not None:
                await budgets.give_back(self.name.id, window=self.budget.window, permits=permits)
        except StoreUnavailableError as error:
            self._gone(error)
        except MonitorError as error:
            logger.info("event=permits_kept budget=%s reason=%s", self.name.id, error)
        if not self._closing:
            self._watch_idle()

    # ---- what is known

    def _free(self, at: float) -> bool:
        known = self.budget
        if known is None or not known.free or known.aside_until is not None:
            return False
        return known.one_by_one_until is None or self._later(known.one_by_one_until) <= at

    def _goes_alone(self, at: float) -> bool:
        return at < self._alone_until

    def _kept_off_s(self, at: float) -> float:
        known = self.budget
        assert known is not None  # looked at before
        return max(self._later(known.not_before) - at, self._later(known.aside_until) - at, 0.0)

    def _held(self, at: float) -> int:
        """Permits that may still be used: those of a window that is about to end may not."""
        known = self.budget
        if known is None or known.reset_at is None or not known.told:
            return 0
        return self.held if at < self._sent_at + known.seconds_to(known.reset_at) - GUARD_S else 0

    def _stale_only(self, units: int) -> bool:
        """Whether there are permits enough, and only their freshness is in question."""
        at = time.monotonic()
        return self._held(at) >= units and at - self._sent_at >= FRESH_S

    def _blocked(self, units: int) -> bool:
        """Whether a taking would give nothing, as far as is known."""
        at, known = time.monotonic(), self.budget
        if known is None:
            return False
        if self._kept_off_s(at) > 0:
            return True
        if known.told:
            return at < self._later(known.reset_at) and (known.left or 0) < units - self.held
        return known.alone_until is not None and self._later(known.alone_until) > at

    def _over(self, ticket: Ticket) -> None:
        """A request is not under way any more; one that outlasted its window still takes a call of the next one."""
        at, known = time.monotonic(), self.budget
        if known is None or known.free:
            within = True
        elif self.name.quota is None and self._kept_off_s(at) > 0:
            within = True  # while all keep still, no window is opened that could lack it
        else:
            within = ticket.window == known.window and not (known.told and at >= self._later(known.reset_at))
        if within:
            self._under_way.answered(ticket)

    def _later(self, moment: Any) -> float:
        """A moment of the server's clock on ours, rather late than early."""
        return 0.0 if moment is None or self.budget is None else self._got_at + (moment - self.budget.at).total_seconds()
