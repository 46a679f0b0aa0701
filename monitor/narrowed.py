"""A scope within a scope: the posts that are in both, as one scope. Pure."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from monitor.query.fields import FIELDS
from monitor.query.parse import parse_search
from monitor.query.query import Query
from monitor.query.tree import Field, Tree, either, every
from monitor.scope import CHOICES, Choice, Scope


def narrowed(scope: Scope, further: Scope, *, now: datetime) -> Scope:
    """The posts of `scope` that are in `further`, too, which is read by the clocks of the same zone.

    Of two begins the later counts and of two ends the earlier, as they are `now`; each stays as relative as it was written. Raises
    QueryError where both together are longer than a query can be.
    """
    asked: list[Tree] = []
    chosen: dict[str, Any] = {}
    for choice in CHOICES.values():
        values, rest = _chosen(choice, getattr(scope, choice.attribute), getattr(further, choice.attribute))
        chosen[choice.attribute] = values
        asked += rest
    asked += [parse_search(each.query).tree for each in (scope, further) if each.query is not None]
    query = str(Query(every(*asked))) if asked else None
    if query is not None:
        parse_search(query)
    begin, end = _ends(scope, further, now)
    return replace(further, **chosen, query=query, begin=begin, end=end, as_of=_earlier(scope.as_of, further.as_of))


def _chosen(choice: Choice, first: tuple[str, ...], second: tuple[str, ...]) -> tuple[tuple[str, ...], list[Tree]]:
    """The values of one key for both, and what else is to be asked: of alternatives twice, the second time as a search."""
    excluded = {value for value in (*first, *second) if value.startswith("!")}
    wanted, also = (tuple(value for value in values if not value.startswith("!")) for values in (first, second))
    if not wanted or not also or set(also) <= set(wanted):
        return tuple(sorted({*(also or wanted), *excluded})), []
    canonical = FIELDS[choice.field].read
    fields = [Field(choice.field, canonical(value) or value) for value in also]
    return tuple(sorted({*wanted, *excluded})), [either(*fields)]


def _ends(scope: Scope, further: Scope, now: datetime) -> tuple[str | None, str | None]:
    begins, ends = zip(scope.between(now), further.between(now), strict=True)
    begin = scope.begin if further.begin is None or (begins[0] and begins[1] and begins[0] > begins[1]) else further.begin
    end = scope.end if further.end is None or (ends[0] and ends[1] and ends[0] < ends[1]) else further.end
    return begin, end


def _earlier(first: str | None, second: str | None) -> str | None:
    told = [each for each in (first, second) if each is not None]
    return min(told, key=datetime.fromisoformat, default=None)
