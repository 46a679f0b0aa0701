"""Elections under a fleet at work: step-downs, and primaries that are killed. Nothing lost, nothing doubled, nobody ends.

Three servers, two nodes, a planner and forty sources. After the last election a feed is added, which only a planner that still plans
brings to a node.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.source import Source

STEP_DOWNS, STEP_DOWNS_SOAKED, KILLS, KILLS_SOAKED = 6, 20, 1, 3
SERVERS, NODES, JOBS, SOURCES = 3, 2, 2, 40
PAUSE_S = 1.0  # of undisturbed work before each election, at most
# The driver needs a second more than the election to find the new primary, and an interval lies between two polls of a source.
GOES_ON_S = 30.0
# The sources of the shifts are polled at the simulator, of which planned shifts know nothing.
FEEDS_ALONE = "platforms:\n  mastodon: {enabled: false}\n"


@dataclass
class Told:
    """What the elections showed."""

    elected_s: list[float] = field(default_factory=list)
    goes_on_s: list[float] = field(default_factory=list)


def fault(kind: str, servers: Any, polling: Any, rng: random.Random, told: Told) -> None:
    """One election at a random moment, and then until half of the sources were polled by the new primary."""
    time.sleep(rng.uniform(0.0, PAUSE_S))
    begun = time.monotonic()
    gone = servers.kill_primary() if kind == "kill" else servers.step_down()
    told.elected_s.append(time.monotonic() - begun)
    since = max(polling.finished().values())

    def polled() -> int:
        return sum(at > since for at in polling.finished().values())

    polling.fleet.wait(lambda: polled() >= SOURCES / 2, or_say=lambda: (kind, polled(), polling.all()), within_s=GOES_ON_S)
    told.goes_on_s.append(time.monotonic() - begun)
    if gone is not None:
        servers.start(gone)


@contextmanager
def planner(fleet: Any, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    rules = fleet.folder / "planner.yaml"
    rules.write_text(FEEDS_ALONE, encoding="utf-8")
    environment = {**os.environ, "MONGODB_URI": fleet.uri, "MONITOR_DATABASE": fleet.name, "MONITOR_CONFIG": str(rules)}
    command = [sys.executable, "-P", "-m", "monitor", "fleet", "planner", "--every", "1"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment | {"MONITOR_SHIFT": "5s"}, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def planned(fleet: Any) -> list[tuple[str, str, int | None]]:
    """Slot, state and exit code of the jobs that a planner queued."""
    found = fleet.database["jobs"].find({"slot": {"$exists": True}})
    return [(job["slot"], job["state"], job.get("exit_code")) for job in found]


def logs(paths: Iterable[Path]) -> str:
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in paths)


def test_elections__under_a_fleet_at_work__nothing_lost_and_nothing_doubled(
    replica_set: Callable[[int], Any],
    fleet_on: Callable[[str], Any],
    egg: Path,
    shifts: Callable[..., Any],
    told: Callable[..., str],
    begun: float,
    soak: bool,
) -> None:
    seed = random.randrange(2**31)
    rng, counted, servers = random.Random(seed), Told(), replica_set(SERVERS)
    faults = ["step-down"] * (STEP_DOWNS_SOAKED if soak else STEP_DOWNS) + ["kill"] * (KILLS_SOAKED if soak else KILLS)
    rng.shuffle(faults)
    fleet = fleet_on(servers.uri)
    polling, log, first_term = shifts(fleet), fleet.folder / "planner.log", servers.term()
    nodes = [fleet.start(f"node{number}", MONITOR_PRIVATE_HOSTS="127.0.0.1") for number in range(NODES)]
    for node in nodes:
        fleet.wait(node.answers, or_say=node.said)
    assert nodes[0].upload(egg.read_bytes()).status == 200
    polling.watch(SOURCES)
    for number in range(JOBS):
        polling.schedule(nodes[number % NODES], f"shift{number}")
    with planner(fleet, log) as planning:
        polling.await_running()
        fleet.wait(lambda: len(polling.finished()) == SOURCES, or_say=lambda: len(polling.finished()), within_s=120)
        warm_s = time.monotonic() - begun
        for kind in faults:
            fault(kind, servers, polling, rng, counted)
        polling.ensure(
            [Source(platform="feeds", kind="url", parameters={"url": polling.addresses["feeds"][0]}, topics=("watched",))]
        )
        again_s = polling.await_all_polled(after=max(polling.finished().values()), within_s=60)
        polling.await_running()
        planning.terminate()
        assert planning.wait(30) == 130, log.read_text(encoding="utf-8")
    elections, jobs = servers.term() - first_term, polling.all()
    polling.cancel(nodes[1])
    fleet.wait(lambda: {state for _, state, _ in planned(fleet)} == {"finished"}, or_say=lambda: planned(fleet))
    compared, rows = polling.compared()
    said, crawled = logs(fleet.folder.glob("*.log")), logs(fleet.folder.rglob("shift*.log"))
    print(
        f"\nseed {seed}: {dict(Counter(faults))} in {time.monotonic() - begun:.0f} s, {warm_s:.0f} s of them until all were read "
        f"once; {elections} elections by the term\na primary after {_seconds(counted.elected_s)}, half of the sources polled after "
        f"{_seconds(counted.goes_on_s)}; at last all of them and a planned feed after {again_s:.1f} s\nattempts of jobs "
        f"{[job['attempts'] for job in jobs.values()]}, planned {planned(fleet)}; "
        f"looks that failed {said.count('event=look_failed')}, pages refused for a lease that was lost meanwhile "
        f"{crawled.count('error=LeaseLostError')}\n{told(compared, rows)}"
    )
    assert compared.exact, compared.examples
    assert elections >= len(faults)
    assert all(node.process.poll() is None for node in nodes)
    assert [job["attempts"] for job in jobs.values()] == [1] * JOBS, "who held a job goes on with it"
    assert planned(fleet) == [("feeds/feeds:/0", "finished", 0)]
    assert "Traceback" not in said
    assert compared.stored > 1000


def _seconds(values: list[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f} s"
