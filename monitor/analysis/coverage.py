"""Coverage: which part of a time was read, by source, by platform and for a scope as a whole.

It rests on what was asked and answered, and says nothing of posts that a platform never showed: coverage is no recall
(docs/coverage.md). What is said of a moment counts for all of it: a stretch is covered or it is not.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from monitor.analysis.bucket import HOUR, Period

COVERED = "covered"
NEVER_ASKED = "never asked"
REMOVED = "removed"  # on purpose, by age: `monitor.store.horizon`
# In the order in which they are told; others, of later releases or of imports, follow by name.
STATES = (COVERED, "capped", "limited", "failed", REMOVED, NEVER_ASKED)
_NOTHING = timedelta(0)


class Told(Protocol):
    """What a ledger says of [from_at, to_at): one state all along. `monitor.store.ledger.Stretch` is one."""

    @property
    def from_at(self) -> datetime: ...
    @property
    def to_at(self) -> datetime: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A stretch that is not covered, and why not; as long as it lasts in one state for one reason."""

    from_at: datetime
    to_at: datetime
    state: str
    reason: str | None = None

    @property
    def length(self) -> timedelta:
        return self.to_at - self.from_at


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCoverage:
    """Of one source: the share of the period in each state that occurs (together 1), and its holes, oldest first."""

    source: str
    platform: str
    shares: Mapping[str, float]
    holes: tuple[Hole, ...]

    @property
    def covered(self) -> float:
        return self.shares.get(COVERED, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Of several sources: the share of the period that every one of them covers, that at least one does, and the mean of each state.

    `whole_hours`: begins of the full hours of UTC inside the period that every source covers from end to end.
    """

    sources: int
    every: float
    any: float
    shares: Mapping[str, float]
    whole_hours: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of a period: each source by itself, those of each platform together, and all."""

    period: Period
    sources: tuple[SourceCoverage, ...]
    platforms: Mapping[str, Together]
    whole: Together


def coverage(
    period: Period,
    told: Mapping[str, Sequence[Told]],
    platforms: Mapping[str, str],
    *,
    apart: Collection[str] = (),
) -> Coverage:
    """The coverage of a period from what the ledger says of each source, whose platforms are given by the same names.

    Stretches of one source are disjoint, in order; what none of them names was never asked. `apart`: sources that nobody polls, such
    as imported files, which are told by themselves and take no part in what several cover together.
    """
    filled = {source: _filled(period, stretches) for source, stretches in sorted(told.items())}
    by_platform: dict[str, list[str]] = {}
    polled = [source for source in filled if source not in apart]
    for source in polled:
        by_platform.setdefault(platforms[source], []).append(source)
    return Coverage(
        period=period,
        sources=tuple(_of_source(period, source, platforms[source], stretches) for source, stretches in filled.items()),
        platforms={
            platform: _together(period, [filled[source] for source in sources])
            for platform, sources in sorted(by_platform.items())
        },
        whole=_together(period, [filled[source] for source in polled]),
    )


def _filled(period: Period, stretches: Sequence[Told]) -> list[Hole]:
    """What is said of every moment of the period, as pieces of which some are called covered."""
    pieces: list[Hole] = []
    at = period.start
    for stretch in stretches:
        start, end = max(stretch.from_at, at), min(stretch.to_at, period.end)
        if start >= end:
            continue
        if start > at:
            pieces.append(Hole(from_at=at, to_at=start, state=NEVER_ASKED))
        pieces.append(Hole(from_at=start, to_at=end, state=stretch.state, reason=stretch.reason))
        at = end
    if at < period.end:
        pieces.append(Hole(from_at=at, to_at=period.end, state=NEVER_ASKED))
    return pieces


def _of_source(period: Period, source: str, platform: str, pieces: list[Hole]) -> SourceCoverage:
    holes = tuple(piece for piece in pieces if piece.state != COVERED)
    return SourceCoverage(source=source, platform=platform, shares=_shares(period, [pieces]), holes=holes)


def _together(period: Period, sources: list[list[Hole]]) -> Together:
    every = _covered_by(sources, at_least=len(sources)) if sources else []
    once = _covered_by(sources, at_least=1)
    return Together(
        sources=len(sources),
        every=_share(period, every),
        any=_share(period, once),
        shares=_shares(period, sources),
        whole_hours=_whole_hours(every),
    )


def _covered_by(sources: list[list[Hole]], *, at_least: int) -> list[tuple[datetime, datetime]]:
    """The stretches that so many sources cover, oldest first, apart from each other."""
    changes: dict[datetime, int] = {}
    for pieces in sources:
        for piece in pieces:
            if piece.state == COVERED:
                changes[piece.from_at] = changes.get(piece.from_at, 0) + 1
                changes[piece.to_at] = changes.get(piece.to_at, 0) - 1
    found: list[tuple[datetime, datetime]] = []
    count = 0
    for start, end in pairwise(sorted(changes)):
        count += changes[start]
        if count >= at_least:
            begin = found.pop()[0] if found and found[-1][1] == start else start
            found.append((begin, end))
    return found


def _whole_hours(stretches: list[tuple[datetime, datetime]]) -> tuple[datetime, ...]:
    hours: list[datetime] = []
    for begin, end in stretches:
        hour = begin.replace(minute=0, second=0, microsecond=0)
        hour += HOUR if hour < begin else _NOTHING
        while hour + HOUR <= end:
            hours.append(hour)
            hour += HOUR
    return tuple(hours)


def _share(period: Period, stretches: list[tuple[datetime, datetime]]) -> float:
    return sum((end - begin for begin, end in stretches), _NOTHING) / (period.end - period.start)


def _shares(period: Period, sources: list[list[Hole]]) -> dict[str, float]:
    lengths: dict[str, timedelta] = {}
    for pieces in sources:
        for piece in pieces:
            lengths[piece.state] = lengths.get(piece.state, _NOTHING) + piece.length
    everything = (period.end - period.start) * len(sources)
    return {state: lengths[state] / everything for state in sorted(lengths, key=_place)}


def _place(state: str) -> tuple[int, str]:
    return (STATES.index(state) if state in STATES else len(STATES), state)
