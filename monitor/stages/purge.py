"""Purge: what is too old, or is by somebody who asked for it, is removed wherever it is kept, and does not come back.

The invariant: what keeps it from coming back is noted first. Whoever is killed after that has begun something that the same command,
or the next hour where there is a retention, brings to the same end.
"""

import re
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitor import clock
from monitor.config import Config
from monitor.crawl.pseudonym import SEALED, Pseudonyms
from monitor.crawl.pseudonym_key import pseudonyms as key_of
from monitor.crawl.raw import unpack
from monitor.errors import UsageError
from monitor.retention import horizon, told
from monitor.store.connection import Store
from monitor.store.document import DELETED_AUTHOR_ID
from monitor.store.erasures import Account, Erasures
from monitor.store.horizon import Horizon, Horizons
from monitor.store.quarantine import Kept
from monitor.store.removal import Counts, Removal

EVERY_S = 3600.0  # hours are removed whole, so more often would find nothing
_ROWS_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whose posts are to be removed: their ids as they are stored, and all names by which rows in quarantine know them.

    `known`: whether any stored post is theirs. `label`: what a person reads of whom it is.
    """

    accounts: tuple[Account, ...]
    names: frozenset[str]
    known: bool
    label: str

    @property
    def platform(self) -> str:
        return self.accounts[0][0]


async def before(store: Store, at: datetime, *, why: str) -> tuple[Horizon, Counts]:
    """Move the horizon to `at`, the begin of an hour, and remove all before it; returns what was removed.

    Where it is later already, all before that is: so that what was cut short is finished. Raises StoreUnavailableError.
    """
    moved = await Horizons(store.database).advance(at, why=why)
    removal = Removal(store.database)
    await removal.before(moved.at)
    return moved, dict(removal.removed)


async def retain(store: Store, kept: timedelta) -> tuple[Horizon, Counts] | None:
    """The same for what is older than `kept`; None where somebody has seen to it within the last hour."""
    if not await Horizons(store.database).is_due(every_s=EVERY_S):
        return None
    return await before(store, await older_than(store, kept), why=f"older than {told(kept)}")


async def older_than(store: Store, kept: timedelta) -> datetime:
    """The horizon that a retention asks for now, by the slower of this machine's clock and the server's."""
    return horizon(min(clock.now(), await Horizons(store.database).now()) - kept)


async def find_person(store: Store, config: Config, platform: str, name: str) -> Person:
    """Whose posts are meant. Raises UsageError where the name stands for several accounts, ConfigurationError where private posts
    can only be found with a key that is not here."""
    wanted = name.removeprefix("@")
    if wanted == DELETED_AUTHOR_ID:
        raise UsageError("Posts that were deleted on their platform tell no author: there is nothing of one to be removed.")
    made = await _pseudonyms(store, config)
    private = set() if made is None else {made.author(platform, wanted), made.handle(platform, wanted)}
    found = await Removal(store.database).authors(platform, {wanted, *private})
    sealed = {row["_id"] for row in found if row["_id"] in private or row.get("handle") in private}
    ids = {row["_id"] for row in found} - sealed
    if len(ids) > 1 and wanted not in ids:
        each = ", ".join(f"{row.get('handle') or '-'} ({row['_id']})" for row in found if row["_id"] in ids)
        raise UsageError(f"{wanted} is the name of {len(ids)} authors on {platform}: {each}. Name one by the id in brackets.")
    chosen = {wanted} if wanted in ids or not found else ids
    if made is not None:
        sealed |= {made.author(platform, each) for each in chosen}
    handles = {row["handle"] for row in found if row["_id"] in chosen and row.get("handle")}
    return Person(
        accounts=tuple((platform, each) for each in sorted(chosen | sealed)),
        names=frozenset(each.lower() for each in (wanted, *chosen, *handles)),
        known=bool(found),
        label=", ".join(sorted(chosen | handles)) or wanted,
    )


async def erase(store: Store, person: Person) -> Counts:
    """Remember the person, and remove all that is theirs; returns what was removed. Raises StoreUnavailableError."""
    await Erasures(store.database).add_accounts(person.accounts)
    removal = Removal(store.database)
    rows = 0
    async for ids in _rows_of(store, person):
        rows += await store.quarantine.remove(ids)
    await removal.of_accounts(person.accounts)
    removal.removed["quarantine"] += rows
    return dict(removal.removed)


async def count_of(store: Store, person: Person) -> Counts:
    """What `erase` would remove."""
    rows = sum([len(ids) async for ids in _rows_of(store, person)])
    return {**await Removal(store.database).count_of_accounts(person.accounts), "quarantine": rows}


async def _pseudonyms(store: Store, config: Config) -> Pseudonyms | None:
    """None: nothing is stored under a pseudonym."""
    if not await store.sealing.any_begins_with(SEALED):
        return None
    made = key_of(config)
    await store.sealing.agree(made.check)
    return made


async def _rows_of(store: Store, person: Person) -> AsyncIterator[list[str]]:
    """Rows in quarantine with something of the person in them, whoever wrote the row."""
    found: list[str] = []
    async for row in store.quarantine.each(platform=person.platform):
        if _names(row, person.names):
            found.append(row.id)
        if len(found) == _ROWS_AT_ONCE:
            yield found
            found = []
    if found:
        yield found


def _names(row: Kept, names: Collection[str]) -> bool:
    try:
        texts = list(_texts(unpack(row.refused.raw)))
    except ValueError:  # cut, or without its content
        return False
    texts.append((row.refused.post_id or "").lower())
    return any(text.removeprefix("@") in names or any(_is_named(name, text) for name in names) for text in texts)


def _is_named(name: str, text: str) -> bool:
    """Whether an account is named inside of a longer text: a plain word only as a handle, or in an address."""
    if name not in text:
        return False
    before_it = r"[@/]" if re.fullmatch(r"\w+", name) else r"(?<!\w)"
    return re.search(rf"{before_it}{re.escape(name)}(?!\w)", text) is not None


def _texts(value: Any) -> Iterator[str]:
    """All texts and numbers in a row, in small letters."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str | int):
        yield str(value).lower()
