"""Tickets: under what each request was sent that counts against a shared budget, and what its reply shows of that."""

from collections import Counter
from dataclasses import dataclass, field, replace

from monitor.crawl.told import Told
from monitor.store.budget_change import Seen

COARSE_S = 1.0  # what a reset in whole seconds may leave out


@dataclass(frozen=True, slots=True)
class Ticket:
    """Under what a request was sent: the window, and whether it went alone."""

    window: int
    alone: bool
    units: int

    def seen(self, *, told: Told | None, wait_s: float | None, good: bool) -> Seen:
        """What the reply shows; `wait_s`: of one that refuses."""
        seen = Seen(
            good=good,
            window=self.window,
            alone=self.alone,
            left=None if told is None else told.left,
            reset_s=None if told is None else told.reset_s + (COARSE_S if told.coarse else 0.0),
            limit=None if told is None else told.limit,
            window_s=None if told is None else told.window_s,
            wait_s=wait_s,
        )
        if wait_s is not None and seen.left == 0:  # what is used up comes back with the window, and not before
            return replace(seen, wait_s=max(wait_s, seen.reset_s or 0.0))
        return seen


@dataclass(slots=True)
class UnderWay:
    """Units of requests that are not answered, by window. One that outlasts its window may be counted by the platform in the next."""

    _units: Counter[int] = field(default_factory=Counter)

    def sent(self, ticket: Ticket) -> None:
        self._units[ticket.window] += ticket.units

    def answered(self, ticket: Ticket) -> None:
        """Note that one was answered, or lost, within its window."""
        self._units[ticket.window] = max(0, self._units[ticket.window] - ticket.units)

    def outlasting(self, window: int, *, most: int) -> int:
        """Units of older windows that are to be taken for counted in this one, told once."""
        taken = 0
        for older in [each for each in self._units if each < window]:
            part = min(self._units[older], most - taken)
            taken += part
            self._units[older] -= part
            if self._units[older] == 0:
                del self._units[older]
        return taken


class Lowest:
    """The least that replies of one window told is left, until MongoDB is told of it."""

    def __init__(self) -> None:
        self._noted: tuple[Seen, float] | None = None

    def note(self, seen: Seen, *, at: float) -> None:
        if self._noted is None or (seen.left or 0) < (self._noted[0].left or 0):
            self._noted = seen, at

    def taken(self, at: float) -> Seen | None:
        """What was noted, as it is told now; once."""
        noted, self._noted = self._noted, None
        return None if noted is None else aged(noted[0], at - noted[1])


def aged(seen: Seen, by_s: float) -> Seen:
    """The same, told so much later."""
    return replace(
        seen,
        reset_s=None if seen.reset_s is None else max(0.0, seen.reset_s - by_s),
        wait_s=None if seen.wait_s is None else max(0.0, seen.wait_s - by_s),
    )
