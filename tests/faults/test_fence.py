"""A crawl that is stopped for three times its lease while it walks 50 sources, and then goes on: it moves no bookmark any more.

Another crawl has taken all 50 over meanwhile. All of them show the same posts, so that whatever the late one still writes
would double them.
"""

import random
import re
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST
from monitor.source import Source

SOURCES = 50
LEASE_S = 4.0  # so that a slow machine can renew 50 of them in time
STOPPED_S = 3 * LEASE_S
RATE, BACKLOG = 2, 200
DELAY_MS = 1000  # of each reply, so that all 50 are in the middle of their walks at once
SETTINGS = {
    "MONITOR_LEASE_S": f"{LEASE_S:.0f}",
    "MONITOR_WALKS": f"{SOURCES}",
    "CONCURRENT_REQUESTS": "120",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "60",
}
FAILURE = 1
_REFUSED = re.compile(r"event=source_failed source=(\S+) reason=Another run has taken over the source")


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


def walking(database: Any, *, epoch: int) -> int:
    """How many sources are in the middle of a walk of this epoch: a page is committed, and a gap is left to read."""
    found = database.sources().values()
    return sum(each["lease"]["epoch"] == epoch and len(each["bookmark"]["gaps"]) == 1 for each in found)


def test_fence__a_crawl_is_stopped_for_three_leases__its_late_writes_are_refused_50_of_50(
    simulate, crawl, databases, until, seed: int
) -> None:
    rng, database = random.Random(seed), databases("fence")
    platforms = simulate("--seed", str(seed), "--posts", "100", "--delay", str(DELAY_MS), "--endless", f"{RATE},{BACKLOG}")
    database.ensure(sources())
    late = crawl("late", database, settings=SETTINGS, base_url=platforms.mastodon)
    until(lambda: walking(database, epoch=1) == SOURCES, within_s=40, what="all sources are in the middle of their walks")
    time.sleep(rng.uniform(0, DELAY_MS / 1000))
    late.process.send_signal(signal.SIGSTOP)
    stopped, before = time.monotonic(), database.versions()
    in_the_middle = walking(database, epoch=1)
    free_s = until(lambda: not database.leased(), within_s=10, what="the leases of the stopped crawl have run out")
    next_one = crawl("next", database, settings=SETTINGS, base_url=platforms.mastodon)
    until(lambda: walking(database, epoch=2) == SOURCES, within_s=40, what="another crawl walks all sources")
    time.sleep(max(0.0, stopped + STOPPED_S - time.monotonic()))
    late.process.send_signal(signal.SIGCONT)
    stopped_s, went_on_at = time.monotonic() - stopped, platforms.last()
    codes = [late.ended(within_s=60), next_one.ended(within_s=60)]

    log, refused = platforms.log(), set(_REFUSED.findall(late.output.read_text(encoding="utf-8")))
    standing, entries = database.sources(), database.ledger()
    compared = compare(log["posts"], database.posts())
    asked = Counter(entry["user_agent"] for entry in log["requests"])
    wasted = [entry for entry in log["requests"] if entry["user_agent"] == "late" and entry["number"] > went_on_at]
    late_entries = [each for each in entries if each["epoch"] == 1 and each["version"] > before[each["source"]]]
    print(
        f"\nseed {seed}: {in_the_middle} of {SOURCES} sources in the middle of a walk, stopped for {stopped_s:.1f} s, leases free "
        f"after {free_s:.1f} s; refused {len(refused)} of {SOURCES}, requests wasted {len(wasted)}, requests {dict(asked)}, exit "
        f"codes {codes}; ledger entries {len(entries)}, of the late one {len(late_entries)}; rows shown {len(log['posts'])}, posts "
        f"shown {compared.shown}, stored {compared.stored}, missing {compared.missing}, invented {compared.invented}, doubled "
        f"{compared.doubled}, different {compared.different}"
    )
    assert compared.exact, compared.examples
    assert database.skipped() == 0
    assert in_the_middle == SOURCES
    assert stopped_s >= STOPPED_S
    assert refused == set(standing)
    assert codes == [FAILURE, 0]
    assert late_entries == []
    assert {(each["lease"]["epoch"], each["state"], len(each["bookmark"]["gaps"])) for each in standing.values()} == {
        (2, "ok", 0)
    }
    assert len(wasted) <= SOURCES  # the page that each was about to ask for
    assert compared.stored >= BACKLOG
    assert len(log["posts"]) > SOURCES * BACKLOG
