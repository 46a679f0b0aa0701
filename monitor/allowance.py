"""What a day allows in calls, shared by the sources that one credential polls. Pure.

While all get what they want inside the allowance, nothing changes. Else intervals are stretched so that the posts of all together
are as fresh as the calls allow: the mean age of a new post is half its source's interval, so the sum over sources of rate times
interval is made as small as it can be for the sum of calls, which gives intervals that go by the square root of calls over rate
(Lagrange). Busy sources get more calls, none is left out, and none goes beyond what its topics ask for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

DAY_S = 86_400.0
SHARE = 0.9  # of the allowance: the rest is for pages beyond the first, for retries, and for jitter
SLOWEST_S = DAY_S  # how long a source waits at most while nobody says how fresh its posts have to be
_LEAST_PER_HOUR = 0.05  # a silent source counts as one post in twenty hours
_STEPS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One source: what it brings in an hour, what a poll of it costs, the interval it wants, and the longest its topics allow."""

    per_hour: float
    calls: float
    wanted_s: float
    every_s: float | None = None

    @property
    def longest_s(self) -> float:
        """Never shorter than what it wants."""
        return max(self.wanted_s, SLOWEST_S if self.every_s is None else self.every_s)


def shared(shares: Sequence[Share], *, calls_per_day: float) -> list[float]:
    """The interval of each source, so that all calls of a day stay inside the allowance.

    Where even the longest intervals need more, they are stretched alike: the allowance cannot be argued with.
    """
    usable = SHARE * calls_per_day
    wanted = [share.wanted_s for share in shares]
    if _calls(shares, wanted) <= usable:
        return wanted
    longest = [share.longest_s for share in shares]
    least = _calls(shares, longest)
    if least >= usable:
        return [interval_s * least / usable for interval_s in longest]
    # What a source would get without its bounds is the price of a call times its factor.
    factors = [sqrt(share.calls / max(share.per_hour, _LEAST_PER_HOUR)) for share in shares]
    bounds = list(zip(factors, wanted, longest, strict=True))
    low, high = 0.0, max(most / factor for factor, _, most in bounds)  # at the high end everybody takes the longest
    for _ in range(_STEPS):
        price = (low + high) / 2
        if _calls(shares, _at(price, bounds)) > usable:
            low = price
        else:
            high = price
    return _at(high, bounds)


def _at(price: float, bounds: Sequence[tuple[float, float, float]]) -> list[float]:
    return [min(max(price * factor, least), most) for factor, least, most in bounds]


def _calls(shares: Sequence[Share], intervals: Sequence[float]) -> float:
    return sum(DAY_S * share.calls / interval_s for share, interval_s in zip(shares, intervals, strict=True))
