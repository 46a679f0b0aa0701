"""What a person should know about the fleet as a whole, and do about it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.field_drop import drops
from monitor.fleet.silence import is_collecting
from monitor.store.fleet_view import FleetView

# A job that may start is taken within a second or two where a node has room.
QUEUED_LONG_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """`says`: what is wrong; `do`: what mends it."""

    says: str
    do: str


def advice(view: FleetView) -> list[Advice]:
    """What needs somebody, the worst first; empty where all is well."""
    return [*_nobody(view), *_nodes(view), *_queue(view), *_versions(view)]


def _nobody(view: FleetView) -> Iterator[Advice]:
    waiting = sum(source.waits_s > 0 and source.word != "paused" for source in view.sources)
    if waiting and not is_collecting(view):
        yield Advice(
            says=f"{waiting:,} sources are due, and no node and no crawl is at work.",
            do="Start everything with: monitor up. On each machine of a fleet: monitor fleet node",
        )
    roles = {process.role for process in view.processes if process.alive}
    if any(node.state == "alive" for node in view.nodes) and "planner" not in roles:
        yield Advice(
            says="Nodes run, and no planner: nothing is queued for them.", do="Start one, or two: monitor fleet planner"
        )


def _nodes(view: FleetView) -> Iterator[Advice]:
    for node in view.nodes:
        if node.state == "silent":
            yield Advice(
                says=f"Node {node.name} has given no sign of life for {node.silent_s:,.0f} s; others do its jobs.",
                do="Look after that machine; when it is gone for good nothing more needs to be done.",
            )
        elif node.problem:
            yield Advice(
                says=f"Node {node.name} says: {node.problem.rstrip('.')}.", do="Mend it there, and start the node again."
            )
    for platform, reason in view.dead:
        yield Advice(
            says=f"A job of {platform} was given up: {reason.rstrip('.')}.",
            do="Its log tells more: monitor fleet logs. The planner queues a new one.",
        )


def _queue(view: FleetView) -> Iterator[Advice]:
    if view.pending_s is not None and view.pending_s > QUEUED_LONG_S and any(node.state == "alive" for node in view.nodes):
        yield Advice(
            says=f"A job has waited for {view.pending_s / 60:,.0f} minutes: the nodes have no room.",
            do="Start another node, or give one more processes: monitor fleet node --max-proc",
        )
    late = sum(source.word == "late" for source in view.sources)
    if late and is_collecting(view):
        yield Advice(
            says=f"{late:,} sources are late by more than five minutes.",
            do="Where jobs wait: another node. Where none do: more shifts at a time, monitor fleet planner --most",
        )


def _versions(view: FleetView) -> Iterator[Advice]:
    if len(versions := view.versions()) > 1:
        each = "; ".join(f"{version} ({', '.join(who)})" for version, who in versions.items())
        yield Advice(
            says=f"Mixed versions of this program run: {each}.",
            do="During an upgrade that is as it should be; after it restart what was left out.",
        )
    eggs = {node.egg for node in view.nodes if node.state != "silent" and node.egg}
    if len(eggs) > 1:
        yield Advice(
            says=f"Nodes have seen different deployed versions: {', '.join(sorted(eggs))}.",
            do="Wait some seconds after a deploy; if it stays so, look at the nodes' logs.",
        )
    for egg in view.eggs:
        if egg.stopped:
            yield Advice(
                says=f"The deployed version {egg.version} is stopped: {egg.stopped.rstrip('.')}.",
                do="Mend the platform's file and deploy a new version; shifts use the newest that is not stopped.",
            )
    usable = [egg.version for egg in reversed(view.eggs) if not egg.stopped]
    for drop in drops(view.filled, versions=usable):
        if drop.against is None:
            yield Advice(
                says=f"In version {drop.version} {drop}: the platform has changed.",
                do=f"See what it sends now: scrapy probe {drop.platform}. Then mend spiders/{drop.platform}.py and deploy it.",
            )
