"""Filling holes of a ledger: which can still be asked for, as gaps of a bookmark, and at about how many calls. Pure.

What is opened here is read by the walks of later polls like any other gap (`monitor.advance`), newest posts first, and let go
when its calls are used up; what is left then is a hole again, which the next back-fill finds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil

from monitor.advance import MOST_GAPS, Move
from monitor.analysis.coverage import REMOVED, Hole
from monitor.bookmark import Bookmark, Gap, Interval, Mark, order
from monitor.errors import PostError
from monitor.heads import floor_of
from monitor.paging import Rules

TO_BE_FILLED = "is to be filled"
BEING_READ = "is being read already"
NEXT_POLL = "is read by the next poll"
NOT_REACHED = "the calls do not reach this far"
_HOUR, _INSTANT = timedelta(hours=1), timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How busy a source is, as far as is known, and how many posts a page holds."""

    posts_per_hour: float | None
    page_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A hole, or a part of one: `gap` is what has to be opened for it, `calls` what that costs at most, as estimated.

    gap None: it cannot be filled, or need not be; `reason` says why.
    """

    hole: Hole
    gap: Gap | None = None
    calls: int = 0
    reason: str | None = None


def fills(bookmark: Bookmark, holes: Sequence[Hole], *, rules: Rules, pace: Pace, now: datetime) -> tuple[Fill, ...]:
    """What can be done about each hole of one source, newest first. What was removed on purpose is not filled."""
    removed = tuple(Fill(hole=hole, reason=hole.reason) for hole in holes if hole.state == REMOVED)
    return (*_fills(bookmark, [hole for hole in holes if hole.state != REMOVED], rules, pace, now), *removed)


def _fills(bookmark: Bookmark, holes: Sequence[Hole], rules: Rules, pace: Pace, now: datetime) -> tuple[Fill, ...]:
    if rules.order == "whole":
        return tuple(Fill(hole=hole, reason="the platform shows only what is newest here") for hole in _newest_first(holes))
    floor = floor_of(bookmark, rules.overlap)
    if floor is None or bookmark.asked_at is None or bookmark.start is None:
        return tuple(Fill(hole=hole, reason="its first poll comes first") for hole in _newest_first(holes))
    planned = _Planned(bookmark, bookmark.start, rules, pace, now)
    # Above it every walk from the newest post down reads again.
    ceiling = min(rules.marked_at(floor) or bookmark.asked_at - rules.overlap, bookmark.asked_at - rules.overlap)
    made: list[Fill] = []
    for hole in _newest_first(holes):
        for part, reason in _parts(hole, bookmark, rules, ceiling, now):
            pieces = planned.divided(part) if reason is None else ()
            made += [planned.fill(piece) for piece in pieces] or [Fill(hole=part, reason=reason)]
    return tuple(made)


def opened(bookmark: Bookmark, made: Iterable[Fill], *, now: datetime) -> Move:
    """The bookmark with the gaps of these besides its own, one version later, and the ledger's word that they are to be filled."""
    asked = [fill for fill in made if fill.gap is not None]
    gaps = (*bookmark.gaps, *(fill.gap for fill in asked if fill.gap is not None))
    together = tuple(sorted(gaps, key=lambda gap: order(gap.top), reverse=True))
    intervals = tuple(
        Interval(from_at=fill.hole.from_at, to_at=fill.hole.to_at, state="limited", reason=TO_BE_FILLED, asked_at=now)
        for fill in asked
    )
    return Move(
        bookmark=replace(bookmark, gaps=together, version=bookmark.version + 1), intervals=intervals, progress=bool(asked)
    )


def budgeted(made: Sequence[Fill], calls: int) -> tuple[Fill, ...]:
    """The same with the calls shared out: as many as each needs, newest first, and what is left over evenly.

    Together the gaps have no more than `calls`; those that got none are not opened.
    """
    left = calls
    shares: dict[int, int] = {}
    for place in sorted(
        (place for place, fill in enumerate(made) if fill.gap), key=lambda place: made[place].hole.to_at, reverse=True
    ):
        if share := min(made[place].calls, left):
            shares[place] = share
            left -= share
    for number, place in enumerate(shares):
        shares[place] += left // len(shares) + (number < left % len(shares))
    told: list[Fill] = []
    for place, fill in enumerate(made):
        if fill.gap is None:
            told.append(fill)
        elif place in shares:
            told.append(replace(fill, gap=replace(fill.gap, calls=shares[place])))
        else:
            told.append(replace(fill, gap=None, reason=NOT_REACHED))
    return tuple(told)


def mark_at(moment: datetime, *, like: Mark, marked_at: Callable[[Mark], datetime | None]) -> Mark | None:
    """The lowest mark of the kind of `like` that tells `moment` or a later time; None where marks cannot be counted through."""
    if isinstance(like, str) and not like.isdecimal():
        return None
    known = int(like)

    def mark(number: int) -> Mark:
        return str(number) if isinstance(like, str) else number

    def late(number: int) -> bool:
        at = _time_of(mark(number), marked_at)
        return number > known if at is None else at >= moment  # numbers that tell no time lie before or beyond all that do

    low, high = -1, 2 * known + 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if late(middle) else (middle, high)
    at = _time_of(mark(high), marked_at)
    return None if at is None or at < moment else mark(high)


def _time_of(mark: Mark, marked_at: Callable[[Mark], datetime | None]) -> datetime | None:
    try:
        return marked_at(mark)
    except (PostError, OverflowError, ValueError):
        return None


class _Planned:
    """Makes gaps for one source, disjoint from those that there are, and from each other since holes are."""

    def __init__(self, bookmark: Bookmark, start: Mark, rules: Rules, pace: Pace, now: datetime) -> None:
        self._bookmark = bookmark
        self._start = start
        self._rules = rules
        self._pace = pace
        self._now = now
        self._room = MOST_GAPS - len(bookmark.gaps)
        self._reaches_back = any(gap.floor is None for gap in bookmark.gaps)
        self._started = rules.marked_at(start) or bookmark.start_at

    def divided(self, hole: Hole) -> tuple[Hole, ...]:
        """The hole, cut where reading began: what lies below is read from there on."""
        at = self._started
        if at is None or not hole.from_at < at < hole.to_at:
            return (hole,)
        return replace(hole, from_at=at), replace(hole, to_at=at)

    def fill(self, hole: Hole) -> Fill:
        if self._room <= 0:
            return Fill(hole=hole, reason=f"{MOST_GAPS} gaps are open, which is the most")
        at = self._started
        below, reaches_it = at is not None and hole.from_at < at, at is not None and hole.to_at >= at - _INSTANT
        gap = None if below and reaches_it else self._between(hole)
        if gap is None and below and at is not None:
            if self._reaches_back:
                return Fill(hole=hole, reason="what lies above it is being read first")
            self._reaches_back = True
            gap = self._gap(self._start, None, at, hole.from_at)  # as `since` opens it
        if gap is None:
            return Fill(hole=hole, reason="its marks tell no time, so this stretch cannot be found")
        self._room -= 1
        return Fill(hole=hole, gap=gap, calls=self._calls(gap))

    def _between(self, hole: Hole) -> Gap | None:
        like = self._bookmark.heads[0].mark
        top, bottom = (mark_at(at, like=like, marked_at=self._rules.marked_at) for at in (hole.to_at, hole.from_at))
        if top is None or bottom is None or order(top) <= order(bottom):
            return None
        floor = int(bottom) - 1
        return self._gap(top, str(floor) if isinstance(bottom, str) else floor, hole.to_at, hole.from_at)

    def _gap(self, top: Mark, floor: Mark | None, top_at: datetime, floor_at: datetime) -> Gap:
        since = floor_at if floor is None else None
        return Gap(
            top=top,
            floor=floor,
            cursor=None,
            cursor_at=None,
            opened_at=self._now,
            since=since,
            top_at=top_at,
            floor_at=floor_at,
        )

    def _calls(self, gap: Gap) -> int:
        """A page to meet the other end, and the posts that are to be expected; where a walk begins at the top, those above, too."""
        if self._pace.posts_per_hour is None or gap.floor_at is None or gap.top_at is None:
            return 1
        length = (gap.top_at if self._rules.resumes_by_mark else self._now) - gap.floor_at
        return 1 + ceil(self._pace.posts_per_hour * (length / _HOUR) / self._pace.page_size)


def _newest_first(holes: Iterable[Hole]) -> list[Hole]:
    return sorted(holes, key=lambda hole: hole.to_at, reverse=True)


def _parts(hole: Hole, bookmark: Bookmark, rules: Rules, ceiling: datetime, now: datetime) -> list[tuple[Hole, str | None]]:
    """The hole cut into what can be filled and what cannot, with the reason; newest first."""
    edge = datetime.min.replace(tzinfo=UTC) if rules.window is None else now - rules.window
    cuts: list[tuple[datetime, datetime, str]] = [
        (max(ceiling, edge), datetime.max.replace(tzinfo=UTC), NEXT_POLL),
        (datetime.min.replace(tzinfo=UTC), edge, "lies beyond what the platform keeps reachable"),
    ]
    for gap in bookmark.gaps:
        begin = gap.floor_at or gap.since
        if begin is not None and gap.top_at is not None:
            cuts.append((begin, gap.top_at, BEING_READ))
    parts: list[tuple[Hole, str | None]] = [(hole, None)]
    for begin, end, reason in cuts:
        parts = [each for part in parts for each in _cut(part, begin, end, reason)]
    return sorted(parts, key=lambda part: part[0].to_at, reverse=True)


def _cut(part: tuple[Hole, str | None], begin: datetime, end: datetime, reason: str) -> list[tuple[Hole, str | None]]:
    hole, told = part
    begin, end = max(begin, hole.from_at), min(end, hole.to_at)
    if told is not None or begin >= end:
        return [part]
    pieces: list[tuple[Hole, str | None]] = [(replace(hole, from_at=begin, to_at=end), reason)]
    pieces += [(replace(hole, to_at=begin), None)] if hole.from_at < begin else []
    pieces += [(replace(hole, from_at=end), None)] if end < hole.to_at else []
    return pieces
