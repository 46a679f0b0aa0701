"""How many posts there were, from those that two ways of reading showed and those that both did.

Seen by both, missed by both: if the two ways miss posts independently of each other, the share of one way's posts that the other
saw too tells how much the other sees at all. Where they do not, the figure is wrong in a known direction; see `Recapture`.
"""

from dataclasses import dataclass
from math import exp, sqrt

from monitor.analysis.interval import Interval, Z

FEWEST_SEEN_TWICE = 7
ASSUMPTION = (
    "This holds if each way misses posts independently of the other, and if both could show the same posts. What neither could show "
    "is not in it; where both tend to miss the same posts it is too low, where one shows just what the other leaves out, too high."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recapture:
    """`both` of the posts were seen by the first way and the second; `seen` by either.

    `posts`: how many there were, with its 95 % interval; None where fewer than seven were seen twice, which says too little.
    Ways that miss the same posts (both were down at one time, both leave out one server) make it too low: of that it knows nothing.
    """

    first: int
    second: int
    both: int
    posts: float | None
    interval: Interval | None

    @property
    def seen(self) -> int:
        return self.first + self.second - self.both


def recapture(first: int, second: int, both: int) -> Recapture:
    """Posts seen by each of two ways, `both` of them by the two. Raises ValueError for counts that cannot be.

    Source: Chapman 1951, University of California Publications in Statistics 1; unbiased for seven and more seen twice (Robson and
    Regier 1964). Interval: Sadinle 2009, Communications in Statistics 38 (transformed logit), which stays above what was seen.
    """
    if not 0 <= both <= min(first, second):
        raise ValueError(f"{both} posts cannot be among {first} and among {second}")
    if both < FEWEST_SEEN_TWICE:
        return Recapture(first=first, second=second, both=both, posts=None, interval=None)
    posts = (first + 1) * (second + 1) / (both + 1) - 1
    only_first, only_second, twice = first - both + 0.5, second - both + 0.5, both + 0.5
    missed = only_first * only_second / twice
    spread = exp(Z * sqrt(1 / only_first + 1 / only_second + 1 / twice + 1 / missed))
    seen = first + second - both
    # Where one way saw next to nothing of its own the two sources differ by a few posts; what was seen is never taken off.
    interval = Interval(low=max(seen, min(posts, seen - 0.5 + missed / spread)), high=max(posts, seen - 0.5 + missed * spread))
    return Recapture(first=first, second=second, both=both, posts=posts, interval=interval)
