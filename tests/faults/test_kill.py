"""SIGKILL of real crawls at random moments, while posts appear: none is lost, none is stored twice, and the next run goes on.

Each episode is an empty database, five crawls killed one after the other, and a clean one. Three episodes run at a time, the
last one alone. In some a shift of two sources dies, in others the crawl of one source named by its arguments.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.simulator.comparison import Comparison, compare
from monitor.simulator.people import LOCAL_HOST
from monitor.source import Source

KILLS, KILLS_SOAKED, KILLS_PER_EPISODE, LANES = 60, 500, 5, 3
LONGEST_LIFE_S = 1.2  # of a crawl after its first reply
ARRIVES_S = 0.1  # what a killed process had sent is with MongoDB by then
SINCE, ARCHIVED = timedelta(seconds=45), timedelta(days=28)
ENDLESS, ARCHIVE = "/api/v1/timelines/tag/endless", "/api/v1/timelines/public"
FRESH_S = 10.0  # after the first reply to the next run
# Where a kill landed, for the source that was deepest in its work: the first five lie between ask and bookmark.
BETWEEN = (
    "posts written, bookmark not",
    "posts partly written",
    "reply sent, nothing written",
    "reply sent, nothing new in it",
    "asked, not answered",
)
OUTSIDE = ("between two pages", "after the walk", "before the first ask")


@dataclass
class Told:
    """What the episodes of one lane counted."""

    landed: Counter[str] = field(default_factory=Counter)
    landed_of_sources: Counter[str] = field(default_factory=Counter)
    comparisons: list[Comparison] = field(default_factory=list)
    rows: int = 0
    holes: int = 0
    gaps: int = 0
    codes: list[int] = field(default_factory=list)
    fresh_s: list[float] = field(default_factory=list)
    forward: int = 0
    backward: int = 0


@dataclass
class Lane:
    """One simulator, and episodes one after the other."""

    platforms: Any
    crawl: Callable[..., Any]
    databases: Callable[..., Any]
    until: Callable[..., float]
    rng: random.Random
    told: Told = field(default_factory=Told)

    def episode(self, number: int) -> None:
        database, first = self.databases(f"e{number}"), self.platforms.last()
        shift = number % 3 != 0
        arguments = {"shift": "10m"} if shift else {"tag": "endless", "instance": LOCAL_HOST, "since": f"-{SINCE.seconds}s"}
        arguments["base_url"] = self.platforms.mastodon
        if shift:
            database.ensure(sources())
        for kill in range(KILLS_PER_EPISODE):
            self._kill(f"crawl-{number}-{kill}", kill, database, arguments)
        self._recover(f"crawl-{number}-clean", database, {key: text for key, text in arguments.items() if key != "shift"})
        log, stored = self.platforms.log(since=first), database.posts()
        self.told.comparisons.append(compare(log["posts"], stored))
        self.told.rows += len(log["posts"])
        self.told.holes += database.skipped()
        self.told.gaps += sum(len(source["bookmark"]["gaps"]) for source in database.sources().values())
        self.told.forward += sum("min_id" in entry["query"] for entry in log["requests"])
        self.told.backward += sum("max_id" in entry["query"] for entry in log["requests"])

    def _kill(self, name: str, kill: int, database: Any, arguments: dict[str, str]) -> None:
        """At a random moment after the first reply; every third at the next moment, after that, at which posts are written."""
        since, known, versions = self.platforms.last(), database.ids(), database.versions()
        crawl = self.crawl(name, database, **arguments)
        self.platforms.await_ask(crawl, since=since)
        time.sleep(self.rng.uniform(0, LONGEST_LIFE_S))
        if kill % 3 == 2:
            database.await_write(within_s=LONGEST_LIFE_S)
        assert crawl.kill(), f"{name} ended by itself: {crawl.said()}"
        time.sleep(ARRIVES_S)
        log, stored, sources = self.platforms.log(since=since), database.ids(), database.sources()
        places = {
            path: landed(
                [entry for entry in log["requests"] if entry["path"] == path and entry["user_agent"] == name],
                shown=log["posts"],
                commits=source["bookmark"]["version"] - versions.get(source_id, 0),
                finished=source["lease"]["owner"] is None,
                known=known,
                stored=stored,
            )
            for source_id, source in sources.items()
            for path in [ENDLESS if "tag=" in source_id else ARCHIVE]
        }
        self.told.landed_of_sources.update(places.values())
        self.told.landed[min(places.values(), key=(*BETWEEN, *OUTSIDE).index)] += 1

    def _recover(self, name: str, database: Any, arguments: dict[str, str]) -> None:
        """A clean run, which also finds what was posted after the last kill."""
        killed_at = datetime.now(UTC)
        self.until(lambda: not database.leased(), within_s=10, what="the lease of the killed crawl has run out")
        since, crawl = self.platforms.last(), self.crawl(name, database, **arguments)
        self.platforms.await_ask(crawl, since=since)  # how long a process takes to start is the machine's affair
        fresh = {"tags": "endless", "created_at": {"$gt": killed_at}}
        self.told.fresh_s.append(self.until(lambda: database.has(fresh), within_s=60, what="a fresh post is stored"))
        self.told.codes.append(crawl.ended(within_s=120))


def landed(
    requests: list[dict[str, Any]],
    *,
    shown: list[dict[str, Any]],
    commits: int,
    finished: bool,
    known: set[str],
    stored: set[str],
) -> str:
    """What was under way for one source when its crawl died. `requests` are its own, in order; `known` was stored before it."""
    answered = [entry for entry in requests if entry["whole"]]
    if not requests:
        return "after the walk" if finished else "before the first ask"
    if len(requests) > len(answered):
        return "asked, not answered"
    if commits >= len(answered):
        return "after the walk" if finished else "between two pages"
    numbers = {entry["number"] for entry in answered[:commits]}
    new = {row["uri"] for row in shown if row["request"] == answered[commits]["number"]} - known
    new -= {row["uri"] for row in shown if row["request"] in numbers}
    if not new:
        return "reply sent, nothing new in it"
    written = len(new & stored)
    return BETWEEN[0] if written == len(new) else BETWEEN[1] if written else BETWEEN[2]


def sources() -> list[Source]:
    """The tag that never ends, and the instance's public timeline of the past 28 days."""
    now = datetime.now(UTC)
    wanted: list[tuple[str, dict[str, str], timedelta]] = [("tag", {"tag": "endless"}, SINCE), ("public", {}, ARCHIVED)]
    return [
        Source(
            platform="mastodon",
            kind=kind,
            parameters={"instance": LOCAL_HOST, **parameters},
            since=now - since,
            topics=("watched",),
        )
        for kind, parameters, since in wanted
    ]


def test_kills__of_real_crawls_at_random_moments__nothing_lost_and_nothing_doubled(
    simulate, crawl, databases, until, seed, soak
):
    episodes = (KILLS_SOAKED if soak else KILLS) // KILLS_PER_EPISODE
    begun = time.monotonic()
    lanes = [
        Lane(
            simulate("--seed", str(seed + lane), "--posts", "2500", "--delay", "30", "--endless", "40,1800"),
            crawl, databases, until, random.Random(seed + lane),
        )
        for lane in range(LANES)
    ]  # fmt: skip

    failed = threading.Event()

    def run(lane: int) -> None:
        for number in range(lane, episodes - 1, LANES):
            try:
                lanes[lane].episode(number)
            except BaseException:
                failed.set()
                raise
            if failed.is_set():
                return

    with ThreadPoolExecutor(LANES) as threads:
        list(threads.map(run, range(LANES)))
    lanes[0].episode(episodes - 1)
    told = [lane.told for lane in lanes]
    landed_all = sum((each.landed for each in told), Counter())
    of_sources = sum((each.landed_of_sources for each in told), Counter())
    compared = [comparison for each in told for comparison in each.comparisons]
    kills, between = sum(landed_all.values()), sum(landed_all[place] for place in BETWEEN)
    rows, stored = sum(each.rows for each in told), sum(comparison.stored for comparison in compared)
    fresh_s = lanes[0].told.fresh_s[-1]
    print(f"\nseed {seed}: {kills} kills in {len(compared)} episodes, {time.monotonic() - begun:.0f} s")
    print(f"between ask and bookmark: {between}; kills by the source deepest in its work, then every source by itself:")
    for place in (*BETWEEN, *OUTSIDE):
        print(f"  {place:30} {landed_all[place]:4} {of_sources[place]:5}")
    print(
        f"rows shown {rows}, posts shown {sum(each.shown for each in compared)}, stored {stored}, delivered again "
        f"{rows - stored}, missing {sum(each.missing for each in compared)}, invented {sum(each.invented for each in compared)}, "
        f"doubled {sum(each.doubled for each in compared)}, different {sum(each.different for each in compared)}, skipped "
        f"{sum(each.holes for each in told)}, gaps left {sum(each.gaps for each in told)}; pages forward "
        f"{sum(each.forward for each in told)}, back {sum(each.backward for each in told)}; a fresh post "
        f"{fresh_s:.1f} s after the first reply to the run after the last kill"
    )
    assert [each.examples for each in compared if not each.exact] == []
    assert sum(each.holes for each in told) == 0
    assert sum(each.gaps for each in told) == 0
    assert {code for each in told for code in each.codes} == {0}
    assert fresh_s <= FRESH_S
    assert kills == episodes * KILLS_PER_EPISODE
    assert between >= kills * 2 / 3
    assert landed_all[BETWEEN[0]] > 0
    assert rows > stored > 1000 * episodes
    assert sum(each.forward for each in told) > episodes
    assert sum(each.backward for each in told) > 10 * episodes
