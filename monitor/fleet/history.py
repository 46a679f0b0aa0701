"""scrapyd's job store: jobs that ended, of all nodes, the newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from scrapyd.interfaces import IJobStorage
from zope.interface import implementer

from monitor import clock
from monitor.fleet.local_node import LocalNode
from monitor.store.jobs import Job

KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownJob:
    """A job as scrapyd's pages and API show it; times are this machine's, without a zone, as scrapyd's are."""

    project: str
    spider: str
    job: str
    start_time: datetime
    end_time: datetime | None
    pid: int | None


@implementer(IJobStorage)
class History:
    """Who ran a job writes its end down with the lease, so adding does nothing here."""

    def __init__(self, node: LocalNode) -> None:
        self._node = node

    def add(self, job: object) -> None:
        """Nothing: see the poller."""

    def list(self) -> list[ShownJob]:
        """The last jobs that ended."""
        return [shown(job) for job in self._node.remembered.read("ended", lambda: self._node.jobs.ended(limit=KEPT))]

    def __len__(self) -> int:
        return len(self.list())

    def __iter__(self) -> Iterator[ShownJob]:
        return iter(self.list())


def shown(job: Job) -> ShownJob:
    """A job for scrapyd's pages."""
    began = job.started_at or job.created_at or job.ended_at or clock.now()
    return ShownJob(
        project=job.project,
        spider=job.spider,
        job=job.id,
        start_time=_local(began),
        end_time=None if job.ended_at is None else _local(job.ended_at),
        pid=job.pid,
    )


def _local(moment: datetime) -> datetime:
    return moment.astimezone().replace(tzinfo=None) if moment.tzinfo else moment
