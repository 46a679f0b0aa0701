"""Tickets: under what each request was sent that counts against a shared budget, and what its reply shows of that."""

from dataclasses import dataclass, replace

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


def aged(seen: Seen, by_s: float) -> Seen:
    """The same, told so much later."""
    return replace(
        seen,
        reset_s=None if seen.reset_s is None else max(0.0, seen.reset_s - by_s),
        wait_s=None if seen.wait_s is None else max(0.0, seen.wait_s - by_s),
    )
