"""A job's process that holds 50 sources is stopped for longer than three leases, and then goes on: all that it does late is refused.

Its node speaks for it no more once it has been silent for three leases, so another node takes the job, and with it the sources. All
sources show the same posts, so that whatever the late process still writes would double them.
"""

import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from monitor.fleet.launcher import CLOSE_S, NOTICE_S
from monitor.simulator.people import LOCAL_HOST
from monitor.source import Source
from monitor.store.jobs import SILENT_LEASES

SOURCES, LEASE_S = 50, 4.0
STOPPED_S = 3 * LEASE_S
RATE, BACKLOG = 2, 200
# Of each reply: long enough that there is a moment in which all 50 wait for one.
DELAY_MS = 4000
QUIET_S = 0.6
SETTINGS = {"MONITOR_WALKS": f"{SOURCES}", "CONCURRENT_REQUESTS": "120", "CONCURRENT_REQUESTS_PER_DOMAIN": "60"}
_REFUSED = re.compile(r"event=page_failed page=<PageItem (\S+) \d+ rows> error=LeaseLostError")


def sources() -> list[Source]:
    """One timeline under 50 names: the instance does not care for upper and lower case, and a source is named by its words."""
    written = ["".join(letters) for letters in product(*((letter, letter.upper()) for letter in "endless"))][:SOURCES]
    since = datetime.now(UTC) - timedelta(seconds=BACKLOG / RATE)
    return [
        Source(
            platform="mastodon", kind="tag", parameters={"instance": LOCAL_HOST, "tag": tag}, since=since, topics=("watched",)
        )
        for tag in written
    ]


def walking(fleet: Any) -> int:
    """How many sources are in the middle of their first walk: a page is committed, and a gap is left to read."""
    return sum(each["lease"]["epoch"] == 1 and len(each["bookmark"]["gaps"]) == 1 for each in fleet.sources().values())


def versions(fleet: Any) -> dict[str, int]:
    return {name: int(each["bookmark"]["version"]) for name, each in fleet.sources().items()}


def await_quiet(fleet: Any) -> None:
    """Return when all sources are in the middle of their walks and wait for a reply: no bookmark has moved for a while."""
    last, since = versions(fleet), time.monotonic()

    def quiet() -> bool:
        nonlocal last, since
        found = versions(fleet)
        if found != last:
            last, since = found, time.monotonic()
        return walking(fleet) == SOURCES and time.monotonic() - since > QUIET_S

    fleet.wait(quiet, or_say=lambda: f"{walking(fleet)} walk", within_s=60)


def late_writes(fleet: Any, before: dict[str, int]) -> int:
    """Pages that were committed under the first owner's leases after a moment."""
    entries = fleet.database["ledger"].find({"epoch": 1})
    return sum(each["version"] > before[each["source"]] for each in entries)


def test_stopped__a_process_for_longer_than_three_leases__all_that_it_does_late_is_refused(
    fleet: Any, egg: Path, shifts: Callable[..., Any], told: Callable[..., str], begun: float
) -> None:
    seed = random.randrange(2**31)
    polling = shifts(fleet, "--seed", str(seed), "--posts", "100", "--delay", str(DELAY_MS), "--endless", f"{RATE},{BACKLOG}")
    first = fleet.started("first")  # it has room for another job, and does not take its own a second time
    assert first.upload(egg.read_bytes()).status == 200
    polling.ensure(sources())
    polling.schedule(first, "shift", **SETTINGS)
    await_quiet(fleet)
    (process,) = first.children()
    os.kill(process, signal.SIGSTOP)
    stopped_at, before, in_the_middle = time.monotonic(), versions(fleet), walking(fleet)
    second = fleet.started("second")
    fleet.wait(lambda: fleet.job("shift")["node"] == "second", or_say=polling.all)
    taken_s = time.monotonic() - stopped_at

    def taken() -> int:
        return sum(each["lease"]["epoch"] > 1 for each in fleet.sources().values())

    fleet.wait(lambda: taken() == SOURCES, or_say=taken)
    still = fleet.alive(process)
    os.kill(process, signal.SIGCONT)
    stopped_s = time.monotonic() - stopped_at
    ended_s = fleet.wait(lambda: not fleet.alive(process), or_say=first.said, within_s=CLOSE_S)
    fleet.wait(lambda: "event=late_finish job=shift" in first.said(), or_say=first.said, within_s=10)
    job, refused = fleet.job("shift"), Counter(_REFUSED.findall(log_of_first(fleet)))
    fleet.wait(
        lambda: all(each["state"] == "ok" and not each["bookmark"]["gaps"] for each in fleet.sources().values()),
        or_say=fleet.sources,
    )
    late = late_writes(fleet, before)
    polling.cancel(second)
    compared, rows = polling.compared()
    print(
        f"\nseed {seed}: {in_the_middle} of {SOURCES} sources in the middle of a walk, stopped for {stopped_s:.1f} s "
        f"({stopped_s / LEASE_S:.1f} leases); another node had the job after {taken_s:.1f} s and all sources when it went on; refused "
        f"{len(refused)} of {SOURCES}, written late {late}; its process ended {ended_s:.1f} s after it went on, its late end ignored; "
        f"{time.monotonic() - begun:.0f} s\n{told(compared, rows)}"
    )
    assert compared.exact, compared.examples
    assert in_the_middle == SOURCES
    assert still
    assert stopped_s >= STOPPED_S
    assert set(refused) == set(before)
    assert late == 0
    # Its node speaks for it during so many leases of silence; then the last one has to run out.
    assert SILENT_LEASES * LEASE_S < taken_s < (SILENT_LEASES + 2) * LEASE_S
    assert ended_s < NOTICE_S
    assert (job["state"], job["node"], job["attempts"], job["requeued"], job.get("exit_code")) == (
        "leased",
        "second",
        2,
        1,
        None,
    )
    assert first.process.poll() is None
    assert compared.stored >= BACKLOG


def log_of_first(fleet: Any) -> str:
    """What the process said that was stopped."""
    (log,) = (fleet.folder / "first").rglob("shift.log")
    return log.read_text(encoding="utf-8")
