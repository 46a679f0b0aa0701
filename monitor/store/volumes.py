"""Reading rollups: figures of any window between any cuts, by platform or language, with how far the hours are counted.

Whole hours come from their totals, hours that a cut divides from their minutes, so that days of every time zone are exact.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import add, itemgetter
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.store.dirty import hour_of
from monitor.store.document import Document
from monitor.store.figures import NAMES, Figures
from monitor.store.outage import tells_outage
from monitor.store.recount import Recount
from monitor.store.window import EVERYTHING, HOUR, MINUTE, Window

_READ_AT_ONCE = 10_000
_NOTHING = Figures()
_row_of = itemgetter(*NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Of a window's hours: how many are marked dirty, and how many of these were not counted since they were marked.

    Without any of the latter, only posts of the last seconds can be missing.
    """

    dirty: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Figures between each two of the cuts."""

    cuts: tuple[datetime, ...]
    figures: tuple[Figures, ...]
    freshness: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSeries:
    """Figures between each two of the cuts, by platform; platforms without posts are missing."""

    cuts: tuple[datetime, ...]
    by_platform: Mapping[str, tuple[Figures, ...]]
    freshness: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """Figures of a whole window by language, `unknown` for posts without one."""

    by_language: Mapping[str, Figures]
    freshness: Freshness


class Volumes:
    """Figures from the collection `roll_hour`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._rolled = database["roll_hour"]

    async def series(self, window: Window, cuts: Sequence[datetime]) -> Series:
        """Figures between cuts, which go in whole minutes from the window's begin to its end (see `monitor.store.window`)."""
        freshness = await self.freshness(window)
        summed = await self._summed(rolled(window), cuts)
        places: defaultdict[int, list[tuple[int, ...]]] = defaultdict(list)
        for (_, place), row in summed.items():
            places[place].append(row)
        figures = [_figures(places[place]) for place in range(len(cuts) - 1)]
        return Series(cuts=tuple(cuts), figures=tuple(figures), freshness=freshness)

    async def by_platform(self, window: Window, cuts: Sequence[datetime]) -> PlatformSeries:
        """The same for each platform by itself."""
        freshness = await self.freshness(window)
        each = {} if window.platforms else {"platform": {"$ne": EVERYTHING}}
        summed = await self._summed(rolled(window) | each, cuts)
        made: defaultdict[str, list[Figures]] = defaultdict(lambda: [_NOTHING] * (len(cuts) - 1))
        for (platform, place), row in summed.items():
            made[platform][place] = Figures.listed(row)
        by_platform = {platform: tuple(figures) for platform, figures in sorted(made.items())}
        return PlatformSeries(cuts=tuple(cuts), by_platform=by_platform, freshness=freshness)

    async def total(self, window: Window) -> Figures:
        """Figures of the window as a whole."""
        return (await self.series(window, (window.from_at, window.to_at))).figures[0]

    async def languages(self, window: Window) -> Languages:
        """Figures by language. Parts of an hour at the edges are counted from the posts themselves."""
        freshness = await self.freshness(window)
        made: defaultdict[str, Figures] = defaultdict(Figures)
        whole = whole_hours(window)
        for row in await self._languages(whole) if whole else ():
            made[row["_id"]] += Figures.of(row)
        for edge in edges(window):
            for language, figures in (await Recount(self.database).languages(edge)).items():
                made[language] += figures
        return Languages(by_language=dict(sorted(made.items())), freshness=freshness)

    @tells_outage
    async def freshness(self, window: Window) -> Freshness:
        """Count the window's marked hours. Read before the figures, so that an hour counted meanwhile is told, not hidden."""
        uncounted = {"$lt": [{"$ifNull": ["$counted_at", None]}, "$marked_at"]}
        steps: list[Document] = [
            {"$match": {"_id": {"$gte": window.first_hour, "$lt": window.to_at}}},
            {"$group": {"_id": None, "dirty": {"$sum": 1}, "waiting": {"$sum": {"$cond": [uncounted, 1, 0]}}}},
        ]
        found = await (await self.database["dirty"].aggregate(steps)).to_list()
        return Freshness(dirty=found[0]["dirty"], waiting=found[0]["waiting"]) if found else Freshness(dirty=0, waiting=0)

    async def _summed(self, wanted: Document, cuts: Sequence[datetime]) -> dict[tuple[str, int], tuple[int, ...]]:
        """The sums by platform and place between the cuts, without those that have no posts."""
        divided = _divided(cuts)
        sums: dict[tuple[str, int], tuple[int, ...]] = {}
        for row in await self._hours(wanted, divided):
            _add(sums, (row["platform"], bisect_right(cuts, row["hour"]) - 1), _row_of(row))
        for row in await self._minutes(wanted, divided) if divided else ():
            # Of an hour only those minutes count that lie between two cuts.
            for number, *figures in row["minutes"]:
                place = bisect_right(cuts, row["hour"] + number * MINUTE) - 1
                if 0 <= place < len(cuts) - 1:
                    _add(sums, (row["platform"], place), tuple(figures))
        return sums

    @tells_outage
    async def _hours(self, wanted: Document, divided: Sequence[datetime]) -> list[Document]:
        """The totals of the hours that lie between two cuts as a whole."""
        hours = wanted["hour"] | ({"$nin": list(divided)} if divided else {})
        fields = {"_id": 0, "platform": 1, "hour": 1} | dict.fromkeys(NAMES, 1)
        return await self._rolled.find(wanted | {"hour": hours}, fields, batch_size=_READ_AT_ONCE).to_list()

    @tells_outage
    async def _minutes(self, wanted: Document, divided: Sequence[datetime]) -> list[Document]:
        """The minutes of the hours that are divided."""
        fields = {"_id": 0, "platform": 1, "hour": 1, "minutes": 1}
        hours = {"hour": {"$in": list(divided)}}
        return await self._rolled.find(wanted | hours, fields, batch_size=_READ_AT_ONCE).to_list()

    @tells_outage
    async def _languages(self, window: Window) -> list[Document]:
        sums = {name: {"$sum": f"$languages.{name}"} for name in NAMES}
        steps: list[Document] = [
            {"$match": rolled(window)},
            {"$project": {"_id": 0, "languages": 1}},
            {"$unwind": "$languages"},
            {"$group": {"_id": "$languages.language"} | sums},
        ]
        return await (await self._rolled.aggregate(steps)).to_list()


def rolled(window: Window) -> Document:
    """Find the rollups of the hours that the window touches: those of its platforms, or of all together."""
    wanted: Document = {
        "topic": EVERYTHING if window.topic is None else window.topic,
        "hour": {"$gte": window.first_hour, "$lt": window.to_at},
    }
    wanted["platform"] = {"$in": list(window.platforms)} if window.platforms else EVERYTHING
    return wanted


def whole_hours(window: Window) -> Window | None:
    """The part of the window that is made of whole hours."""
    begin, end = _next_hour(window.from_at), hour_of(window.to_at)
    return window.between(begin, end) if begin < end else None


def edges(window: Window) -> Iterator[Window]:
    """The parts that are not: none, one or two, each within an hour."""
    begin, end = _next_hour(window.from_at), hour_of(window.to_at)
    if begin > end:
        yield window
        return
    if window.from_at < begin:
        yield window.between(window.from_at, begin)
    if end < window.to_at:
        yield window.between(end, window.to_at)


def _next_hour(moment: datetime) -> datetime:
    return hour_of(moment + HOUR - timedelta(microseconds=1))


def _divided(cuts: Sequence[datetime]) -> list[datetime]:
    """The hours in which a cut lies, other than at their begin."""
    return sorted({hour_of(cut) for cut in cuts if cut != hour_of(cut)})


def _add(sums: dict[tuple[str, int], tuple[int, ...]], key: tuple[str, int], row: tuple[int, ...]) -> None:
    known = sums.get(key)
    sums[key] = row if known is None else tuple(map(add, known, row))


def _figures(rows: Sequence[tuple[int, ...]]) -> Figures:
    if not rows:
        return _NOTHING
    return Figures.listed(rows[0] if len(rows) == 1 else [sum(column) for column in zip(*rows, strict=True)])
