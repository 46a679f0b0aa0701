"""Posts of any scope by the hour or quarter of an hour: from rollups where they can answer, else counted.

A quarter of an hour divides the days of every time zone; an hour does where clocks differ from UTC by whole hours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
from pymongo.asynchronous.database import AsyncDatabase

from monitor.analysis.bucket import Period
from monitor.moment import written
from monitor.query.mongo import mongo_filter
from monitor.scope import Scope
from monitor.store.document import Document
from monitor.store.outage import tells_outage
from monitor.store.scoped import answered_by_rollups
from monitor.store.search import PAGE_S, Search, wanted
from monitor.store.volumes import Freshness, Volumes
from monitor.store.window import MINUTE, Window

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCounts:
    """Posts by the begin of each step of the period, steps without posts too. `freshness` None: posts were counted themselves."""

    counts: Mapping[datetime, int]
    freshness: Freshness | None


class StepCounter:
    """Counts from `roll_hour` or `posts`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database

    async def count(self, scope: Scope, period: Period, *, step: timedelta, now: datetime) -> StepCounts:
        """The posts of a scope in a period of full hours, in place of its own. Where only the matcher can decide, each is read."""
        begin, end = period.start, period.end
        steps = [begin + number * step for number in range(int((end - begin) / step))]
        if answered_by_rollups(scope):
            topic = scope.topics[0] if scope.topics else None
            window = Window(from_at=begin, to_at=end, platforms=scope.platforms, topic=topic)
            series = await Volumes(self.database).series(window, (*steps, end))
            counts = {moment: figures.posts for moment, figures in zip(steps, series.figures, strict=True)}
            return StepCounts(counts=counts, freshness=series.freshness)
        counts = dict.fromkeys(steps, 0)
        frozen = replace(scope.frozen(now), begin=written(begin), end=written(end))
        query = frozen.asks(now)
        if query is None or mongo_filter(query).exact:
            found = await self._grouped(wanted(query, stored_by=frozen.stored_by()), step)
            counts |= {moment: count for moment, count in found.items() if moment in counts}
            return StepCounts(counts=counts, freshness=None)
        async for post in Search(self.database).posts(query, stored_by=frozen.stored_by()):
            counts[begin + (post.created_at - begin) // step * step] += 1
        return StepCounts(counts=counts, freshness=None)

    @tells_outage
    async def _grouped(self, found: Document, step: timedelta) -> dict[datetime, int]:
        cut = {"$dateTrunc": {"date": "$created_at", "unit": "minute", "binSize": int(step / MINUTE)}}
        steps: list[Document] = [{"$match": found}, {"$group": {"_id": cut, "posts": {"$sum": 1}}}]
        with pymongo.timeout(PAGE_S):
            rows = await (await self.database["posts"].aggregate(steps)).to_list()
        return {row["_id"].astimezone(UTC): int(row["posts"]) for row in rows}
