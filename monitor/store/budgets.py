"""Budgets: what is left of each credential's limits, shared by all processes, by the server's clock.

A budget is taken from in chunks of permits, each by one command, so that no two processes are given the same call. What a platform
says may lower what is left, and never raises it within one window; a window whose limit nobody knows is opened by a single request
that goes alone. A process that dies keeps the permits it holds: they come back with the next window.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pymongo
from pymongo import ReturnDocument, UpdateOne, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern

from monitor.store import budget_change as change
from monitor.store.budget_change import Name, Seen
from monitor.store.document import Document
from monitor.store.outage import tells_outage

ONE_TRY_S = 2.0  # no request of a platform waits longer for one command; the next one tries again
USER_S = 120.0  # who took permits longer ago uses the budget no more


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A process that takes from a budget: calls it made so far, and when it last took or told."""

    owner: str
    calls: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A budget as it stood at `at`, the server's time.

    `told`: the limit of this window is known, and `left` are free to be taken. `free`: nothing is told, so nothing is counted.
    `alone_until`: until then one request is under way that the others wait for. `aside_until`: the credential was refused.
    """

    id: str
    platform: str
    credential: str
    host: str
    meter: str
    at: datetime
    told: bool
    free: bool
    window: int
    left: int | None
    limit: int | None
    window_s: float | None
    reset_at: datetime | None
    not_before: datetime | None
    alone_until: datetime | None
    one_by_one_until: datetime | None
    aside_until: datetime | None
    aside_reason: str | None
    calls: int
    users: Sequence[User] = field(default_factory=tuple)
    granted: int = 0
    went_alone: bool = False

    def seconds_to(self, moment: datetime | None) -> float:
        """From `at`; 0 for none and for what has passed."""
        return 0.0 if moment is None else max(0.0, (moment - self.at).total_seconds())

    def using(self) -> list[User]:
        """Who took or told within the last USER_S."""
        return [user for user in self.users if self.at - user.at < timedelta(seconds=USER_S)]


class Budgets:
    """The collection `budgets`; `_id` is `Name.id`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.database = database
        self._budgets = database["budgets"]
        # Permits are taken many times a second. A grant that is lost with the server's last moments is told by the platform's next
        # replies, which count it; refusals and quotas, which nobody tells again, wait for the journals.
        self._quick = self._budgets.with_options(write_concern=WriteConcern(w=1, j=False), read_concern=ReadConcern("local"))

    @tells_outage
    async def find(self, budget_id: str) -> Budget | None:
        """Read one budget as it stands now. A read alone: this is how one looks whether something has changed."""
        with pymongo.timeout(ONE_TRY_S):
            found = await self._read({"_id": budget_id})
        return found[0] if found else None

    @tells_outage
    async def list_all(self, *, platform: str | None = None, noted_since: datetime | None = None) -> list[Budget]:
        """Read all budgets by id, of one platform where given; those alone about which something was noted since a moment."""
        wanted: Document = {} if platform is None else {"platform": platform}
        if noted_since is not None:
            wanted["noted_at"] = {"$gt": noted_since}
        return await self._read(wanted)

    @tells_outage
    async def take(  # noqa: PLR0913 - what one taking wants, and what it says by the way
        self, name: Name, *, owner: str, want: int, need: int = 1, calls: int = 0, lowest: Seen | None = None
    ) -> Budget:
        """Take up to `want` permits; returns the budget after that, with how many were `granted`, 0 where one has to wait.

        A budget that nobody knows is made. `calls`: what this process has used since it last said so. `lowest`: the least that
        replies told meanwhile. Where nothing is known of the window, one permit is given to one process, which goes alone.
        """
        told = [] if lowest is None else [change.lowered(lowest)]
        taking = [change.granting(want, need), change.taking(owner), change.using(owner, calls)]
        where = self._quick if name.quota is None else self._budgets
        return await self._update(name.id, [change.window_over(name), *told, *taking], where=where)

    @tells_outage
    async def tell(self, name: Name, seen: Seen, *, owner: str, calls: int = 0) -> Budget:
        """Take what a reply showed into the budget; returns it after that. Repeating it changes nothing but `calls`.

        A refusal raises `not_before` and ends what was known of the window; the answer to the request that went alone opens one.
        """
        told = change.refused(seen) if seen.wait_s is not None else change.answered(seen)
        released = [change.released(owner)] if seen.alone else []
        where = self._quick if seen.wait_s is None and name.quota is None else self._budgets
        return await self._update(name.id, [change.window_over(name), told, *released, change.using(owner, calls)], where=where)

    @tells_outage
    async def hold(self, name: Name, wait_s: float) -> None:
        """Keep everybody away for `wait_s` seconds; never shortens what was asked before."""
        fields = {"not_before": {"$max": ["$not_before", change.later(wait_s)]}, "noted_at": "$$NOW"}
        await self._update(name.id, [change.window_over(name), {"$set": fields}])

    @tells_outage
    async def give_back(self, budget_id: str, *, window: int, permits: int) -> None:
        """Put permits back that nobody here needs, where their window still lasts."""
        await self._budgets.update_one(
            {"_id": budget_id, "window": window, "told": True, "$expr": {"$lt": ["$$NOW", "$reset_at"]}},
            {"$inc": {"left": permits}},
        )

    @tells_outage
    async def set_aside(self, name: Name, *, reason: str, for_s: float) -> None:
        """Have nobody use a credential for a while, since the platform refused it; then one request finds out."""
        fields: Document = {"aside": {"until": change.later(for_s), "reason": {"$literal": reason}}, "noted_at": "$$NOW"}
        await self._update(name.id, [change.window_over(name), {"$set": fields}])

    @tells_outage
    async def count(self, calls: Mapping[str, int], *, owner: str) -> None:
        """Note calls by budget, of those that are not counted by taking; in one command."""
        if calls:
            updates = [UpdateOne({"_id": budget_id}, [change.using(owner, number)]) for budget_id, number in calls.items()]
            await self._budgets.bulk_write(updates, ordered=False)

    async def _read(self, wanted: Document) -> list[Budget]:
        steps: list[Document] = [{"$match": wanted}, {"$sort": {"_id": 1}}, {"$set": {"at": "$$NOW"}}]
        return [budget_of(stored) async for stored in await self._quick.aggregate(steps)]

    async def _update(
        self, budget_id: str, update: list[Document], *, where: AsyncCollection[dict[str, Any]] | None = None
    ) -> Budget:
        budgets = self._budgets if where is None else where
        for last in (False, True):
            try:
                with pymongo.timeout(ONE_TRY_S):
                    stored = await budgets.find_one_and_update(
                        {"_id": budget_id}, update, upsert=True, return_document=ReturnDocument.AFTER
                    )
            except DuplicateKeyError:  # two that make the same budget: the second finds it made
                if last:
                    raise
            else:
                assert stored is not None  # it is made where there is none
                return budget_of(stored)
        raise AssertionError


def budget_of(stored: Mapping[str, Any]) -> Budget:
    """Make the budget of a stored document."""
    aside, alone = stored.get("aside") or {}, stored.get("alone") or {}
    return Budget(
        id=stored["_id"],
        platform=stored["platform"],
        credential=stored["credential"],
        host=stored["host"],
        meter=stored["meter"],
        at=stored["at"],
        told=bool(stored.get("told")),
        free=bool(stored.get("free")) and not stored.get("told"),
        window=int(stored.get("window", 0)),
        left=stored.get("left"),
        limit=stored.get("limit"),
        window_s=stored.get("window_s"),
        reset_at=stored.get("reset_at"),
        not_before=stored.get("not_before"),
        alone_until=alone.get("until"),
        one_by_one_until=stored.get("one_by_one_until"),
        aside_until=aside.get("until"),
        aside_reason=aside.get("reason"),
        calls=int(stored.get("calls", 0)),
        users=tuple(User(**user) for user in stored.get("users", ())),
        granted=int(stored.get("granted", 0)),
        went_alone=bool(stored.get("went_alone")),
    )
