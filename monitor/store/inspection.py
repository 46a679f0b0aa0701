"""What the server and the database say of themselves, for `monitor doctor`: version, clock, disk, indexes. Changes nothing."""

import sys
from dataclasses import dataclass
from datetime import UTC

from pymongo.errors import OperationFailure

from monitor import clock
from monitor.store.connection import Store
from monitor.store.outage import is_outage, place_of, tells_outage
from monitor.store.schema import COLLECTIONS, VERSION

# Releases with known holes lie below these (CVE-2026-89099, CVE-2025-14847): by series, the first patch without them.
# A series that is not here gets no repairs any more, or is newer than the newest of these.
FLOORS = {(7, 0): 43, (8, 0): 32, (8, 3): 11}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """`ahead_s`: by how much the server's clock is before ours, negative where it is behind. `missing`: indexes that are not
    there, as collection.index. `free`: share (0 to 1) of the data's disk that is free, None where the server does not tell."""

    place: str
    version: str
    schema: int
    ahead_s: float
    missing: tuple[str, ...]
    free: float | None


class Inspector:
    """Looks at the server and the database behind an open store."""

    def __init__(self, store: Store) -> None:
        self.database = store.database

    @tells_outage
    async def inspect(self) -> Inspection:
        """Ask for all of it; four round trips and one per collection."""
        build = await self.database.client.admin.command("buildInfo")
        return Inspection(
            place=place_of(self.database),
            version=str(build["version"]),
            schema=VERSION,  # another one is refused when the store is opened
            ahead_s=await self._ahead_s(),
            missing=await self._missing(),
            free=await self._free(),
        )

    async def _ahead_s(self) -> float:
        before = clock.now()
        hello = await self.database.client.admin.command("hello")
        after = clock.now()
        told = hello["localTime"].replace(tzinfo=UTC)  # commands are decoded without the client's zone
        return float((told - (before + (after - before) / 2)).total_seconds())

    async def _missing(self) -> tuple[str, ...]:
        missing: list[str] = []
        for name, collection in COLLECTIONS.items():
            there = {stored["name"] for stored in await (await self.database[name].list_indexes()).to_list()}
            missing += [f"{name}.{index.name}" for index in collection.indexes if index.name not in there]
        return tuple(missing)

    async def _free(self) -> float | None:
        try:
            stats = await self.database.command("dbStats")
        except OperationFailure as error:
            if is_outage(error):
                raise
            return None  # this user may not ask
        total = stats.get("fsTotalSize")
        return None if not total else 1 - stats["fsUsedSize"] / total


def floor_of(version: str) -> str | None:
    """The version to upgrade to where `version` has known holes; None where it has none that we know."""
    series, patch = _parts(version)
    if series > max(FLOORS) or patch >= FLOORS.get(series, sys.maxsize):
        return None
    wanted = series if series in FLOORS else min((each for each in FLOORS if each > series), default=max(FLOORS))
    return f"{wanted[0]}.{wanted[1]}.{FLOORS[wanted]}"


def _parts(version: str) -> tuple[tuple[int, int], int]:
    """Series and patch; `8.0.32-rc1` counts as 8.0.31, since it came before 8.0.32."""
    numbers, _, early = version.partition("-")
    major, minor, patch = (*(int(part) for part in numbers.split(".")[:3]), 0, 0)[:3]
    return (major, minor), patch - bool(early)
