"""scrapyd's launcher: a process per job, of the egg's code, in a cleaned environment; ended when its lease is lost or it is cancelled.

scrapyd's own leaves its processes running when it ends. Here they end first, and their jobs are queued again at once.
"""

import logging
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet import error
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from monitor.errors import MonitorError, UsageError
from monitor.fleet.assignment import Assignment
from monitor.fleet.local_node import LocalNode
from monitor.fleet.look import Ended, Seen
from monitor.fleet.passed import environment
from monitor.fleet.poller import FleetPoller
from monitor.store.eggs import Egg

logger = logging.getLogger(__name__)

# A crawl that is told to end finishes its pages; one that hangs is killed.
CLOSE_S = 20.0
# A job notices a lost lease by itself within a third of the lease and the length of a page.
NOTICE_S = 10.0
LOGS_KEPT = 50
OUTCOMES = ("well", "failed", "killed")
_RETRY_S = 2.0
_REFUSED = 2  # the exit code of a crawl that was asked for what cannot be


@dataclass
class _Ending:
    """How a process that has to end is told so: signals, each after so many seconds."""

    since: float
    steps: list[tuple[float, str]]

    @property
    def told(self) -> bool:
        """Whether it was told already: by a second signal a crawl ends without finishing its pages."""
        return not self.steps or self.steps[0][1] == "KILL"


class JobProcess(ProcessProtocol):
    """A job's process, and how it ended."""

    def __init__(self, job: str) -> None:
        self.job = job
        self.exit_code = 0
        self.over: Deferred[JobProcess] = Deferred()

    def outReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """Called with what it prints; a crawl writes its log into a file."""
        logger.info("event=job_said job=%s: %s", self.job, data.decode("utf-8", "replace").rstrip())

    def errReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """Called with what it complains of."""
        self.outReceived(data)

    def processEnded(self, status: Failure) -> None:  # noqa: N802 (Twisted's name)
        """Called when it has ended."""
        ended = status.value
        signal = getattr(ended, "signal", None)
        self.exit_code = -signal if signal else int(getattr(ended, "exitCode", None) or 0)
        self.over.callback(self)

    def tell(self, signal: str) -> None:
        """Send a signal, unless it has ended."""
        transport: Any = self.transport
        with suppress(error.ProcessExitedAlready):
            transport.signalProcess(signal)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a process needs: the egg, its log, its environment."""

    egg: Egg
    log: Path
    environment: Mapping[str, str] = field(repr=False)


class FleetLauncher(Service):
    """`processes` by slot; `outcomes`: how many jobs ended well, failed or were killed here.

    All methods run in the reactor's thread, but for `prepare`.
    """

    name = "launcher"  # by which scrapyd finds it

    def __init__(self, node: LocalNode, poller: FleetPoller, reactor: Any, pool: ThreadPool) -> None:
        self.processes: Mapping[int, JobProcess] = {}
        self.outcomes = dict.fromkeys(OUTCOMES, 0)
        self._node, self._poller, self._reactor, self._pool = node, poller, reactor, pool
        self._endings: dict[str, _Ending] = {}
        self._stopping = False
        poller.on_look = self._heed

    def startService(self) -> None:  # noqa: N802 (Twisted's name)
        """Let every slot wait for a job."""
        super().startService()
        for slot in range(self._node.max_proc):
            self._get_message(slot)

    def _get_message(self, slot: int) -> None:
        if not self._stopping:
            self._poller.next().addCallback(self._begin, slot)

    def _begin(self, message: dict[str, Any], slot: int) -> None:
        prepared = deferToThreadPool(self._reactor, self._pool, self.prepare, message)
        prepared.addCallback(self._spawn, message, slot).addErrback(self._unspawned, message, slot)

    def prepare(self, message: Mapping[str, Any]) -> Prepared:
        """Fetch the egg and make room for the log; in a thread. Raises UsageError where no such version is there."""
        node = self._node
        egg = node.eggs.find(message["_project"], message.get("_version"))
        if egg is None:
            raise UsageError(f"There is no version {message.get('_version') or 'to run'} any more.")
        told = Assignment(egg=str(node.files.code(egg)), parent=os.getpid(), node=node.name, boot=node.boot)
        log = node.logs / message["_project"] / message["_spider"] / f"{message['_job']}.log"
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _forget_logs(log.parent)
        return Prepared(egg=egg, log=log, environment=environment(node.config, told, spider=message["_spider"]))

    def _spawn(self, prepared: Prepared, message: Mapping[str, Any], slot: int) -> None:
        job = message["_job"]
        if self._stopping:
            self._poller.give_back(job)
            return
        args = [sys.executable, "-P", "-m", "monitor.fleet.runner", "crawl", *crawl_arguments(message, prepared.log)]
        process = JobProcess(job)
        process.over.addCallback(self._process_finished, slot, prepared)
        self.processes = {**self.processes, slot: process}  # replaced, since other threads read it
        env = dict(prepared.environment)
        started = self._reactor.spawnProcess(process, sys.executable, args=args, env=env, path=str(self._node.folder))
        logger.info("event=job_started job=%s spider=%s version=%s", job, message["_spider"], prepared.egg.version)
        noted = deferToThreadPool(
            self._reactor,
            self._pool,
            self._node.jobs.start,
            job,
            boot=self._node.boot,
            pid=started.pid,
            ran=prepared.egg.version,
        )
        noted.addErrback(lambda failure: logger.warning("event=start_not_noted job=%s reason=%s", job, failure.value))

    def _unspawned(self, failure: Failure, message: dict[str, Any], slot: int) -> None:
        """Queue the job again: another node may be able to, or this one later. What nobody can run is over."""
        job = message["_job"]
        reason = str(failure.value) if failure.check(MonitorError, OSError) else failure.getTraceback()
        logger.error("event=job_not_started job=%s reason=%s", job, reason)
        if failure.check(UsageError):
            self._poller.ended(Ended(job=job, exit_code=_REFUSED, log=self._node.logs / "none", said=reason))
        else:
            self._poller.give_back(job)
        self._reactor.callLater(_RETRY_S, self._get_message, slot)

    def _process_finished(self, process: JobProcess, slot: int, prepared: Prepared) -> None:
        logger.info("event=job_ended job=%s exit_code=%s", process.job, process.exit_code)
        self.processes = {other: each for other, each in self.processes.items() if other != slot}
        self._endings.pop(process.job, None)
        self.outcomes[outcome(process.exit_code)] += 1
        cut_short = self._stopping and process.exit_code != 0
        self._poller.ended(Ended(job=process.job, exit_code=process.exit_code, log=prepared.log, given_back=cut_short))
        self._get_message(slot)

    # ---- ending what has to end

    def _heed(self, seen: Seen) -> None:
        """After each look: what was cancelled is told at once, what lost its lease when it does not end by itself."""
        now = time.monotonic()
        for process in self.processes.values():
            if process.job in seen.cancelled:
                self._endings.setdefault(process.job, _Ending(now, [(0.0, "INT"), (CLOSE_S, "KILL")]))
            elif process.job in seen.lost:
                self._endings.setdefault(process.job, _Ending(now, [(NOTICE_S, "TERM"), (NOTICE_S + CLOSE_S, "KILL")]))
        self._remind()

    def _remind(self) -> None:
        now = time.monotonic()
        for process in self.processes.values():
            ending = self._endings.get(process.job)
            while ending is not None and ending.steps and now - ending.since >= ending.steps[0][0]:
                process.tell(ending.steps.pop(0)[1])

    def cancel(self, job: str, signal: str) -> None:
        """Tell a process of this node to end, if it is one; a cancel that came from elsewhere is seen at the next look."""
        for process in self.processes.values():
            if process.job == job and job not in self._endings:
                self._endings[job] = _Ending(time.monotonic(), [(CLOSE_S, "KILL")])
                process.tell(signal)

    def stopService(self) -> "Deferred[None]":  # noqa: N802 (Twisted's name)
        """End all processes, queue their jobs again, and only then let the node end."""
        super().stopService()
        self._stopping = True
        over = [self._over(process) for process in self.processes.values()]
        ended: Deferred[Any] = gatherResults(over, consumeErrors=True)
        return ended.addBoth(lambda _: self._poller.stop())

    def _over(self, process: JobProcess) -> "Deferred[None]":
        over: Deferred[None] = Deferred()
        process.over.addBoth(lambda _: over.callback(None))
        ending = self._endings.get(process.job)
        if ending is None or not ending.told:
            self._endings[process.job] = _Ending(time.monotonic(), [])  # a look that is under way tells it no second time
            process.tell("TERM")
        killing = self._reactor.callLater(CLOSE_S, process.tell, "KILL")
        return over.addBoth(lambda _: killing.cancel() if killing.active() else None)


def outcome(exit_code: int) -> str:
    """One of OUTCOMES, by an exit code or the negative number of a signal."""
    return OUTCOMES[0] if exit_code == 0 else OUTCOMES[1] if exit_code > 0 else OUTCOMES[2]


def crawl_arguments(message: Mapping[str, Any], log: Path) -> list[str]:
    """The arguments of `scrapy crawl`: platform, settings, spider arguments. Everybody on the machine can read them."""
    settings = {**message.get("settings", {}), "LOG_FILE": str(log)}
    spider = {name: value for name, value in message.items() if name not in {"_project", "_spider", "_version", "settings"}}
    found = [message["_spider"]]
    for name, value in settings.items():
        found += ["-s", f"{name}={value}"]
    for name, value in spider.items():
        found += ["-a", f"{name}={value}"]
    return found


def _forget_logs(folder: Path) -> None:
    with suppress(OSError):
        for old in sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime)[:-LOGS_KEPT]:
            old.unlink()
