"""One look of a node at MongoDB, in a thread: say that it lives, hold on to its jobs, write down what ended, take what waits.

The invariant: whatever fails here fails this look alone, and the next one makes good what it left out.
"""

import logging
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import monitor
from monitor.errors import StoreUnavailableError
from monitor.fleet.allowed import PROJECT
from monitor.fleet.local_node import LocalNode
from monitor.fleet.requirement import missing
from monitor.store.eggs import Egg
from monitor.store.jobs import Job

logger = logging.getLogger(__name__)

TAIL_BYTES = 64 * 1024
# So often in each lease a job renews it; its node does more often.
RENEWALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A process that ended.

    `given_back`: it was cut short by the node's own end, so the job is queued again. `said`: instead of a log.
    """

    job: str
    exit_code: int
    log: Path
    given_back: bool = False
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look found. `recorded`: ended jobs that are written down; `lost`: running ones that are another's by now."""

    claimed: tuple[Job, ...] = ()
    recorded: frozenset[str] = frozenset()
    cancelled: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()


@dataclass
class Looker:
    """What a node remembers between its looks. One thread at a time."""

    node: LocalNode
    _started: bool = False
    _since: float | None = None  # since when MongoDB has answered without a break in which leases could have run out
    _answered: float | None = None  # when it answered last
    _failed: bool = False
    _problem: str | None = None
    _judged: str | None = None
    _usurped: bool = False

    def look(self, *, free: int, running: Collection[str], ended: Mapping[str, Ended]) -> Seen:
        """Look once. `running` have processes, or are about to. Raises StoreUnavailableError."""
        try:
            seen = self._look(free=free, running=running, ended=ended)
        except BaseException:
            self._failed = True
            raise
        self._failed, self._answered = False, time.monotonic()
        if self._since is None:
            self._since = self._answered
        return seen

    def leave(self, ended: Mapping[str, Ended], *, unstarted: Collection[str]) -> None:
        """Write down what ended, queue what was not begun again, and forget this node."""
        self._record(ended)
        self.node.jobs.give_back(unstarted, boot=self.node.boot)
        self.node.nodes.remove(self.node.name, boot=self.node.boot)

    def _look(self, *, free: int, running: Collection[str], ended: Mapping[str, Ended]) -> Seen:
        node = self.node
        egg = node.eggs.find(PROJECT)
        draining = self._beat(egg, running=len(running))
        recorded = self._record(ended)
        held = node.jobs.renew(running, boot=node.boot, lease_s=node.lease_s)
        node.jobs.give_back_strangers([*running, *ended], boot=node.boot)
        if self._may_requeue():
            self._requeue_lost()
        takes = not draining and not self._usurped and egg is not None and self._problem is None
        return Seen(
            claimed=self._claimed(free, besides=running) if takes else (),
            recorded=recorded,
            cancelled=frozenset(job for job, cancelled in held.items() if cancelled),
            lost=frozenset(running) - held.keys(),
        )

    def _beat(self, egg: Egg | None, *, running: int) -> bool:
        node = self.node
        self._judge(egg)
        told = {
            "address": node.address,
            "version": monitor.__version__,
            "egg": None if egg is None else egg.version,
            "max_proc": node.max_proc,
            "running": running,
            "problem": self._problem,
            "load": os.getloadavg()[0],
            "host": node.host,
            "pid": os.getpid(),
            "lease_s": node.lease_s,
        }
        if not self._started:
            node.nodes.start(node.name, boot=node.boot, told=told)
            self._take_over()
            self._started = True
        draining = node.nodes.beat(node.name, boot=node.boot, told=told)
        if draining is None and not self._usurped:
            logger.error("event=name_taken node=%s: another process has this name; this one takes no more jobs", node.name)
        self._usurped = draining is None
        return bool(draining)

    def _take_over(self) -> None:
        """Queue again what the last life of this node held, where its process is gone; the rest ends with its lease."""
        node = self.node
        before = node.jobs.leased_before(node.name, boot=node.boot, host=node.host)
        for job in before:
            if (
                job.boot is not None
                and (job.pid is None or not Path(f"/proc/{job.pid}").exists())
                and Path("/proc/self").exists()
            ):
                node.jobs.give_back([job.id], boot=job.boot)
                logger.warning("event=job_requeued job=%s: the node died while it ran", job.id)

    def _judge(self, egg: Egg | None) -> None:
        """Whether this machine has what the newest egg needs; looked at once per egg."""
        if egg is None or egg.sha256 == self._judged:
            return
        lacks = missing(egg.requires)
        self._problem = f"version {egg.version} requires {', '.join(lacks)}" if lacks else None
        self._judged = egg.sha256
        if self._problem is not None:
            logger.error(
                "event=requirements_missing node=%s: %s; it takes no jobs until it is installed", self.node.name, self._problem
            )

    def _record(self, ended: Mapping[str, Ended]) -> frozenset[str]:
        node = self.node
        for each in ended.values():
            if each.given_back:
                node.jobs.give_back([each.job], boot=node.boot)
            elif not node.jobs.finish(each.job, boot=node.boot, exit_code=each.exit_code, log_tail=each.said or tail(each.log)):
                logger.warning("event=late_finish job=%s: its lease was lost, so its end is ignored", each.job)
        return frozenset(ended)

    def _may_requeue(self) -> bool:
        """After an outage leases have run out: those who hold them get their turn to renew first.

        They renew three times in each lease or more often, so that a shorter break than that ends no lease that is kept.
        """
        now, lease_s = time.monotonic(), self.node.lease_s
        if self._failed and (self._answered is None or now - self._answered >= lease_s / RENEWALS):
            self._since = None
        return self._since is not None and now - self._since >= lease_s

    def _requeue_lost(self) -> None:
        if count := self.node.jobs.requeue_lost():
            logger.warning("event=jobs_requeued count=%s: nobody had renewed their leases", count)

    def _claimed(self, free: int, *, besides: Collection[str]) -> tuple[Job, ...]:
        node, claimed = self.node, []
        for _ in range(free):
            try:
                job = node.jobs.claim(
                    PROJECT, node=node.name, boot=node.boot, host=node.host, lease_s=node.lease_s, besides=besides
                )
            except StoreUnavailableError as error:  # what was claimed before it must not be forgotten
                logger.warning("event=claim_failed reason=%s", error)
                break
            if job is None:
                break
            claimed.append(job)
        return tuple(claimed)


def tail(log: Path) -> str:
    """The end of a log; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
