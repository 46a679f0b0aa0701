"""What a scope means to the store: which period it is, and whether rollups can answer it."""

from datetime import datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.scope import Scope
from monitor.store.search import Search
from monitor.store.window import Window

_INSTANT = timedelta(milliseconds=1)  # the smallest step between two stored moments


def answered_by_rollups(scope: Scope) -> bool:
    """Whether it asks for nothing but a period, platforms and at most one topic, and excludes none."""
    others = scope.query, scope.languages, scope.kinds, scope.sentiments, scope.authors, scope.as_of
    excluded = any(value.startswith("!") for value in (*scope.topics, *scope.platforms))
    return not any(others) and not excluded and len(scope.topics) <= 1


async def window_of(database: AsyncDatabase[dict[str, Any]], scope: Scope, *, now: datetime) -> Window | None:
    """The period in whole minutes, as rollups know them; where an end is open, up to the first or the last post.

    With the platforms and the topic where rollups answer the scope. None: there is no such post, and so no period.
    """
    frozen = scope.frozen(now)
    begin, end = frozen.between(now)
    if begin is None or end is None:
        ends = await Search(database).ends(frozen.asks(now))
        if ends is None:
            return None
        begin, end = begin or ends[0], end or ends[1] + _INSTANT
        if begin >= end:  # open at one end, and all posts lie beyond the other
            return None
    if not answered_by_rollups(scope):
        return Window.around(begin, end)
    return Window.around(begin, end, platforms=scope.platforms, topic=scope.topics[0] if scope.topics else None)
