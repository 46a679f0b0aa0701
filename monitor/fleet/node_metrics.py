"""`/metrics` of a node: this process and its jobs, for Prometheus. MongoDB is not asked, so it answers while that is away."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, PlatformCollector, ProcessCollector, generate_latest
from twisted.web.resource import Resource
from twisted.web.server import Request

from monitor.fleet.launcher import FleetLauncher
from monitor.fleet.metrics import CONTENT_TYPE


class NodeMetrics(Resource):
    """Rendered in the reactor's thread, from memory."""

    isLeaf = True  # noqa: N815 (Twisted's name)

    def __init__(self, launcher: FleetLauncher, *, max_proc: int) -> None:
        super().__init__()
        self._launcher, self._max_proc = launcher, max_proc

    def render_GET(self, request: Request) -> bytes:  # noqa: N802 (Twisted's name)
        """The text that Prometheus reads."""
        request.setHeader("Content-Type", CONTENT_TYPE)
        return exposition(running=len(self._launcher.processes), max_proc=self._max_proc, ended=self._launcher.outcomes)


def exposition(*, running: int, max_proc: int, ended: Mapping[str, int]) -> bytes:
    """Of a node that runs so many jobs, may run so many, and saw so many end, by outcome."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    Gauge("monitor_node_jobs", "Jobs that this node runs.", registry=registry).set(running)
    Gauge("monitor_node_slots", "Jobs that this node may run at once.", registry=registry).set(max_proc)
    counted = Counter("monitor_node_jobs_ended", "Jobs that ended on this node, by how.", ["outcome"], registry=registry)
    for outcome, times in ended.items():
        counted.labels(outcome).inc(times)
    return generate_latest(registry)
