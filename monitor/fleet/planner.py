"""The planner: keeps as many shifts queued or running, by platform and credential, as what is due asks for.

Any number may run; the one that has the turn acts, by the server's clock. A round reads and counts anew, and keeps nothing from the one
before it: a planner that dies, or none for a while, only delays shifts.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from monitor.errors import RetryLater
from monitor.fleet.demand import MOST, UNKNOWN_S, Crowd, Slot, joined, slots_wanted
from monitor.source import Source
from monitor.store.plans import Due, Ended, Plans, Shift

logger = logging.getLogger(__name__)

ROUND_S = 3.0
# Three rounds: another planner takes over that soon after one was killed.
TURN_S = 3 * ROUND_S
# What comes up within this time counts: until then a shift that is queued now has begun.
AHEAD_S = 10.0
# Shifts that end at once, or that nodes gave up on, begin again after a pause that doubles from FIRST_PAUSE_S to LONGEST_PAUSE_S.
LOOK_BACK_S = 900.0
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0
SHORT = 0.25  # of the length of a shift


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a person decides. `shift`: its length as spiders read it, with `shift_s` the same in seconds; `walks`: polls at once in a
    shift; `most`: shifts at a time for one credential; `disabled`: platforms that are left alone."""

    shift: str = "10m"
    shift_s: float = 600.0
    walks: int = 16
    most: int = MOST
    disabled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round did. `acted` False: another planner has the turn, and nothing was looked at."""

    acted: bool
    sources: int = 0
    due: int = 0
    wanted: int = 0
    queued: int = 0
    withdrawn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """`label` names the credential of a source; `live` tells whether a source is a stream that is listened to."""

    plans: Plans
    rules: Rules
    owner: str
    label: Callable[[Source], str]
    live: Callable[[Source], bool] = field(default=lambda _source: False)
    turn_s: float = TURN_S

    async def round(self) -> Round:
        """Look once and act on it. Raises StoreUnavailableError; the next round does what this one did not."""
        if not await self.plans.take_turn(owner=self.owner, lease_s=self.turn_s):
            return Round(acted=False)
        return await self.plan()

    async def plan(self) -> Round:
        """A round without asking whose turn it is: two at once do no harm."""
        crowds = joined([self._crowd(due) for due in await self.plans.due(ahead_s=AHEAD_S)])
        served = [crowd for crowd in crowds if crowd.platform not in self.rules.disabled]
        wanted = [slot for crowd in served for slot in slots_wanted(crowd, walks=self.rules.walks, most=self.rules.most)]
        there = await self.plans.live()
        missing = [slot for slot in wanted if slot.name not in there]
        ended = await self.plans.ended({slot.name for slot in missing}, within_s=LOOK_BACK_S) if missing else {}
        queued = await self.plans.queue(self._shift(slot, ended) for slot in missing)
        withdrawn = await self.plans.withdraw(_surplus(there, wanted, served), reason="not needed any more")
        return Round(
            acted=True,
            sources=sum(crowd.sources for crowd in crowds),
            due=sum(crowd.due for crowd in crowds),
            wanted=len(wanted),
            queued=queued,
            withdrawn=withdrawn,
        )

    async def follow(self, *, told: Callable[[Round], None], every_s: float = ROUND_S) -> None:
        """Round after round until cancelled; a MongoDB that is away is waited for. Gives the turn back at its end."""
        try:
            while True:
                try:
                    told(await self.round())
                except RetryLater as error:
                    logger.warning("event=round_failed reason=%s", error)
                await asyncio.sleep(every_s)
        finally:
            with suppress(RetryLater):
                await self.plans.give_turn_back(owner=self.owner)

    def _crowd(self, due: Due) -> Crowd:
        live = due.sources if self.live(due.like) else 0
        return Crowd(
            platform=due.like.platform,
            credential=self.label(due.like),
            sources=due.sources,
            due=due.due,
            soon=due.soon,
            held=due.held,
            live=live,
            polls_per_s=0.0 if live else due.polls_per_s + due.unknown / UNKNOWN_S,
        )

    def _shift(self, slot: Slot, ended: Mapping[str, list[Ended]]) -> Shift:
        return Shift(
            slot=slot.name,
            platform=slot.platform,
            arguments={"shift": self.rules.shift},
            priority=slot.priority,
            wait_s=pause_s(ended.get(slot.name, ()), shift_s=self.rules.shift_s),
        )


def pause_s(ended: Collection[Ended], *, shift_s: float) -> float:
    """How long a slot stays empty whose last shifts, the last first, came to nothing: one after the other, up to the first good one."""
    failed = 0
    for each in ended:
        if not each.dead and each.lasted_s is not None and each.lasted_s >= SHORT * shift_s:
            break
        failed += 1
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (failed - 1)) if failed else 0.0


def _surplus(there: Mapping[str, str], wanted: Collection[Slot], crowds: Collection[Crowd]) -> set[str]:
    """Slots that wait though nobody wants them: their platform or credential has nothing to poll any more.

    Those that were wanted a moment ago stay: what is due comes and goes, and a shift that finds nothing due waits for it.
    """
    names = {slot.name for slot in wanted}
    alive = {(crowd.platform, crowd.credential) for crowd in crowds}
    gone = {name for name, state in there.items() if state == "pending" and name not in names}
    return {name for name in gone if tuple(name.rpartition("/")[0].split("/", 1)) not in alive}
