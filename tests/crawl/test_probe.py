"""What a probe makes of a reply, and `scrapy probe` against the simulator, its faults and a closed port."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.crawl.platforms import platform, platforms
from monitor.crawl.probe import Probed, chosen, judge
from monitor.errors import UsageError
from monitor.page import Reply
from monitor.simulator.process import simulated
from monitor.source import Source

MORNING = datetime(2026, 11, 22, 8, tzinfo=UTC)
SOURCE = Source(platform="mastodon", kind="public", parameters={"instance": "example.org"})
STATUS = {
    "id": "117000000000000001",
    "created_at": "2026-11-22T07:00:00.000Z",
    "uri": "https://example.org/users/ann/statuses/1",
    "url": "https://example.org/@ann/1",
    "content": "<p>Tea first.</p>",
    "visibility": "public",
    "favourites_count": 1,
    "reblogs_count": 0,
    "replies_count": 2,
    "account": {"id": "7", "acct": "ann", "url": "https://example.org/@ann"},
}
CLOSED_PORT = "http://127.0.0.1:9"


def judged(told: Any) -> Probed:
    reply = Reply(200, {}, json.dumps(told).encode(), "https://example.org/api/v1/timelines/public", MORNING)
    return judge(platform("mastodon"), SOURCE, reply)


def page(renamed: str | None = None, *, size: int = 3) -> list[dict[str, Any]]:
    """Statuses in which the field `renamed` has another name."""
    row = {f"{name}_v2" if name == renamed else name: value for name, value in STATUS.items()}
    return [{**row, "id": str(int(STATUS["id"]) + number)} for number in range(size)]


def test_judge__page_as_it_should_be__works() -> None:
    assert judged(page()) == Probed(platform="mastodon", state="works", posts=3)


@pytest.mark.parametrize(
    ("renamed", "field"),
    [("account", "account"), ("created_at", "created_at"), ("favourites_count", "counts.likes"), ("content", "content")],
)
def test_judge__a_field_has_another_name__is_changed_and_names_it(renamed: str, field: str) -> None:
    found = judged(page(renamed))
    assert (found.state, found.fields) == ("changed", (field,))
    assert field in str(found.reason)


def test_judge__one_post_of_many_cannot_be_read__still_works() -> None:
    assert judged([*page(size=9), {"id": "1", "content": "no date"}]).state == "works"


def test_judge__a_field_is_missing_in_some_posts__still_works() -> None:
    assert judged([*page(), *page("favourites_count")]).state == "works"


@pytest.mark.parametrize("told", [[], {"posts": page()}, [{"name": "an entity of another kind"}]])
def test_judge__no_posts_or_another_shape__is_changed(told: Any) -> None:
    assert judged(told).state == "changed"


@pytest.mark.parametrize("name", platforms())
def test_every_platform__says_what_it_can_be_probed_with_and_what_is_expected(name: str) -> None:
    found = platforms()[name]
    assert chosen(found, {}) == found.probe
    assert found.expects


def test_chosen__a_topic_is_no_source() -> None:
    with pytest.raises(UsageError):
        chosen(platforms()["mastodon"], {"topic": "tea"})


Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def addresses() -> Iterator[Mapping[str, Any]]:
    with simulated(["--days", "3", "--posts", "1500"]) as told:
        yield told


def probe(name: str, **arguments: str) -> tuple[int, dict[str, Any]]:
    """Run `scrapy probe` and return its exit code and what it said."""
    command = [sys.executable, "-m", "scrapy", "probe", name, "-s", "LOG_LEVEL=ERROR", "-s", "MONITOR_PACE_S=0"]
    for argument, value in arguments.items():
        command += ["-a", f"{argument}={value}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def fault(addresses: Mapping[str, Any]) -> Iterator[Callable[[str], None]]:
    """Switch a fault of the simulator on, until the end of the test."""

    def put(*names: str) -> None:
        body = json.dumps({"faults": [{"name": name} for name in names]}).encode()
        request = urllib.request.Request(f"{addresses['control']}/_simulator/faults", data=body, method="PUT")
        urllib.request.urlopen(request, timeout=10).close()

    yield put
    put()


def test_probe__simulated_platform__works_and_needs_no_database(addresses: Mapping[str, Any]) -> None:
    code, told = probe("hackernews", base_url=addresses["hackernews"])
    assert (code, told["state"], told["reason"]) == (0, "works", None)
    assert told["posts"] > 100


@pytest.mark.parametrize(("name", "says"), [("html-200", "HTML page"), ("500", "answered 500"), ("html-403", "403")])
def test_probe__server_answers_with_no_data__is_refused(
    addresses: Mapping[str, Any], fault: Callable[[str], None], name: str, says: str
) -> None:
    fault(name)
    code, told = probe("mastodon", base_url=addresses["mastodon"])
    assert (code, told["state"], says in told["reason"]) == (1, "refused", True)


STARTED_BY_A_LARGE_ONE = """
import subprocess, sys
held = b"x" * (600 * 1024 * 1024)
sys.exit(subprocess.run([sys.executable, "-m", "scrapy", *sys.argv[1:]], check=False).returncode)
"""


def test_probe__a_large_process_starts_it__its_memory_is_not_counted(addresses: Mapping[str, Any]) -> None:
    options = ("-a", f"base_url={addresses['hackernews']}", "-s", "MONITOR_PACE_S=0", "-s", "MEMUSAGE_LIMIT_MB=500")
    command = [sys.executable, "-c", STARTED_BY_A_LARGE_ONE, "probe", "hackernews", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["state"]) == (0, "works")


def test_probe__port_is_closed__is_unreachable() -> None:
    code, told = probe("hackernews", base_url=CLOSED_PORT)
    assert (code, told["state"]) == (1, "unreachable")
    assert "127.0.0.1:9" in told["reason"]


def test_probe__unknown_platform__is_a_sentence_and_two() -> None:
    done = subprocess.run([sys.executable, "-m", "scrapy", "probe", "nobody"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"There are: {', '.join(platforms())}" in done.stderr
