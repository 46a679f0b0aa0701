"""How fast a source brings new posts, as its polls show, and how long to wait for about a page of them. Pure.

The rate is smoothed by time and not by poll, so that it means the same at any interval: an observation over `d` seconds counts
1 - exp(-d / MEMORY_S). It rises at once to half of a faster observation, since a burst waits for nobody, and falls by the rule.
"""

from dataclasses import dataclass
from math import exp

MEMORY_S = 6 * 3600.0
QUICK = 0.5  # how much an observation counts at least that is faster than what was known
FLOOR_S = 60.0  # nobody is asked more often, however much it brings
CEILING_S = 3600.0  # how long a silent source may wait while nobody says how fresh its posts have to be
JITTER = 0.1
FULL = 0.8  # of a page: the rest is for what the rate does not foresee
FULL_WHOLE = 0.5  # of a list without pages, such as a feed: what has rolled off is lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What the polls of one source showed: new posts in an hour and in one call, calls in one poll. `rows` in its last page, where
    there are no others: None where it has pages. `interval_s`: what the last poll made of it."""

    per_hour: float
    per_call: float
    calls: float = 1.0
    rows: int | None = None
    interval_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one poll brought: new posts, calls, and the seconds since the poll before it."""

    new: int
    calls: int
    elapsed_s: float
    rows: int | None = None


def smoothed(known: Rate | None, polled: Polled) -> Rate:
    """The rate after another poll."""
    per_hour = 3600 * polled.new / max(1.0, polled.elapsed_s)
    calls = max(1, polled.calls)
    if known is None:
        return Rate(per_hour=per_hour, per_call=polled.new / calls, calls=calls, rows=polled.rows)
    weight = 1 - exp(-polled.elapsed_s / MEMORY_S)
    if per_hour > known.per_hour:
        weight = max(weight, QUICK)
    return Rate(
        per_hour=known.per_hour + weight * (per_hour - known.per_hour),
        per_call=known.per_call + weight * (polled.new / calls - known.per_call),
        calls=known.calls + weight * (calls - known.calls),
        rows=known.rows if polled.rows is None else polled.rows,  # an unchanged feed shows none
        interval_s=known.interval_s,
    )


def wanted_s(rate: Rate, *, page_size: int, every_s: float | None = None, floor_s: float = FLOOR_S) -> float:
    """Seconds until about a page of new posts is there, between floor and ceiling, and never longer than `every_s`.

    `every_s`: the smallest of the source's topics. Of a source without pages (`rate.rows`) half of what it shows may be new.
    """
    room = page_size * FULL if rate.rows is None else rate.rows * FULL_WHOLE
    due_s = 3600 * max(1.0, room) / rate.per_hour if rate.per_hour > 0 else CEILING_S
    ceiling_s = min(CEILING_S, every_s) if every_s is not None else CEILING_S
    return min(max(due_s, floor_s), ceiling_s)


def jittered(interval_s: float, draw: float, *, every_s: float | None = None) -> float:
    """The interval, up to JITTER shorter or longer by `draw` (0 to 1), so that sources do not stay in step; `every_s` still holds."""
    moved = interval_s * (1 - JITTER + 2 * JITTER * draw)
    return moved if every_s is None else min(moved, max(every_s, interval_s))
