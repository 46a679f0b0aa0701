"""How long to wait before the next request to a host, from what its replies say. Pure: the time is given. Seconds throughout.

Headers are read in `monitor.crawl.told`; what several processes share of a limit is in `monitor.crawl.permits`.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.crawl.told import LONGEST_WAIT_S, asked_wait_s, calls_left, told_in

__all__ = ["FIRST_BACKOFF_S", "LONGEST_ALONE_S", "LONGEST_WAIT_S", "Pace", "asked_wait_s", "calls_left"]

FIRST_BACKOFF_S = 2.0
LONGEST_ALONE_S = 5.0
_LOOK_AGAIN_S = 0.02  # how soon a request looks whether the one before it was answered
_LONGEST_REPLY_S = 45.0  # Scrapy gives up then
_LIMITED = frozenset({420, 425, 429, 503})


@dataclass(slots=True)
class Pace:
    """When one host may be asked next. Times are seconds of a monotonic clock, given by the caller.

    `spacing_s` is kept between two requests; a refusal moves `not_before`, by the headers or, where they say nothing, by
    full-jitter exponential back-off.

    A host that tells how many requests are left gets no more than these, those under way counted. While that is not known (at
    first, in a new window, after a refusal) one request goes alone, and with each good answer one more may be under way; a host
    that refuses without a word about what is left is asked one by one from then on. An answer that does not come holds up the
    others for `LONGEST_ALONE_S` only.
    """

    spacing_s: float
    draw: random.Random = field(default_factory=random.Random)
    next_at: float = 0.0
    not_before: float = 0.0
    refusals: int = 0
    under_way: int = 0
    side_by_side: int = 1
    one_by_one: bool = False
    unknown_since: float = -math.inf
    told: int | None = None
    told_until: float = 0.0
    alone_until: float = 0.0

    def wait_s(self, at: float) -> float:
        """Seconds until the next request may go out; for one that waits for another's answer, until it looks again."""
        if self.told is not None and at >= self.told_until:
            self._know_nothing(at)
        wait = max(0.0, self.next_at - at, self.not_before - at)
        if self.told is not None:
            if self.told > self.under_way:
                return wait
            return max(wait, _LOOK_AGAIN_S if self.told > 0 else self.told_until - at)
        if self.under_way >= self.side_by_side and at < self.alone_until:
            return max(wait, _LOOK_AGAIN_S)
        return wait

    def crowded(self, at: float, *, most: int) -> bool:
        """Whether so many are under way that one more would only queue behind them; lost ones do not count for ever."""
        return self.under_way >= most and at < self.alone_until + _LONGEST_REPLY_S

    def kept_away_s(self, at: float) -> float:
        """The part of `wait_s` that is the host's own word: it refused, or says that nothing is left until then."""
        until = max(self.not_before, self.told_until) if self.told == 0 else self.not_before
        return max(0.0, until - at)

    def sent(self, at: float) -> None:
        """Note that a request goes out now."""
        self.next_at = max(at, self.next_at) + self.spacing_s
        self.under_way += 1
        self.alone_until = at + LONGEST_ALONE_S

    def lost(self) -> None:
        """Note that a request had no reply; whether the host counted it, nobody knows."""
        self.under_way -= 1
        self._one_less()

    def answered(
        self, status: int, headers: Mapping[str, str], *, at: float, now: datetime, sent_at: float | None = None
    ) -> float | None:
        """Learn from the reply to a request of `sent_at`; returns the wait that a refusal asks for, None when it was none."""
        self.under_way -= 1
        asked, left, told = asked_wait_s(headers, now=now), calls_left(headers), told_in(headers, now=now)
        of_this_window = sent_at is None or sent_at >= self.unknown_since
        if status in _LIMITED or (status == 403 and "retry-after" in headers):
            self.refusals += 1
            self.one_by_one |= left is None and told is None
            self._know_nothing(at)
            wait = asked if asked is not None else self._backoff_s()
            self.not_before = max(self.not_before, at + wait)
            return wait
        if not of_this_window:
            return None
        self.refusals = 0
        self.side_by_side += not self.one_by_one
        if told is not None and (left is None or told.left <= left):
            left, asked = told.left, min(told.reset_s, LONGEST_WAIT_S)
        if left is None:
            self._one_less()
        elif asked is not None and (self.told is None or left <= self.told):
            # Replies overtake each other, so the lowest number told of a window is the newest; a host may also count its
            # searches apart: the lowest number holds until its own reset.
            self.told, self.told_until = left, at + asked
        return None

    def _one_less(self) -> None:
        if self.told:
            self.told -= 1

    def _know_nothing(self, at: float) -> None:
        self.told, self.side_by_side, self.unknown_since = None, 1, at

    def hold(self, wait_s: float, *, at: float) -> None:
        """Keep still for `wait_s` seconds, however long: a platform's own word for it, such as a quota that is used up."""
        self.not_before = max(self.not_before, at + wait_s)

    def _backoff_s(self) -> float:
        longest = min(LONGEST_WAIT_S, FIRST_BACKOFF_S * 2.0 ** min(self.refusals, 12))
        return float(self.draw.uniform(FIRST_BACKOFF_S / 2, longest))
