"""How a search is answered: by the words of posts, or by their other fields. Either finds the same; one reads less.

What is rarer is looked up, and the rest looked at in what that finds. How rare something is, a glance at its index tells: the moment
of its 500th newest post, which lies the further back the rarer it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from monitor.query.fields import moment_of
from monitor.query.mongo import mongo_filter
from monitor.query.needs import Needs
from monitor.query.query import Query
from monitor.query.tree import And, Field, Or, Tree, every
from monitor.query.word_index import asked_of, bounds_of, holds
from monitor.store.document import Document
from monitor.store.newest_first import between
from monitor.store.outage import tells_outage

GLANCE = 500  # keys of an index: half a millisecond
# Beginnings of words have no order by time in the index: the server sorts all posts that hold such a word, for each page.
MOST_SORTED = 5000
MOST_COMPARED = 8  # of what one query asks; its longest words
_INDEXED_FIELDS = ("topic", "platform")  # whose index has the order of time


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """From `begin` (included) to before `end`, as the query says; None: open."""

    begin: datetime | None = None
    end: datetime | None = None


class Plans:
    """Chooses, by glances at the indexes of `search` and `posts`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database

    async def by_words(self, query: Query) -> Document | None:
        """The filter of the collection `search` by which to find candidates; None: the posts themselves are to be read."""
        asked = sorted(asked_of(query), key=lambda needs: needs.cost)[:MOST_COMPARED]
        if not asked:
            return None
        within = between(*_ends(times_of(query)))
        fields = _indexed_fields(query)
        if len(asked) == 1 and fields is None and not asked[0].beginnings:
            return bounds_of(asked[0])  # whatever it is, fewer posts hold it than there are
        found = [(moment, needs) for needs in asked if (moment := await self._rarity(needs, within)) is not None]
        if not found:
            return None
        rarest, needs = min(found, key=lambda each: each[0])
        if fields is not None and await self._glance("posts", _both(fields, within)) < rarest:
            return None
        return _both(bounds_of(needs), *_others(asked, needs))

    async def _rarity(self, needs: Needs, within: Document) -> datetime | None:
        """None: too many posts hold it to be sorted."""
        wanted = _both(bounds_of(needs), within)
        if needs.beginnings:
            number = await self._count(wanted)
            return None if number >= MOST_SORTED else _RAREST if number < GLANCE else _RARE
        return await self._glance("search", wanted)

    @tells_outage
    async def _glance(self, name: str, wanted: Document) -> datetime:
        """The moment of the 500th newest; that before all moments where there are fewer."""
        cursor = self.database[name].find(wanted, {"created_at": 1, "_id": 0}).sort("created_at", -1)
        found = await cursor.skip(GLANCE).limit(1).to_list()
        moment: datetime = found[0]["created_at"] if found else _RAREST
        return moment

    @tells_outage
    async def _count(self, wanted: Document) -> int:
        return await self.database["search"].count_documents(wanted, limit=MOST_SORTED)


_RAREST = datetime.min.replace(tzinfo=moment_of("2026-01-01").tzinfo)
_RARE = _RAREST.replace(year=2)


def times_of(query: Query) -> Times:
    """The time in which every match lies, as far as the query says it in so many words."""
    told = [part for part in _parts(query.tree) if isinstance(part, Field)]
    since = [moment_of(field.value) for field in told if field.name == "since"]
    until = [moment_of(field.value) for field in told if field.name == "until"]
    return Times(begin=max(since, default=None), end=min(until, default=None))


def _ends(times: Times) -> tuple[datetime | None, datetime | None]:
    return times.begin, times.end


def _parts(tree: Tree) -> Sequence[Tree]:
    return tree.parts if isinstance(tree, And) else (tree,)


def _indexed_fields(query: Query) -> Document | None:
    """What a query asks of fields that have an index of their own; None: nothing."""
    told = [part for part in _parts(query.tree) if _is_indexed(part)]
    return dict(mongo_filter(Query(every(*told))).filter) if told else None


def _is_indexed(tree: Tree) -> bool:
    """A field, or alternatives of one field."""
    fields = tree.parts if isinstance(tree, Or) else (tree,)
    names = {field.name if isinstance(field, Field) else None for field in fields}
    return len(names) == 1 and names <= set(_INDEXED_FIELDS)


def _others(asked: Sequence[Needs], chosen: Needs) -> list[Document]:
    """Beginnings are left to the matcher: to look for them in lists of words costs more than it saves."""
    return [holds(needs) for needs in asked if needs is not chosen and not needs.beginnings]


def _both(*filters: Document) -> Document:
    told = [each for each in filters if each]
    return {"$and": told} if len(told) > 1 else told[0] if told else {}
