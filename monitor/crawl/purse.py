"""All shared budgets of one crawl: which credential is used next, what has been noted elsewhere, and what is left at the end.

Where a platform tells nothing, requests go out without asking MongoDB; from time to time one look for the whole platform shows
whether another process was refused.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.allowance import DAY_S, Share
from monitor.crawl.credential import Credential, credentials
from monitor.crawl.outcome import AFTER_REFUSAL_S
from monitor.crawl.permits import Permits
from monitor.errors import CredentialsError, MonitorError, StoreUnavailableError
from monitor.source import Source
from monitor.store.budget_change import Name, Quota
from monitor.store.budgets import Budgets
from monitor.store.connection import Store

if TYPE_CHECKING:
    from monitor.crawl.spider import PlatformSpider

logger = logging.getLogger(__name__)

LOOK_S = 0.5  # how long a refusal of a budget that is not counted may go unnoticed by the other processes
COUNT_S = 30.0  # how often calls are told that nobody has to count
OVERLAP = timedelta(seconds=10)  # of two looks: commands take their time, and the server's clock may be set back
# Of different sources, in a row: one that is closed to this account refuses too, and says nothing of the credential.
REFUSALS = 3


class Purse:
    """The permits of one process, by budget."""

    def __init__(self, *, owner: str, store: Callable[[], Awaitable[Store]], opened: Callable[[], bool]) -> None:
        self.owner = owner
        self._opened = opened
        self.permits: dict[str, Permits] = {}
        self.sharing: dict[str, tuple[float, Mapping[str, Share]]] = {}  # by limit: when looked at, and what counts against it
        self._store = store
        self._credentials: dict[str, tuple[Credential, ...]] = {}
        self._refused: dict[str, set[str]] = defaultdict(set)
        self._noted: datetime | None = None
        self._looking: asyncio.Task[None] | None = None
        self._next_look = self._next_count = 0.0

    def of(self, name: Name) -> Permits:
        """This process's part of a budget."""
        if name.id not in self.permits:
            self.permits[name.id] = Permits(name, budgets=self._budgets, owner=self.owner)
        return self.permits[name.id]

    def without(self, spider: "PlatformSpider", source: Source) -> Credential | None:
        """What a source is asked with that needs no credential, or has none; None where there is something to choose."""
        (first, *_) = self._known(spider, source)
        return None if first.variables else first

    async def choose(
        self, spider: "PlatformSpider", source: Source, *, host: str, meter: str, besides: Collection[str] = ()
    ) -> Credential:
        """The credential to ask `source` with: of several values the one with most left, none that was refused.

        `besides`: ids of those that this request was refused with. Raises CredentialsError where all were refused lately.
        """
        known = self._known(spider, source)
        if not self._opened():  # a probe shares nothing
            return next(each for each in known if each.id not in besides)
        found = [(each, self.of(name_of(spider, each, host=host, meter=meter))) for each in known if each.id not in besides]
        await asyncio.gather(*(permits.known() for _, permits in found))
        at = time.monotonic()
        usable = [(each, permits) for each, permits in found if permits.aside(at) is None]
        if not usable:
            reasons = [reason for _, permits in found if (reason := permits.aside(at)) is not None]
            raise CredentialsError(
                f"{' and '.join(known[0].variables)}: {'each value was' if len(known) > 1 else 'it was'} refused lately and is "
                f"tried again within {AFTER_REFUSAL_S / 60:.0f} minutes, or as soon as it changes. {' '.join(reasons[:1])}".rstrip()
            )
        # The first of equals, so that one is kept as long as it is as good as any.
        return min(usable, key=lambda each: (each[1].kept_away_s(at), -each[1].left(at)))[0]

    def label(self, spider: "PlatformSpider", source: Source) -> tuple[str, int]:
        """What the credentials of a source are called together, and how many there are."""
        known = self._known(spider, source)
        return known[0].label, len(known)

    def calls_per_day(self, label: str, *, host: str, values: int) -> float | None:
        """What the limits of a credential at a host allow in a day, as far as replies told; of so many values of it."""
        known = [
            permits.budget for permits in self.permits.values() if permits.budget is not None and permits.name.host == host
        ]
        told = [
            DAY_S * budget.limit / budget.window_s
            for budget in known
            if budget.limit and budget.window_s and not budget.meter and budget.credential.partition("#")[0] == label
        ]
        return sum(told) / len(told) * values if told else None

    async def refused(self, name: Name, source: Source, error: CredentialsError) -> None:
        """A credential was refused: by 401 at once, else after several sources, it is set aside for all processes."""
        sources = self._refused[name.id]
        sources.add(source.id)
        if not self._opened():
            return
        if error.status == 401 or len(sources) >= REFUSALS:
            sources.clear()
            logger.warning("event=credential_set_aside budget=%s for_s=%g reason=%s", name.id, AFTER_REFUSAL_S, error)
            await self.of(name).set_aside(str(error), for_s=AFTER_REFUSAL_S)

    def accepted(self, name: Name) -> None:
        """A credential was good: what was refused before says nothing of it."""
        if name.id in self._refused:
            del self._refused[name.id]

    def touch(self, platform: str) -> None:
        """Called with each request: looks, without waiting, what others have noted, and tells calls that nobody counted."""
        at = time.monotonic()
        if at < self._next_look or (self._looking is not None and not self._looking.done()):
            return
        self._next_look = at + LOOK_S
        self._looking = asyncio.ensure_future(self._look(platform, count=at >= self._next_count))

    async def close(self) -> None:
        """Tell what is to be told and give back what is held; a MongoDB that is away is no matter."""
        if self._looking is not None:
            await asyncio.gather(self._looking, return_exceptions=True)
        await asyncio.gather(*(permits.close() for permits in self.permits.values()))
        with suppress(StoreUnavailableError):
            await self._count()

    async def _look(self, platform: str, *, count: bool) -> None:
        try:
            if count:
                self._next_count = time.monotonic() + COUNT_S
                await self._count()
            seen = [permits.budget.at for permits in self.permits.values() if permits.budget is not None]
            since = self._noted or min(seen, default=None)
            if since is None:
                return
            budgets, sent_at = (await self._store()).budgets, time.monotonic()
            noted = await budgets.list_all(platform=platform, noted_since=since - OVERLAP)
            for budget in noted:
                if (permits := self.permits.get(budget.id)) is not None:
                    permits.apply(budget, sent_at=sent_at, got_at=time.monotonic())
            for permits in self.permits.values():
                if permits.name.platform == platform:
                    permits.looked_at = sent_at
            self._noted = max([*seen, *(budget.at for budget in noted)])
        except MonitorError as error:
            logger.info("event=budgets_not_seen reason=%s", error)

    async def _count(self) -> None:
        calls = {name: permits.calls for name, permits in self.permits.items() if permits.calls}
        if calls:
            await (await self._store()).budgets.count(calls, owner=self.owner)
            for name, number in calls.items():
                self.permits[name].calls -= number

    async def _budgets(self) -> Budgets:
        return (await self._store()).budgets

    def _known(self, spider: "PlatformSpider", source: Source) -> tuple[Credential, ...]:
        if source.id not in self._credentials:
            self._credentials[source.id] = credentials(spider, spider.session.config, source)
        return self._credentials[source.id]


def name_of(spider: "PlatformSpider", credential: Credential, *, host: str, meter: str) -> Name:
    """The budget that a request to `host` counts against."""
    quota = None
    if spider.allowance_zone is not None:
        units = spider.allowances.get(credential.variables[0] if credential.variables else "")
        quota = None if units is None else Quota(units=units, zone=spider.allowance_zone)
    return Name(platform=spider.name, credential=credential.id, host=host, meter=meter, quota=quota)
