"""What Prometheus is told: the counters and the state of the whole fleet out of MongoDB, and this process's own memory and CPU.

Whoever serves it tells the same of the fleet, so one address is enough, and a scrape of several must not be added up. Labels are
bounded: platforms, the fixed words of states, roles, versions. Nothing is told per source, topic, node or job.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.store.fleet_view import FleetView
from monitor.store.processes import Labels

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Counter -> what it counts, and its labels. What a newer release counts is told as soon as this one knows it.
COUNTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "pages": ("Pages that were read and stored", ("platform",)),
    "posts": ("Posts of pages, by what became of them", ("fate", "platform")),
    "requests": ("Requests sent to platforms, with those tried again", ("platform",)),
    "source_failures": ("Polls that ended badly, by what is to be done", ("kind", "platform")),
    "crawls": ("Crawls that ended, by how", ("platform", "reason")),
    "planner_rounds": ("Rounds of planners that had the turn", ()),
    "shifts_queued": ("Shifts that planners queued", ()),
    "scored_posts": ("Posts that the scoring stage worked on", ("outcome",)),
    "counted_hours": ("Hours that the rollup stage counted", ("outcome",)),
    "indexed_hours": ("Hours that the word index took in", ("outcome",)),
    "process_cpu_seconds": ("CPU seconds of our processes but nodes", ("role",)),
}


@dataclass(eq=False, slots=True)  # a registry keeps its collectors by identity
class _Told(Collector):
    """Families that were made before: the driver is asynchronous and a registry is not."""

    families: list[Metric] = field(default_factory=list)

    def collect(self) -> Iterable[Metric]:
        return self.families


def exposition(view: FleetView, counters: Mapping[tuple[str, Labels], float]) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(_Told([*_counted(counters), *_states(view)]))
    return generate_latest(registry)


def _counted(counters: Mapping[tuple[str, Labels], float]) -> Iterator[Metric]:
    for name, (says, labels) in COUNTERS.items():
        family = CounterMetricFamily(f"monitor_{name}", f"{says}.", labels=labels)
        for (counted, pairs), value in counters.items():
            given = dict(pairs)
            if counted == name and set(given) == set(labels):
                family.add_metric([given[label] for label in labels], value)
        yield family


def _states(view: FleetView) -> Iterator[Metric]:
    yield _gauge(
        "monitor_sources", "Sources by the seven words for how they do.", ("platform", "state"), view.sources_by_state()
    )
    yield _gauge(
        "monitor_oldest_due_seconds", "How long the source waits that waits longest.", ("platform",), view.longest_waits()
    )
    yield _gauge(
        "monitor_jobs", "Jobs in the queue by state; ended ones as long as they are kept.", ("state",), view.jobs_by_state()
    )
    yield _gauge("monitor_nodes", "Nodes by whether they gave a sign of life lately.", ("state",), view.nodes_by_state())
    yield _gauge(
        "monitor_processes", "Programs that run, nodes and crawls besides.", ("role", "version"), view.processes_by_role()
    )
    yield _gauge(
        "monitor_process_memory_bytes", "Most memory of programs that run, added up.", ("role",), view.memory_by_role()
    )


def _gauge(name: str, says: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=labels)
    for given, value in sorted(values.items()):
        family.add_metric(list(given), value)
    return family
