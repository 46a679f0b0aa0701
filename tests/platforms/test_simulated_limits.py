"""Real crawls against simulated platforms whose limits are low: nothing is asked too much, nothing too early, nothing is lost.

One simulator has a limit that is used up every few seconds; another's lasts for an hour, where a crawl has to give up, and a
third, of the same world and without a limit, is where the next crawl goes on. Platforms that tell their limit beforehand are
never refused; with the others a refusal is how one learns of it, and then there is silence for as long as they say.
"""

import asyncio
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from monitor.config import load
from monitor.crawl.process import start
from monitor.simulator import stackexchange
from monitor.simulator.comparison import Comparison, compare
from monitor.simulator.github import SECONDARY_S
from monitor.simulator.process import log_of, simulated
from monitor.simulator.sky_sessions import APP_PASSWORD, IDENTIFIER
from monitor.simulator.thread_author import FORUM_HOST, LEMMY_HOST, OWNER, SITE, ThreadAuthor
from monitor.source import Source
from monitor.store.connection import open_store

SEED, DAYS, POSTS = 5, 3, 4000
LIMIT, WINDOW_S = 6, 3
LITTLE, HOUR_S = 3, 3600  # not enough for one source
WORLD = ("--seed", str(SEED), "--days", str(DAYS), "--posts", str(POSTS))
FAULTS = (
    "expired-token,times=1",
    "empty-page,platform=bluesky",
    "backoff,platform=stackexchange,times=2",
    "secondary-limit,times=1",  # the first request, which is alone on its way: nothing is known of the limit before
)
# As many sources at a time and as fast as it goes: only what platforms say holds requests back.
SETTINGS = {"MONITOR_PACE_S": "0", "LOG_LEVEL": "WARNING"}
CREDENTIALS = {"BLUESKY_IDENTIFIER": IDENTIFIER, "BLUESKY_PASSWORD": APP_PASSWORD, "STACKEXCHANGE_KEY": stackexchange.KEY}
TELLING, REFUSING, EXHAUSTED = ("bluesky", "github", "stackexchange"), ("discourse", "devto"), ("lemmy", "stackexchange")
LONGEST_S = 60
IN_FLIGHT_S = 0.8  # how long a reply takes to be read on a busy machine; windows and backoffs are longer
RATE_LIMITED = 5  # the exit code

Document = dict[str, Any]


def at(request: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(request["at"])


@dataclass(frozen=True)
class Collected:
    """What one platform was asked, what it showed against what is stored, and how its crawls ended."""

    requests: Sequence[Document]
    comparison: Comparison
    codes: Sequence[int]
    quarantined: int
    said: str
    tells: bool  # replies say beforehand when nothing is left

    @property
    def over_limit(self) -> int:
        return sum(request["over_limit"] for request in self.requests)

    def early(self) -> list[Document]:
        """Requests that were refused although a reply had said before, to somebody who had time to read it, that they would be."""
        said_at: datetime | None = None
        found = []
        for before, request in pairwise(sorted(self.requests, key=lambda request: request["number"])):
            if not request["over_limit"]:
                said_at = None
                continue
            # The last reply that was no refusal told that nothing is left, or else the first refusal did.
            said_at = said_at or (at(before) if self.tells else at(request))
            if at(request) - said_at > timedelta(seconds=IN_FLIGHT_S):
                found.append(request)
        return found

    def told(self, name: str) -> str:
        compared = self.comparison
        return (
            f"{name}: {len(self.requests)} requests, over the limit {self.over_limit}, too early {len(self.early())}; "
            f"shown {compared.shown}, stored {compared.stored}, missing {compared.missing}, invented {compared.invented}, "
            f"doubled {compared.doubled}, different {compared.different}; exit codes {list(self.codes)}"
        )


def sources(platform: str) -> list[Source]:
    """What is followed of a platform: more pages than the limit allows at once."""
    name = {
        each: ThreadAuthor(SEED, platform=each).cast.people[0].username for each in ("bluesky", "discourse", "devto")
    }  # fmt: skip
    sky = [person.username for person in ThreadAuthor(SEED, platform="bluesky").cast.people[:6]]
    wanted: dict[str, list[tuple[str, dict[str, str]]]] = {
        "bluesky": [*(("account", {"account": each}) for each in sky), ("tag", {"tag": "python"})],
        "github": [
            ("community", {"community": f"{OWNER}/{repository}", **stream})
            for repository in ("python", "climate", "coffee", "rust", "gardening")
            for stream in ({}, {"stream": "comments"})
        ],
        "stackexchange": [("community", {"community": SITE})],
        "discourse": [
            ("public", {"instance": FORUM_HOST}),
            ("account", {"instance": FORUM_HOST, "account": name["discourse"]}),
        ],
        "devto": [
            ("community", {"community": "latest"}),
            ("account", {"account": name["devto"]}),
            *(("tag", {"tag": tag}) for tag in ("python", "climate", "coffee", "rust", "gardening")),
        ],
        "lemmy": [("public", {"instance": LEMMY_HOST}), ("comments", {"instance": LEMMY_HOST, "stream": "comments"})],
    }
    since = datetime.now(UTC) - timedelta(days=DAYS + 1)
    return [
        Source(platform=platform, kind=kind, parameters=parameters, since=since, topics=("watched",))
        for kind, parameters in wanted[platform]
    ]


@dataclass
class Desk:
    """Starts crawls into databases of their own, and reads what these hold."""

    uri: str
    folder: Path
    prefix: str

    def database(self, name: str) -> str:
        return f"{self.prefix}_{name}"

    def ensure(self, name: str, wanted: Sequence[Source]) -> None:
        async def made() -> None:
            store = await open_store(load({"MONGODB_URI": self.uri, "MONITOR_DATABASE": self.database(name)}))
            for source in wanted:
                await store.sources.ensure(source)
            await store.close()

        asyncio.run(made())

    def crawl(self, name: str, platform: str, server: str, *, arguments: Mapping[str, str]) -> subprocess.Popen[str]:
        secrets = {} if arguments else CREDENTIALS  # the crawls that use up a quota have no key
        environment = {
            **{
                key: value for key, value in os.environ.items() if not key.startswith(("MONITOR_", "STACKEXCHANGE_", "GITHUB_"))
            },
            **secrets,
            "MONGODB_URI": self.uri,
            "MONITOR_DATABASE": self.database(name),
            "MONITOR_HOME": str(self.folder),
        }
        with (self.folder / f"{name}.log").open("a", encoding="utf-8") as stderr:
            return start(
                platform,
                arguments={"base_url": server, **arguments},
                settings=SETTINGS,
                environment=environment,
                stderr=stderr,
            )

    def collected(self, name: str, logs: Sequence[Document], codes: Sequence[int]) -> Collected:
        with MongoClient[Document](self.uri, tz_aware=True) as client:
            database = client[self.database(name)]
            stored, quarantined = list(database["posts"].find({}, {"raw": 0})), database["quarantine"].count_documents({})
            client.drop_database(database.name)
        platform = name.partition("-")[0]
        return Collected(
            requests=[each for each in logs[0]["requests"] if each["platform"] == platform],
            comparison=compare((row for log in logs for row in log["posts"] if row["platform"] == platform), stored),
            codes=codes,
            quarantined=quarantined,
            tells=platform in TELLING,
            said=(self.folder / f"{name}.log").read_text(encoding="utf-8")[-2000:],
        )


@pytest.fixture(scope="module")
def collected(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Collected]:
    """All crawls, side by side as far as they can be. Those of the platforms in EXHAUSTED are `NAME-exhausted`."""
    desk = Desk(mongodb_uri, tmp_path_factory.mktemp("limits"), f"limits_{uuid4().hex[:12]}")
    faults = [word for fault in FAULTS for word in ("--fault", fault)]
    named = {platform: sources(platform)[0].parameters for platform in EXHAUSTED}
    since = {"since": f"-{DAYS + 1}d"}
    crawls: list[subprocess.Popen[str]] = []
    with ExitStack() as stack:
        stack.callback(lambda: [ended(crawl) for crawl in crawls])
        busy = stack.enter_context(simulated([*WORLD, "--limit", f"{LIMIT}/{WINDOW_S}", *faults]))
        scarce = stack.enter_context(simulated([*WORLD, "--limit", f"{LITTLE}/{HOUR_S}"]))
        open_wide = stack.enter_context(simulated(WORLD))
        for platform in EXHAUSTED:
            arguments = {**named[platform], **since}
            crawls.append(desk.crawl(f"{platform}-exhausted", platform, scarce[platform], arguments=arguments))
        for platform in (*TELLING, *REFUSING):
            desk.ensure(platform, sources(platform))
            crawls.append(desk.crawl(platform, platform, busy[platform], arguments={}))
        codes = [crawl.wait(LONGEST_S) for crawl in crawls]
        for platform in EXHAUSTED:
            arguments = {**named[platform], **since}
            crawls.append(desk.crawl(f"{platform}-exhausted", platform, open_wide[platform], arguments=arguments))
        later = [crawl.wait(LONGEST_S) for crawl in crawls[len(codes) :]]
        busy_log, logs = log_of(busy), [log_of(scarce), log_of(open_wide)]
    told = {
        platform: desk.collected(platform, [busy_log], [code])
        for platform, code in zip((*TELLING, *REFUSING), codes[len(EXHAUSTED) :], strict=True)
    }
    told |= {
        f"{platform}-exhausted": desk.collected(f"{platform}-exhausted", logs, [first, second])
        for platform, first, second in zip(EXHAUSTED, codes, later, strict=False)
    }
    print()
    for name, each in told.items():
        print(each.told(name))
    return told


def ended(crawl: subprocess.Popen[str]) -> None:
    """No crawl outlives the fixture."""
    if crawl.poll() is None:
        crawl.kill()
        crawl.wait()


@pytest.mark.parametrize("name", [*TELLING, *REFUSING, *(f"{platform}-exhausted" for platform in EXHAUSTED)])
def test_everything_that_was_shown_is_stored_once_and_as_it_was_shown(collected, name):
    each = collected[name]
    assert each.comparison.exact, (each.comparison.examples, each.said)
    assert each.comparison.shown > 60
    assert each.quarantined == 0


@pytest.mark.parametrize("platform", [*TELLING, *REFUSING])
def test_limit_that_is_used_up_for_seconds__is_waited_out(collected, platform):
    each = collected[platform]
    assert each.codes == [0], each.said
    assert len(each.requests) > LIMIT or platform == "stackexchange"  # its key allows more than is asked here


@pytest.mark.parametrize("platform", TELLING)
def test_platform_that_tells_its_limit__is_never_asked_beyond(collected, platform):
    """Neither before the reset, nor before a backoff is over."""
    each = collected[platform]
    assert each.early() == []
    assert each.over_limit == 0


@pytest.mark.parametrize("platform", REFUSING)
def test_platform_that_tells_nothing__is_asked_no_more_once_it_refused(collected, platform):
    """A refusal comes from a window that is used up: whatever followed within it would be refused as well."""
    each = collected[platform]
    assert each.early() == []
    refused = sorted(at(request) for request in each.requests if request["over_limit"])
    # Nothing was known before the first refusal: one more than had good answers may have been on its way, and no more.
    first = [moment for moment in refused if moment - refused[0] <= timedelta(seconds=IN_FLIGHT_S)]
    assert 0 < len(first) <= LIMIT + 1
    assert len(refused) - len(first) <= len(each.requests) / LIMIT  # asked one by one since: one for each window


def test_stackexchange__backoff__really_happened(collected):
    faults = [request["fault"] for request in collected["stackexchange"].requests]
    assert faults.count("backoff") == 2


def test_github__secondary_limit__is_followed_by_silence(collected):
    requests = sorted(collected["github"].requests, key=lambda request: request["number"])
    place = next(place for place, request in enumerate(requests) if request["fault"] == "secondary-limit")
    assert at(requests[place + 1]) - at(requests[place]) >= timedelta(seconds=SECONDARY_S)


def test_bluesky__sessions__are_renewed_and_not_made_anew(collected):
    """Logins are the scarcest of all: 30 in five minutes."""
    paths = [request["path"].rpartition(".")[2] for request in collected["bluesky"].requests]
    assert (paths.count("createSession"), paths.count("refreshSession")) == (1, 1)


@pytest.mark.parametrize("platform", EXHAUSTED)
def test_limit_that_is_used_up_for_hours__ends_the_crawl__and_the_next_one_goes_on(collected, platform):
    each = collected[f"{platform}-exhausted"]
    assert each.codes == [RATE_LIMITED, 0], each.said


def test_lemmy__first_refusal__is_the_last_request(collected):
    requests = collected["lemmy-exhausted"].requests
    assert [request["over_limit"] for request in requests] == [False] * LITTLE + [True]


def test_stackexchange__quota__is_never_used_to_the_end(collected):
    """Some calls are left for a probe, and for whoever shares the address."""
    requests = collected["stackexchange-exhausted"].requests
    assert [request["over_limit"] for request in requests] == [False] * (LITTLE - 2)
