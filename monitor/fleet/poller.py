"""scrapyd's poller: looks at MongoDB every second in a thread, gives jobs to free process slots, and tells which are to end.

A look that fails is logged and the next one comes; scrapyd's own poller stops for good at its first error.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from scrapyd.interfaces import IPoller
from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.interfaces import IReactorThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from monitor.errors import StoreUnavailableError
from monitor.fleet.allowed import PROJECT
from monitor.fleet.local_node import LocalNode
from monitor.fleet.look import Ended, Looker, Seen
from monitor.fleet.queue import FleetQueue
from monitor.store.jobs import Job

logger = logging.getLogger(__name__)

EVERY_S = 1.0


@implementer(IPoller)
class FleetPoller:
    """`held` are the jobs of this node from their claim until their end is written down."""

    def __init__(self, node: LocalNode, reactor: IReactorThreads, pool: ThreadPool) -> None:
        self.queues: Mapping[str, FleetQueue] = {PROJECT: FleetQueue(node)}
        self.held: dict[str, Job] = {}
        self.on_look: Callable[[Seen], None] = lambda _seen: None
        self._reactor, self._pool = reactor, pool
        self._looker = Looker(node)
        self._ended: dict[str, Ended] = {}
        self._free: DeferredQueue[dict[str, Any]] = DeferredQueue()
        self._looking: Deferred[None] | None = None
        self._again = self._stopping = False

    def next(self) -> "Deferred[dict[str, Any]]":
        """The next job for a slot that is free now."""
        return self._free.get()

    def update_projects(self) -> None:
        """Nothing: there is one project, whatever was deployed."""

    def poll(self) -> None:
        """Look, unless a look is under way; never fails."""
        if self._looking is not None or self._stopping:
            self._again = True
            return
        self._again = False
        running = [job for job in self.held if job not in self._ended]
        # The lists are copied here, in the reactor's thread.
        looked = deferToThreadPool(
            self._reactor, self._pool, self._looker.look, free=len(self._free.waiting), running=running, ended=dict(self._ended)
        )
        self._looking = looked.addCallbacks(self._seen, _failed).addErrback(_failed).addBoth(self._looked)

    def ended(self, ended: Ended) -> None:
        """A job's process has ended; it is written down by the next look, which is now."""
        self._ended[ended.job] = ended
        self.poll()

    def give_back(self, job: str) -> None:
        """A job could not be begun here."""
        self._ended[job] = Ended(job=job, exit_code=0, log=self._looker.node.logs / "none", given_back=True)

    def stop(self) -> "Deferred[None]":
        """Take no more jobs, write down what ended and give the rest back."""
        self._stopping = True
        waited: Deferred[None] = Deferred()
        if self._looking is None:
            waited.callback(None)
        else:
            self._looking.addBoth(lambda _: waited.callback(None))
        return waited.addCallback(lambda _: self._leave()).addErrback(_failed)

    def _leave(self) -> "Deferred[None]":
        unstarted = [job for job in self.held if job not in self._ended]
        return deferToThreadPool(self._reactor, self._pool, self._looker.leave, dict(self._ended), unstarted=unstarted)

    def _seen(self, seen: Seen) -> None:
        for job in seen.recorded:
            self._ended.pop(job, None)
            self.held.pop(job, None)
        for claimed in seen.claimed:
            self.held[claimed.id] = claimed
            if not self._stopping:
                self._free.put(message(claimed))
        self.on_look(seen)

    def _looked(self, _: object) -> None:
        self._looking = None
        if self._again and not self._stopping:
            self.poll()


def message(job: Job) -> dict[str, Any]:
    """A job as scrapyd's launcher takes it."""
    told: dict[str, Any] = {**job.args, "_project": job.project, "_spider": job.spider, "_job": job.id}
    return {**told, "settings": dict(job.settings), **({} if job.version is None else {"_version": job.version})}


def _failed(failure: Failure) -> None:
    if failure.check(StoreUnavailableError):
        logger.warning("event=look_failed reason=%s", failure.value)
    else:
        logger.error("event=look_broken: %s", failure.getTraceback())
