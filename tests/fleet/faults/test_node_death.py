"""SIGKILL of nodes in the middle of their jobs: nothing lost, nothing doubled, every source polled again soon, no orphan left.

One deploy by plain scrapyd-deploy, three nodes, a hundred sources. In turn the node alone is killed, whose jobs then have to end by
themselves, and the node with all its jobs, as when a machine loses its power. The one that was killed comes back. Seconds in which
the processes that something is expected of wanted a processor and had none are not held against them, but printed.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KILLS, KILLS_SOAKED, NODES, JOBS, SOURCES = 6, 20, 3, 3, 100
# Of sources and of jobs: two of them hold what a busy machine takes to begin a crawl.
LEASE_S = 10.0
ORPHANS_S, AGAIN_S, STEADY_S = 10.0, 2 * LEASE_S, 6.0
GIVEN_UP_S = 180.0  # of waiting; what took too long by the clocks of those who had to do it is judged in the end
LEASES = {"MONITOR_JOB_LEASE_S": str(LEASE_S)}


@dataclass
class Told:
    """What the kills showed."""

    landed: Counter[str] = field(default_factory=Counter)
    orphans_s: list[float] = field(default_factory=list)
    again_s: list[float] = field(default_factory=list)
    requeued_s: list[float] = field(default_factory=list)
    starved_s: list[float] = field(default_factory=list)
    by_two: int = 0
    looked: int = 0


@dataclass
class Clocks:
    """Of some processes, each standing still while it wants a processor and has none."""

    fleet: Any
    pids: list[int]
    begun: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._before = self._last = {pid: self.fleet.starved_s(pid) for pid in self.pids}
        self.took_s: dict[int, float] = {}  # of each that has ended

    def ended(self) -> bool:
        """Whether all have; to be asked again and again."""
        for pid in self.pids:
            if self.fleet.alive(pid):
                self._last = {**self._last, pid: self.fleet.starved_s(pid)}
            elif pid not in self.took_s:
                self.took_s[pid] = time.monotonic() - self.begun - max(0.0, self._last[pid] - self._before[pid])
        return len(self.took_s) == len(self.pids)

    def starved_s(self) -> float:
        """What every one of them has waited for a processor so far."""
        return max(0.0, min((self.fleet.starved_s(pid) - self._before[pid] for pid in self.pids), default=0.0))


def kill(fleet: Any, shifts: Any, number: int, rng: random.Random, told: Told) -> None:
    """Kill a node that runs a job, look what becomes of it, and start it again."""
    machine = bool(number % 2)
    shifts.replace_spent(fleet.nodes["node0"], attempts=3)
    shifts.await_running()
    jobs = shifts.all()
    victim = fleet.nodes[Counter(job["node"] for job in jobs.values()).most_common(1)[0][0]]
    mine = {name: int(job["attempts"]) for name, job in jobs.items() if job["node"] == victim.name}
    time.sleep(rng.uniform(0.0, 1.5))
    orphans, at, begun = victim.children(), shifts.now(), time.monotonic()
    assert orphans, "it ran no job"
    clocks = Clocks(fleet, orphans)
    others = Clocks(fleet, [pid for node in fleet.nodes.values() if node is not victim for pid in node.children()])
    (victim.kill_machine if machine else victim.kill)()
    told.landed["node and jobs" if machine else "node alone"] += 1
    fleet.wait(clocks.ended, or_say=lambda: f"orphans {orphans}", within_s=2 * ORPHANS_S)
    told.orphans_s.append(max(clocks.took_s.values()))
    shifts.await_all_polled(after=at, within_s=GIVEN_UP_S)
    told.starved_s.append(others.starved_s())
    told.again_s.append(time.monotonic() - begun - told.starved_s[-1])
    fleet.wait(
        lambda: shifts.running() and all(fleet.job(name)["attempts"] > tries for name, tries in mine.items()),
        or_say=lambda: str(shifts.all()),
    )
    told.requeued_s.append(time.monotonic() - begun)
    print(
        f"kill {number}: orphans {told.orphans_s[-1]:.1f} s, polled {told.again_s[-1]:.1f} s and {told.starved_s[-1]:.1f} s without a "
        f"processor, jobs {told.requeued_s[-1]:.1f} s",
        flush=True,
    )
    fleet.started(victim.name, **LEASES)
    since = shifts.last()
    time.sleep(STEADY_S)
    by_two, looked = shifts.polled_by_two(since=since)
    told.by_two += by_two
    told.looked += looked


def test_kills__of_nodes_in_the_middle_of_their_jobs__nothing_lost_and_nothing_doubled(
    fleet: Any, shifts: Callable[..., Any], told: Callable[..., str], begun: float, soak: bool
) -> None:
    seed, kills = random.randrange(2**31), KILLS_SOAKED if soak else KILLS
    polling, counted, rng = shifts(fleet), Told(), random.Random(seed)
    polling.lease_s = LEASE_S
    for number in range(NODES):
        fleet.start(f"node{number}", **LEASES)
    for node in fleet.nodes.values():
        fleet.wait(node.answers, or_say=node.said)
    fleet.deploy(fleet.nodes["node0"], "1.0")
    polling.watch(SOURCES)
    for number in range(JOBS):
        polling.schedule(fleet.nodes[f"node{number % NODES}"], f"shift{number}")
    polling.await_running()
    fleet.wait(lambda: len(polling.finished()) == SOURCES, or_say=lambda: len(polling.finished()), within_s=180)
    warm_s = time.monotonic() - begun
    for number in range(kills):
        kill(fleet, polling, number, rng, counted)
    polling.cancel(fleet.nodes["node1"])
    compared, rows = polling.compared()
    print(
        f"\nseed {seed}: {sum(counted.landed.values())} kills ({dict(counted.landed)}) of {NODES} nodes with {SOURCES} sources in "
        f"{time.monotonic() - begun:.0f} s, {warm_s:.0f} s of them until all were read once\norphans gone after "
        f"{_seconds(counted.orphans_s)}; every source polled again after {_seconds(counted.again_s)}, with "
        f"{_seconds(counted.starved_s)} in which the jobs that were left had no processor; jobs run again after "
        f"{_seconds(counted.requeued_s)}\nafter the return: {counted.looked} polls, by two at once {counted.by_two}\n"
        f"{told(compared, rows)}"
    )
    assert compared.exact, compared.examples
    assert set(counted.landed) == {"node and jobs", "node alone"}
    assert max(counted.orphans_s) <= ORPHANS_S
    assert max(counted.again_s) <= AGAIN_S
    assert counted.by_two == 0
    assert counted.looked > kills * 20
    assert compared.stored > 1000


def _seconds(values: list[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f} s"
