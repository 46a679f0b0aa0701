"""A node whose clock is ten minutes off, ahead or behind: no job and no source has two owners, since only the server's clock counts."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from monitor.simulator.people import LOCAL_HOST
from monitor.source import Source

MINUTES_OFF, SOURCES, SPEAKING = 10, 30, 10
LEASES, LEASE_S = 4, 4.0
RATE = 2  # posts a second
AT_MOST_S = 90.0  # of a slow machine, until all sources were polled once more

# Found by the interpreter at its start, also in jobs: every reading of the clock by our code is shifted.
SHIFTED = """
import importlib.abc, sys, time
from datetime import timedelta

OFFSET_S = {offset_s}
_real = time.time
time.time = lambda: _real() + OFFSET_S


class Shifting(importlib.abc.Loader):
    def __init__(self, inner):
        self.inner = inner

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        self.inner.exec_module(module)
        real = module.now
        module.now = lambda: real() + timedelta(seconds=OFFSET_S)


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "monitor.clock":
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = Shifting(spec.loader)
                return spec
        return None


sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize("minutes", [MINUTES_OFF, -MINUTES_OFF])
def test_clock__of_a_node_off_by_ten_minutes__no_two_owners(
    fleet: Any, egg: Path, shifts: Callable[..., Any], told: Callable[..., str], begun: float, minutes: int
) -> None:
    # No counter of these posts moves: where one does, the reading that the fast clock dates later outranks the right one's next.
    polling = shifts(fleet, "--posts", "100", "--endless", f"{RATE},{RATE * 60}")
    (fleet.folder / "shifted").mkdir()
    (fleet.folder / "shifted" / "sitecustomize.py").write_text(SHIFTED.format(offset_s=minutes * 60), encoding="utf-8")
    right = fleet.started("right", max_proc=1)
    wrong = fleet.started("wrong", max_proc=1, PYTHONPATH=str(fleet.folder / "shifted"))
    assert right.upload(egg.read_bytes()).status == 200
    polling.ensure(sources())
    for number in range(2):
        polling.schedule(wrong, f"shift{number}")
    polling.await_running()
    fleet.wait(lambda: len(polling.finished()) == SOURCES, or_say=lambda: len(polling.finished()), within_s=120)
    since, until, owners, looks = polling.last(), time.monotonic() + LEASES * LEASE_S, Counter[int](), 0
    while time.monotonic() < until or (
        time.monotonic() < until + AT_MOST_S and polling.polled_by_two(since=since)[1] <= SOURCES
    ):
        held = Counter(job for node in (right, wrong) for pid in node.children() if (job := job_of(pid)))
        owners.update(held.values())
        looks += 1
        time.sleep(0.2)
    by_two, polls = polling.polled_by_two(since=since)
    jobs, off_s = polling.all(), clocks(fleet)
    polling.cancel(right)
    compared, rows = polling.compared()
    print(
        f"\na clock {minutes:+d} min off (crawls began {', '.join(f'{each:+.0f}' for each in off_s)} s from the server's): {looks} "
        f"looks at {len(jobs)} jobs over {LEASES} leases, owners of a job {dict(owners)}; {polls} polls, by two at once {by_two}; "
        f"{time.monotonic() - begun:.0f} s\n{told(compared, rows)}"
    )
    assert compared.exact, compared.examples
    assert set(owners) == {1}
    assert owners[1] >= 2 * looks * 0.9
    assert by_two == 0
    assert polls > SOURCES
    assert {job["node"] for job in jobs.values()} == {"right", "wrong"}
    assert [(job["attempts"], job["requeued"]) for job in jobs.values()] == [(1, 0)] * 2
    assert max(abs(each) for each in off_s) > 500
    assert min(abs(each) for each in off_s) < 100


def sources() -> list[Source]:
    """One timeline under ten names, since the instance does not care for upper and lower case, and tags that nobody uses."""
    written = ["".join(letters) for letters in product(*((letter, letter.upper()) for letter in "endless"))][:SPEAKING]
    written += [f"quiet{number}" for number in range(SOURCES - SPEAKING)]
    since = datetime.now(UTC) - timedelta(seconds=30)
    return [
        Source(
            platform="mastodon", kind="tag", parameters={"instance": LOCAL_HOST, "tag": tag}, since=since, topics=("watched",)
        )
        for tag in written
    ]


def job_of(pid: int) -> str | None:
    """The job that a process runs, by its command line."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
    except OSError:
        return None
    return next((word.removeprefix("_job=") for word in words if word.startswith("_job=")), None)


def clocks(fleet: Any) -> list[float]:
    """How far from the server's time each crawl's clock was when it began."""
    starts = {job["_id"]: job["started_at"] for job in fleet.database["jobs"].find()}
    runs = fleet.database["runs"].find()
    found = [(run["started_at"], next(pair["value"] for pair in run["arguments"] if pair["name"] == "_job")) for run in runs]
    return [(began - starts[job]).total_seconds() for began, job in found]
