"""scrapyd's spider queue: the pending jobs of the fleet."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from scrapyd.interfaces import ISpiderQueue
from zope.interface import implementer

from monitor.fleet.allowed import PROJECT
from monitor.fleet.local_node import LocalNode
from monitor.store.jobs import Job


@implementer(ISpiderQueue)
class FleetQueue:
    """The queue of the one project. Raises StoreUnavailableError where MongoDB is away, but for what is only shown."""

    def __init__(self, node: LocalNode, project: str = PROJECT) -> None:
        self._node, self._project = node, project

    def add(self, name: str, priority: float = 0.0, **spider_args: Any) -> None:
        """Queue a job for any node."""
        args = dict(spider_args)
        job_id, version = str(args.pop("_job", None) or uuid4().hex), args.pop("_version", None)
        settings = args.pop("settings", {})
        self._node.remembered.ask(
            lambda: self._node.jobs.add(
                job_id, project=self._project, spider=name, version=version, args=args, settings=settings, priority=priority
            )
        )

    def pop(self) -> dict[str, Any] | None:
        """Lease the next job to this node. The node's own poller claims by itself."""
        node = self._node
        job = node.jobs.claim(self._project, node=node.name, boot=node.boot, host=node.host, lease_s=node.lease_s)
        return None if job is None else message(job)

    def list(self) -> list[dict[str, Any]]:
        """Pending jobs, the next one first."""
        return [message(job) for job in self._waiting()]

    def count(self) -> int:
        """How many wait."""
        return len(self._waiting())

    def remove(self, func: Callable[[dict[str, Any]], bool]) -> int:
        """Cancel the pending jobs that are meant; returns how many."""
        meant = [
            job.id for job in self._node.remembered.ask(lambda: self._node.jobs.waiting(self._project)) if func(message(job))
        ]
        return sum(self._node.jobs.cancel(job, project=self._project) == "pending" for job in meant)

    def clear(self) -> None:
        """Cancel all pending jobs."""
        self.remove(lambda _: True)

    def _waiting(self) -> Sequence[Job]:
        return self._node.remembered.read("waiting", lambda: self._node.jobs.waiting(self._project))


def message(job: Job) -> dict[str, Any]:
    """A pending job as scrapyd lists it."""
    version = {} if job.version is None else {"_version": job.version}
    return {**job.args, "name": job.spider, "_job": job.id, "settings": dict(job.settings), **version}
