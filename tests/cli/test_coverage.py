"""`monitor coverage` and `monitor stats --coverage` as they are typed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result

from monitor import clock
from monitor.analysis.bucket import Period
from monitor.analysis.coverage import Hole
from monitor.bookmark import Bookmark, Interval, State
from monitor.cli.coverage import length_told
from monitor.cli.coverage_bar import bar
from monitor.post import Author, Match, Post
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.progress import Move
from monitor.store.scope_coverage import percent

Type = Callable[..., Result]
DAY = datetime(2026, 11, 10, tzinfo=UTC)
SCOPE = "topic=tea&from=2026-11-10&to=2026-11-11"


def hour(number: float) -> datetime:
    return DAY + timedelta(hours=number)


async def read(store: Store, source: Source, *told: tuple[float, float, State]) -> None:
    """A source with these entries in its ledger, in hours of the day."""
    await store.sources.ensure(source)
    claim = await store.leases.claim(source.id, owner="test")
    assert claim is not None
    intervals = tuple(
        Interval(from_at=hour(begin), to_at=hour(end), state=state, reason=None if state == "covered" else "told", asked_at=DAY)
        for begin, end, state in told
    )
    move = Move(source_id=source.id, epoch=claim.epoch, run="r", bookmark=Bookmark(version=1), intervals=intervals)
    assert await store.progress.move([move]) == [None]
    await store.leases.release(source.id, epoch=claim.epoch)


def source(platform: str, name: str, *topics: str) -> Source:
    return Source(platform=platform, kind="tag", parameters={"tag": name, "instance": f"{name}.example"}, topics=topics)


def post(number: int, at: datetime, *ways: str, platform: str = "mastodon") -> Post:
    return Post(
        id=f"x:{number}", native_id=str(number), platform=platform, url=None, text="Tea", created_at=at, fetched_at=at,
        author=Author(id="a"), topics=(Match(id="tea", version=1),), seen_on=ways or ("mastodon/a.example",),
    )  # fmt: skip


@pytest.fixture
def ledger(with_store: Callable[..., Any]) -> None:
    """Two sources of Mastodon, one of which failed for six hours; a feed that rolled off; one of another topic, one of none."""

    async def made(store: Store) -> None:
        await read(store, source("mastodon", "a", "tea"), (0, 24, "covered"), (6, 12, "failed"))
        await read(store, source("mastodon", "b", "tea", "milk"), (0, 24, "covered"))
        await read(store, source("feeds", "c", "tea"), (12, 24, "covered"), (12, 13, "capped"))
        await read(store, source("mastodon", "d", "milk"))
        await read(store, source("mastodon", "e"), (0, 24, "covered"))

    with_store(made)


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_json__by_source_by_platform_and_in_sum(command: Type, ledger: None) -> None:
    found = told(command("coverage", SCOPE, "--json"))
    assert (found["sources"], found["every"], found["any"], found["whole_hours"]) == (3, 11 / 24, 1.0, 11)
    assert [(each["platform"], each["sources"], each["every"], each["any"]) for each in found["platforms"]] == [
        ("feeds", 1, 11 / 24, 11 / 24),
        ("mastodon", 2, 0.75, 1.0),
    ]
    feed, failing, whole = found["by_source"]
    assert feed["states"] == pytest.approx({"covered": 11 / 24, "capped": 1 / 24, "never asked": 0.5})
    assert (whole["covered"], whole["holes"]) == (1.0, [])
    assert failing["holes"] == [
        {
            "from": "2026-11-10T06:00:00.000Z",
            "to": "2026-11-10T12:00:00.000Z",
            "seconds": 21600.0,
            "state": "failed",
            "reason": "told",
        }
    ]
    assert found["sentence"] == "45.8 % of the time is covered by all 3 sources, 100.0 % by at least one of them."
    assert found["about"] == "Counted are the sources that serve tea now."


@pytest.mark.parametrize(
    ("scope", "sources", "about"),
    [
        ("platform=mastodon", ["a", "b", "d"], "no topic"),
        ("platform=!mastodon&q=tea", ["c"], "no topic"),
        ("topic=milk", ["b", "d"], "serve milk now"),
        ("topic=milk&topic=tea&platform=feeds", ["c"], "serve milk or tea now"),
        ("topic=!milk", ["a", "b", "c", "d"], "no topic"),
        ("topic=nobody", [], "serve nobody now"),
    ],
)
def test_sources_of_a_scope(command: Type, ledger: None, scope: str, sources: list[str], about: str) -> None:
    found = told(command("coverage", scope, "--json"))
    assert [each["source"].rpartition("=")[2] for each in found["by_source"]] == sorted(
        sources, key=lambda name: (name != "c", name)
    )
    assert about in found["about"]
    assert found["assumed_from"] is True


def test_imported_file__is_told_by_itself_and_covers_nothing(
    command: Type, ledger: None, with_store: Callable[..., Any]
) -> None:
    file = Source(platform="mastodon", kind="import", parameters={"file": "x.jsonl"}, topics=("tea",))

    async def imported(store: Store) -> None:
        await store.sources.ensure(file)
        entry = {"source": file.id, "version": 1, "n": 0, "state": "imported", "reason": "from a file", "posts": 5}
        await store.database["ledger"].insert_one({"_id": "i", "from": hour(0), "to": hour(6), "asked_at": DAY, **entry})

    before = told(command("coverage", SCOPE, "--json"))
    with_store(imported)
    for _ in range(2):  # the second time from what was kept
        found = told(command("coverage", SCOPE, "--json"))
        (made,) = [each for each in found["by_source"] if each["source"] == file.id]
        assert (made["covered"], made["states"]) == (0.0, {"never asked": 0.75, "imported": 0.25})
        assert {name: found[name] for name in ("sources", "every", "any", "platforms")} == {
            name: before[name] for name in ("sources", "every", "any", "platforms")
        }
        assert "1 imported files are told by themselves" in found["about"]


def test_no_topic_has_sources__those_named_by_hand_are_counted(command: Type, with_store: Callable[..., Any]) -> None:
    with_store(lambda store: read(store, source("mastodon", "e"), (0, 24, "covered")))
    found = told(command("coverage", "from=2026-11-10&to=2026-11-11", "--json"))
    assert (found["sources"], found["every"]) == (1, 1.0)
    assert "named by hand" in found["about"]


def test_terminal__bars_platforms_and_the_longest_holes(command: Type, ledger: None) -> None:
    result = command("coverage", SCOPE + "&tz=Europe/Berlin")
    assert result.exit_code == 0
    assert "2026-11-10 00:00 to 2026-11-11 00:00 (Europe/Berlin)" in result.stdout
    bars = [line for line in result.stdout.splitlines() if "█" in line and " % " in line]
    assert len(bars) == 3
    assert "xxxxxxxxxxxx" in bars[1]
    assert "·" in bars[0]
    assert "░░" in bars[0]
    assert "6 h" in result.stdout


def test_terminal__no_source(command: Type) -> None:
    result = command("coverage", "topic=nobody")
    assert result.exit_code == 0
    assert "No source serves this scope" in result.stdout
    assert "the last 7 days of it, since the scope has no from=" in result.stdout
    assert "monitor track" in result.stderr


def test_scope_of_the_future__is_refused(command: Type) -> None:
    result = command("coverage", "from=2999-01-01")
    assert "begins in the future" in str(result.exception)


def test_recall__two_servers_that_saw_the_same_posts(command: Type, ledger: None, with_store: Callable[..., Any]) -> None:
    """Of 100 posts one way saw 80 and the other 60, 48 of them both."""
    ways = [[], ["mastodon/a.example"], ["mastodon/b.example"], ["mastodon/a.example", "mastodon/b.example"]]
    kinds = [3] * 48 + [1] * 32 + [2] * 12
    with_store(
        lambda store: store.posts.upsert([post(number, hour(number / 5), *ways[kind]) for number, kind in enumerate(kinds)])
    )
    for scope in (SCOPE, f"{SCOPE}&q=tea"):
        found = told(command("coverage", scope, "--recall", "--json"))
        (pair,) = found["recall"]
        assert (pair["ways"], pair["first"], pair["second"], pair["both"]) == (
            ["mastodon/a.example", "mastodon/b.example"],
            80,
            60,
            48,
        )
        assert pair["posts"] == pytest.approx(81 * 61 / 49 - 1)
        assert pair["interval"][0] >= 92
        assert pair["interval"][0] < 100 < pair["interval"][1]
        assert "independently" in found["assumption"]
    shown = command("coverage", SCOPE, "--recall").stdout
    assert "100 (" in shown
    assert "independently" in shown


def test_recall__too_few_in_common_or_one_way_only__is_not_told(
    command: Type, ledger: None, with_store: Callable[..., Any]
) -> None:
    assert "two are needed" in command("coverage", SCOPE, "--recall").stdout
    both = [post(number, hour(number), "mastodon/a.example", "mastodon/b.example") for number in range(6)]
    with_store(lambda store: store.posts.upsert(both))
    (pair,) = told(command("coverage", SCOPE, "--recall", "--json"))["recall"]
    assert (pair["both"], pair["posts"], pair["interval"]) == (6, None, None)
    assert "fewer than 7" in command("coverage", SCOPE, "--recall").stdout


# ---- monitor stats --coverage


@pytest.fixture
def five_weeks(command: Type, with_store: Callable[..., Any], remembered: Callable[[str, Callable[[], None]], None]) -> None:
    """Two posts an hour for five weeks, but for six hours of the last day that nobody asked for; all hours are counted."""

    async def made(store: Store) -> None:
        weeks = 24 * 35
        await read(store, source("mastodon", "a", "tea"), (-weeks, 6, "covered"), (12, 24, "covered"))
        hours = [number for number in range(-weeks, 24) if not 6 <= number < 12]
        posts = [post(2 * number + each, hour(number + each / 2)) for number in hours for each in range(2)]
        await store.posts.upsert(posts)

    def counted() -> None:
        with_store(made)
        assert command("rollup").exit_code == 0

    remembered("five weeks", counted)


def test_stats__holes_are_estimated_from_the_weeks_before(command: Type, five_weeks: None) -> None:
    for scope in (SCOPE, f"{SCOPE}&q=tea"):
        found = told(command("stats", scope, "--coverage", "--json"))
        coverage = found["coverage"]
        assert (found["posts"], coverage["posts_counted"], coverage["missing_hours"], coverage["every"]) == (36, 36, 6, 0.75)
        assert coverage["posts_estimated"] == pytest.approx(48)
        low, high = coverage["posts_interval"]
        assert 36 <= low < 48 < high < 80
        assert coverage["sentence"].startswith("36 posts counted; 75.0 % of the time is covered; estimated 48 (")
    assert "estimated 48 (" in command("stats", SCOPE, "--coverage").stdout
    assert "coverage" not in told(command("stats", SCOPE, "--json"))


def test_stats__period_that_begins_within_an_hour__counts_only_what_lies_in_it(command: Type, five_weeks: None) -> None:
    for more in ("", "&q=tea"):
        found = told(command("stats", f"topic=tea&from=2026-11-10T00:15:00Z&to=2026-11-11{more}", "--coverage", "--json"))
        assert (found["posts"], found["coverage"]["posts_counted"], found["coverage"]["missing_hours"]) == (35, 35, 6)


def test_stats__all_covered__nothing_is_estimated(command: Type, five_weeks: None) -> None:
    coverage = told(command("stats", "topic=tea&from=2026-11-08&to=2026-11-09", "--coverage", "--json"))["coverage"]
    assert coverage["sentence"] == "48 posts counted; 100.0 % of the time is covered"
    assert (coverage["posts_estimated"], coverage["posts_interval"]) == (48, [48, 48])


@pytest.mark.parametrize("more", ["", "&q=tea"])
def test_stats__hours_to_come__are_no_holes(
    command: Type, five_weeks: None, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    monkeypatch.setattr(clock, "now", lambda: hour(24.6))
    found = told(command("stats", f"topic=tea&from=2026-11-10&to=2026-12-10{more}", "--coverage", "--json"))
    assert found["to"] == "2026-12-10T00:00:00.000Z"
    coverage = found["coverage"]
    assert (coverage["posts_counted"], coverage["missing_hours"], coverage["posts_estimated"]) == (36, 6, pytest.approx(48))
    assert coverage["every"] == pytest.approx(18 / 24.6)


@pytest.mark.parametrize("end", ["", "&to=2026-11-13"])
def test_stats__all_of_it_to_come__has_no_coverage(
    command: Type, five_weeks: None, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(clock, "now", lambda: hour(24.6))
    ended = command("stats", f"topic=tea&from=2026-11-12{end}", "--coverage", "--json")
    assert "The scope begins in the future" in str(ended.exception)


def test_stats__too_little_known__is_said(command: Type, ledger: None) -> None:
    coverage = told(command("stats", SCOPE, "--coverage", "--json"))["coverage"]
    assert (coverage["posts_estimated"], coverage["too_little_known"]) == (None, ["feeds", "mastodon"])
    assert coverage["sentence"].endswith("no estimate: too little is known of feeds, mastodon")


# ---- how it is written


@pytest.mark.parametrize(
    ("share", "shown"), [(1, "100.0 %"), (0.99999, "99.9 %"), (0, "0.0 %"), (0.00001, "0.1 %"), (0.9312, "93.1 %")]
)
def test_percent__whole_only_where_it_is(share: float, shown: str) -> None:
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(5, "5 s"), (60, "1 min"), (3661, "1 h 1 min"), (187_200, "2 d 4 h"), (0.2, "0 s")]
)
def test_length(seconds: float, shown: str) -> None:
    assert length_told(timedelta(seconds=seconds)) == shown


def test_bar__a_short_hole_is_not_hidden_and_strange_states_are_drawn() -> None:
    period = Period(start=DAY, end=hour(4))
    holes = [
        Hole(from_at=hour(0.1), to_at=hour(0.2), state="failed"),
        Hole(from_at=hour(2), to_at=hour(3), state="imported"),
    ]
    assert bar(period, holes, width=4).plain == "x█?█"
