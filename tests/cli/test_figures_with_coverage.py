"""`--coverage` of `monitor trends` and `monitor compare`: what was not read is not judged, and how much was read is said."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result

from monitor.bookmark import Bookmark, Interval, State
from monitor.post import Author, Match, Post
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.progress import Move

Type = Callable[..., Result]
BEGIN = datetime(2026, 10, 12, tzinfo=UTC)  # a Monday
WEEK = BEGIN + timedelta(weeks=2)
END = WEEK + timedelta(weeks=1)
DOWN = WEEK + timedelta(days=2, hours=6)
HOURS = 12
SCOPE = "topic=tea&from=2026-10-26&to=2026-11-02"


def post(number: int, at: datetime) -> Post:
    return Post(
        id=f"x:{number}", native_id=str(number), platform="mastodon", url=None, text="Tea", created_at=at, fetched_at=at,
        author=Author(id=f"a{number % 9}"), topics=(Match(id="tea", version=1),), seen_on=("mastodon",),
    )  # fmt: skip


def interval(begin: datetime, end: datetime, state: State) -> Interval:
    return Interval(from_at=begin, to_at=end, state=state, reason=None if state == "covered" else "down", asked_at=END)


@pytest.fixture
def half_a_day_down(with_store: Callable[..., Any]) -> None:
    """Three weeks of 20 posts an hour at one source, which was down for half a day, in which nothing was stored."""
    moments = [BEGIN + timedelta(hours=hour, minutes=3 * n) for hour in range(3 * 168) for n in range(20)]
    posts = [post(n, at) for n, at in enumerate(moments) if not DOWN <= at < DOWN + timedelta(hours=HOURS)]
    source = Source(platform="mastodon", kind="tag", parameters={"tag": "tea", "instance": "a.example"}, topics=("tea",))

    async def made(store: Store) -> None:
        await store.posts.upsert(posts)
        await store.sources.ensure(source)
        claim = await store.leases.claim(source.id, owner="test")
        assert claim is not None
        told = (interval(BEGIN, END, "covered"), interval(DOWN, DOWN + timedelta(hours=HOURS), "failed"))
        move = Move(source_id=source.id, epoch=claim.epoch, run="r", bookmark=Bookmark(version=1), intervals=told)
        assert await store.progress.move([move]) == [None]

    with_store(made)


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_trends__an_outage__is_a_drop_only_to_who_does_not_ask_what_was_read(command: Type, half_a_day_down: None) -> None:
    asked = ("trends", f"{SCOPE}&lang=!xx", "--only", "volume,spikes,change", "--json")
    unaware, aware = told(command(*asked)), told(command(*asked, "--coverage"))
    assert len([one for one in unaware["spikes"] if one["mark"] == "drop"]) == HOURS
    assert (unaware["missing_hours"], unaware["coverage"]) == (0, None)
    assert (aware["spikes"], aware["missing_hours"]) == ([], HOURS)
    assert aware["coverage"]["every"] == pytest.approx(1 - HOURS / 168)
    assert aware["coverage"]["whole_hours"] == 168 - HOURS
    assert aware["change"]["ratio"] == pytest.approx(1)
    assert unaware["change"]["ratio"] == pytest.approx(1 - HOURS / 168)


def test_trends__terminal__says_how_much_was_read(command: Type, half_a_day_down: None) -> None:
    ended = command("trends", f"{SCOPE}&lang=!xx", "--only", "spikes", "--coverage")
    assert "92.9 % of the time is covered by its one source." in ended.stdout
    assert f"{HOURS} hours of the period are not known to be collected, and not judged." in ended.stderr


def test_trends__no_source__every_hour_counts_and_it_is_said(command: Type, with_store: Callable[..., Any]) -> None:
    with_store(lambda store: store.posts.upsert([post(1, WEEK)]))
    found = told(command("trends", f"{SCOPE}&lang=!xx", "--only", "volume", "--coverage", "--json"))
    assert (found["posts"], found["missing_hours"], found["coverage"]["sources"]) == (1, 0, 0)


def test_compare__each_side_has_its_own_coverage(command: Type, half_a_day_down: None) -> None:
    asked = ("compare", "tea", "milk", "--within", "from=2026-10-26&to=2026-11-02&lang=!xx", "--coverage")
    found = told(command(*asked, "--json"))
    assert {side: covered["sources"] for side, covered in found["coverage"].items()} == {"tea": 1, "milk": 0}
    tea = next(side for side in found["sides"] if side["side"] == "tea")
    assert (tea["change"]["ratio"], tea["change"]["hours_compared"]) == (pytest.approx(1), 168 - HOURS)
    shown = command(*asked).stdout
    assert "tea: 92.9 % of the time is covered by its one source." in shown
    assert "milk: No source serves this scope" in shown
