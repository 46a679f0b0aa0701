"""A store that takes two seconds for each write: a crawl asks its platforms as much less, and no page waits behind another."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST
from monitor.source import Source

WRITE_S = 2.0
FAST_S, SLOW_S, SLOW_SOAKED_S = 3.0, 12.0, 300.0
LOOK_S, STRETCH_LOOKS, AT_MOST_S = 0.5, 2, 90.0
STORED = 1000  # more than that, however long a slow machine takes
FLAT_MIB = 20.0
RATE, BACKLOG = 4, 12_000
TAGS = ("endless", "Endless", "ENDLESS", "endlesS")  # one timeline; the instance does not care for upper and lower case
# Writes of leases are slow too: a lease as long as people use, and no renewal in the time of the test.
SETTINGS = {"MONITOR_LEASE_S": "600"}
INTERRUPTED = 130


def slow_down(servers: Any, *, on: bool) -> None:
    """Let every write of ours take two seconds, or no longer than it takes."""
    (port,) = servers.commands
    data = {
        "failCommands": ["insert", "update", "findAndModify", "delete"],
        "appName": "social-monitor",
        "blockConnection": True,
        "blockTimeMS": round(WRITE_S * 1000),
    }
    servers.ask(port, "configureFailPoint", "failCommand", mode="alwaysOn" if on else "off", data=data)


@dataclass
class Watch:
    """What a crawl asked and what was committed of it, source by source."""

    platforms: Any
    database: Any
    crawl: Any
    answered: Counter[str] = field(default_factory=Counter)
    last: int = 0
    most_waiting: int = 0
    looks: int = 0
    rss: list[float] = field(default_factory=list)

    def look(self) -> int:
        """Look once; returns how many requests were answered so far."""
        for entry in self.platforms.requests(self.crawl.name, since=self.last):
            self.answered[entry["path"].rpartition("/")[2]] += entry["whole"]
            self.last = max(self.last, entry["number"])
        # Bookmarks are read later than requests: a page that is not committed by now was waiting then.
        committed = {each["parameters"]["tag"]: each["bookmark"]["version"] for each in self.database.sources().values()}
        self.most_waiting = max(self.most_waiting, *(self.answered[tag] - committed[tag] for tag in TAGS))
        self.looks += 1
        self.rss.append(self.crawl.rss_mib() or 0.0)
        return self.answered.total()

    def watch(self, seconds: float, *, until: Callable[[], bool] = lambda: True) -> tuple[float, float]:
        """Look for so long, and until something is true; returns requests per second, and those of the fastest stretch, in which the
        machine stalled least."""
        looks = [(time.monotonic(), self.look())]

        def enough() -> bool:
            lasted_s = looks[-1][0] - looks[0][0]
            return len(looks) > STRETCH_LOOKS and lasted_s >= seconds and (until() or lasted_s > AT_MOST_S)

        while not enough():
            time.sleep(LOOK_S)
            looks.append((time.monotonic(), self.look()))
        stretches = zip(looks, looks[STRETCH_LOOKS:], strict=False)
        return per_second(looks[0], looks[-1]), max(per_second(*stretch) for stretch in stretches)


def per_second(first: tuple[float, int], last: tuple[float, int]) -> float:
    return (last[1] - first[1]) / (last[0] - first[0])


def test_slow_store__two_seconds_a_write__requests_fall_to_match_and_at_most_a_page_of_each_source_waits(
    replica_set: Callable[..., Any], simulate, crawl, own_database, seed: int, soak: bool
) -> None:
    rng, slow_s = random.Random(seed), SLOW_SOAKED_S if soak else SLOW_S
    servers = replica_set(1, "enableTestCommands=1")
    database = own_database(servers.uri)
    platforms = simulate("--seed", str(seed), "--posts", "100", "--delay", "100", "--endless", f"{RATE},{BACKLOG}")
    since = datetime.now(UTC) - timedelta(seconds=BACKLOG / RATE)
    database.ensure(
        Source(
            platform="mastodon", kind="tag", parameters={"instance": LOCAL_HOST, "tag": tag}, since=since, topics=("watched",)
        )
        for tag in TAGS
    )
    collecting = crawl("collecting", database, settings=SETTINGS, base_url=platforms.mastodon)
    platforms.await_ask(collecting)
    time.sleep(rng.uniform(0.5, 1.5))
    watch = Watch(platforms, database, collecting)
    _, fast = watch.watch(FAST_S)
    slow_down(servers, on=True)
    time.sleep(WRITE_S)
    warm_mib, versions = watch.rss[-1], database.versions()

    def committed() -> list[int]:
        return [version - versions[name] for name, version in database.versions().items()]

    slow, _ = watch.watch(slow_s, until=lambda: min(committed()) >= 1)
    meanwhile = committed()
    slowest_mib = max(watch.rss)
    slow_down(servers, on=False)
    _, again = watch.watch(FAST_S, until=lambda: database.count() > STORED)
    collecting.process.send_signal(signal.SIGTERM)
    code, log = collecting.ended(within_s=30), platforms.log()
    compared = compare(log["posts"], database.posts())
    print(
        f"\nseed {seed}: requests a second {fast:.1f}, with slow writes {slow:.2f}, afterwards {again:.1f}; pages committed meanwhile "
        f"{meanwhile}; most pages of a source waiting {watch.most_waiting} in {watch.looks} looks; memory {warm_mib:.0f} MiB at "
        f"its begin, at most {slowest_mib:.0f}; exit code {code}; rows shown {len(log['posts'])}, posts shown {compared.shown}, "
        f"stored {compared.stored}, missing {compared.missing}, invented {compared.invented}, doubled {compared.doubled}, "
        f"different {compared.different}"
    )
    assert compared.exact, compared.examples
    assert watch.most_waiting == 1
    # A page is two writes at least: its posts, then its bookmark.
    assert slow <= len(TAGS) * (1 / (2 * WRITE_S) + 1 / slow_s)
    assert fast > 4 * slow
    assert again > 4 * slow
    assert min(meanwhile) >= 1
    assert slowest_mib - warm_mib <= FLAT_MIB
    assert code == INTERRUPTED
    assert compared.stored > STORED
