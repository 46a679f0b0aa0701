"""scrapyd's web console and API over the whole fleet: the root of its resources, each rendered in a thread."""

from dataclasses import dataclass
from typing import Any

from scrapyd.website import Root
from twisted.internet.interfaces import IReactorThreads
from twisted.python.threadpool import ThreadPool
from twisted.web.static import File

from monitor.fleet.deploy import deploy
from monitor.fleet.history import History, ShownJob, shown
from monitor.fleet.launcher import FleetLauncher
from monitor.fleet.local_node import LocalNode
from monitor.fleet.node_metrics import NodeMetrics
from monitor.fleet.services import InThread
from monitor.store.eggs import Egg
from monitor.store.synchronous import ANSWER_S


@dataclass(frozen=True, kw_only=True)
class Everywhere:
    """What scrapyd's pages take for the launcher: processes and ended jobs, of all nodes."""

    processes: dict[str, ShownJob]
    finished: History


class FleetRoot(Root):  # type: ignore[misc]  # scrapyd has no types
    """The root of a node's resources."""

    def __init__(  # noqa: PLR0913 - each by keyword
        self, config: Any, app: Any, *, node: LocalNode, launcher: FleetLauncher, reactor: IReactorThreads, pool: ThreadPool
    ) -> None:
        self.node, self._launcher, self._history, self._reactor = node, launcher, History(node), reactor
        super().__init__(config, app)
        for name, child in list(self.children.items()):
            if not isinstance(child, File):
                # A deploy takes as long as its spiders need to be loaded; MongoDB is asked only then.
                answer_s = None if name == b"addversion.json" else ANSWER_S
                self.children[name] = InThread(child, reactor, pool, answer_s=answer_s)
        self.putChild(b"metrics", NodeMetrics(launcher, max_proc=node.max_proc))

    @property
    def launcher(self) -> Everywhere:
        """The jobs of the fleet."""
        running = self.node.remembered.read("running", self.node.jobs.running)
        return Everywhere(processes={job.id: shown(job) for job in running}, finished=self._history)

    def cancel_here(self, job: str, signal: str) -> None:
        """End a job's process at once where this node runs it; from any thread."""
        self._reactor.callFromThread(self._launcher.cancel, job, signal)

    def node_deploy(self, egg: bytes, *, project: str, version: str) -> Egg:
        """Store a version. Raises UsageError."""
        return deploy(egg, project=project, version=version, config=self.node.config, eggs=self.node.eggs)
