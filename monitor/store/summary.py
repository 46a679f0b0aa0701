"""A summary of many posts: figures by day and platform, and the most frequent tags, authors and domains.

Made from rollups, which is quick and knows platforms and one topic, or by counting posts as they come, whatever they have in
common; where both are possible, and all hours are counted, they say the same.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.post import Post
from monitor.store.document import document
from monitor.store.figures import Figures, figures_row
from monitor.store.hour_count import TOPS, Key, Top, domains, writers
from monitor.store.tops import Frequent, Tops
from monitor.store.volumes import Freshness, Volumes
from monitor.store.window import Window, days


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """`by_day` lies between each two of `cuts`, the begins of days in a zone; platforms without posts are missing.

    `freshness`: how far the hours are counted, None where posts were counted themselves.
    """

    cuts: tuple[datetime, ...]
    by_day: tuple[Figures, ...]
    by_platform: Mapping[str, Figures]
    tops: Mapping[Top, tuple[Frequent, ...]]
    freshness: Freshness | None

    @property
    def whole(self) -> Figures:
        return sum(self.by_day, Figures())


class Summaries:
    """Reads rollups. Raises StoreUnavailableError when MongoDB is away for now."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database

    async def rolled(self, window: Window, zone: tzinfo, *, limit: int) -> Summary:
        """The summary of a window, with the `limit` most frequent of each kind."""
        cuts = days(window, zone)
        volumes, tops = Volumes(self.database), Tops(self.database)
        series = await volumes.series(window, cuts)
        platforms = await volumes.by_platform(window, (window.from_at, window.to_at))
        rankings = {top: (await tops.ranking(window, top, limit=limit)).frequent for top in TOPS}
        by_platform = {name: figures[0] for name, figures in platforms.by_platform.items() if figures[0].posts}
        return Summary(cuts=cuts, by_day=series.figures, by_platform=by_platform, tops=rankings, freshness=series.freshness)


async def counted(posts: AsyncIterator[Post], window: Window, zone: tzinfo, *, limit: int) -> Summary:
    """The summary of posts that were written within the window. Memory grows with the tags, authors and domains, not the posts."""
    cuts = days(window, zone)
    by_day = [Figures()] * (len(cuts) - 1)
    by_platform: dict[str, Figures] = {}
    keys: dict[Top, Counter[Key]] = {top: Counter() for top in TOPS}
    async for post in posts:
        stored = document(post)
        figures = Figures.listed(figures_row(stored))
        by_day[bisect_right(cuts, post.created_at) - 1] += figures
        by_platform[post.platform] = by_platform.get(post.platform, Figures()) + figures
        keys["tags"].update({("", tag) for tag in post.tags})
        keys["authors"].update({(post.platform, author) for author in writers(stored)})
        keys["domains"].update({("", domain) for domain in domains(stored)})
    return Summary(
        cuts=cuts,
        by_day=tuple(by_day),
        by_platform=dict(sorted(by_platform.items())),
        tops={top: _most(keys[top], limit) for top in TOPS},
        freshness=None,
    )


def _most(keys: Counter[Key], limit: int) -> tuple[Frequent, ...]:
    ranked = sorted(keys.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
    return tuple(
        Frequent(key=key, platform=platform or None, at_least=posts, at_most=posts) for (platform, key), posts in ranked
    )
