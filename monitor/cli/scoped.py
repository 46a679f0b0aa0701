"""SCOPE as commands take it: a scope, or `@NAME` for a saved one, with more behind it to narrow it: `@NAME&from=-1d`."""

import re
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches

from monitor.cli.opened import opened, run
from monitor.config import load
from monitor.errors import UsageError
from monitor.narrowed import narrowed
from monitor.scope import Scope, ScopeError, names_zone, parse
from monitor.store.connection import Store
from monitor.store.searches import Searches

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
NAMES = "Names have small letters, digits, - and _, 64 at most, and begin with a letter or digit"


def scope_of(text: str, *, now: datetime) -> Scope:
    """What a person typed as SCOPE. Opens the store where that names a saved search.

    Raises UsageError for a name that is not saved, and what `monitor.scope.parse` raises.
    """
    return run(_resolved(text, now)) if text.lstrip().startswith("@") else parse(text, now=now, zone=load().zone)


async def scope_in(store: Store, text: str, *, now: datetime) -> Scope:
    """The same, in a store that is open."""
    typed = text.strip()
    if not typed.startswith("@"):
        return parse(typed, now=now, zone=load().zone)
    name, _, further = typed[1:].partition("&")
    scope = await _saved(store, name, now)
    rest = parse(further, now=now)
    if names_zone(further) and rest.zone != scope.zone:
        what = (
            f"The saved search @{name} counts by the clocks of {scope.zone}, so it cannot be narrowed by those of {rest.zone}."
        )
        raise ScopeError(what, text=typed, place=typed.index(further), suggestion="Leave tz= out.")
    return _checked(narrowed(scope, replace(rest, zone=scope.zone), now=now), typed, now)


async def _resolved(text: str, now: datetime) -> Scope:
    async with opened() as store:
        return await scope_in(store, text, now=now)


async def _saved(store: Store, name: str, now: datetime) -> Scope:
    searches = Searches(store.database)
    search = await searches.find(name) if NAME.fullmatch(name) else None
    if search is None:
        near = get_close_matches(name, [each.name for each in await searches.list_all()], n=1)
        meant = f"Did you mean @{near[0]}? " if near else ""
        shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name[:64])
        raise UsageError(f"There is no saved search @{shown}. {meant}All of them: monitor searches list")
    return parse(search.scope, now=now)


def _checked(scope: Scope, typed: str, now: datetime) -> Scope:
    begin, end = scope.between(now)
    if begin is not None and end is not None and begin >= end:
        what = f"Nothing is left of the saved search: it would begin at {begin:%Y-%m-%d %H:%M} and end at {end:%Y-%m-%d %H:%M}, UTC."
        raise ScopeError(what, text=typed, place=0, suggestion="Leave from= or to= out, or see: monitor searches show NAME")
    return scope
