"""Reading a collection newest first by key: page after page, whatever is written meanwhile, without a cursor held open.

The order is that of `created_at`, newest first, and of `_id` within one moment. Pages are asked for by moment alone, for which there
are indexes, and not by moment and id, for which the server would sort everything each time; where a page ends, its last moment is
read anew by id, since more may have happened in it than the page holds.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

from monitor.store.document import Document

# Asked with bounds, the key and direction to sort by, and how many at most; what it returns has `_id` and `created_at`.
Find = Callable[[Document, tuple[str, int], int], Awaitable[list[Document]]]


class Downwards:
    """What lies from `lower` (included) to before `upper`; None: open. After each page `upper` has moved down; `done` at the end."""

    def __init__(self, find: Find, *, lower: datetime | None, upper: datetime | None) -> None:
        self._find = find
        self._lower = lower
        self.upper = upper
        self.done = False

    async def page(self, size: int) -> AsyncIterator[list[Document]]:
        """The newest `size` that are left, and all of their last moment, in one list or several."""
        found = await self._find(between(self._lower, self.upper), ("created_at", -1), size)
        bound = found[-1]["created_at"] if len(found) == size else None
        found.sort(key=lambda stored: stored["_id"])
        found.sort(key=lambda stored: stored["created_at"], reverse=True)
        yield [stored for stored in found if stored["created_at"] != bound]
        if bound is not None:
            async for batch in of_moment(self._find, bound, size=size):
                yield batch
        self.upper, self.done = bound, bound is None


async def of_moment(find: Find, moment: datetime, *, size: int, after: str | None = None) -> AsyncIterator[list[Document]]:
    """What is of one moment, by id, behind the id `after`."""
    while True:
        bounds: Document = {"created_at": moment}
        if after is not None:
            bounds["_id"] = {"$gt": after}
        if not (found := await find(bounds, ("_id", 1), size)):
            return
        yield found
        after = found[-1]["_id"]


def between(lower: datetime | None, upper: datetime | None) -> Document:
    """The filter of a time from `lower` (included) to before `upper`."""
    bounds: Document = {sign: at for sign, at in (("$gte", lower), ("$lt", upper)) if at is not None}
    return {"created_at": bounds} if bounds else {}
