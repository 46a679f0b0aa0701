"""Purge by age and by author on the real mongod: whom a name stands for, private posts, rows in quarantine, and retention."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor import clock
from monitor.config import Config, load
from monitor.crawl.keeping import Keeping
from monitor.crawl.raw import set_aside
from monitor.errors import ConfigurationError, UsageError
from monitor.post import Author, Post
from monitor.retention import horizon
from monitor.stages import purge
from monitor.stages.replay import Replayed, replay
from monitor.store.connection import Store
from monitor.store.horizon import Horizons
from monitor.store.quarantine import Refused, ReplyContext
from monitor.topic import Topic

NOW = datetime.now(UTC).replace(microsecond=0)  # of the import, then of the beginning of each test
KEPT = timedelta(days=60)
REPLY = ReplyContext(url="https://a.example/api", status=200, fetched_at=NOW)
CLOSED = Topic(id="closed", name="Closed", query="tea", authors="pseudonymise")


@pytest.fixture(autouse=True)
def begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is removed by age goes by the present, from which the import may be hours away."""
    monkeypatch.setitem(globals(), "NOW", datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def keyed(tmp_path: Path) -> Config:
    return load({"MONITOR_HOME": str(tmp_path)})


def a_post(number: int, name: str = "1", handle: str | None = "ann@a.example", **changes: Any) -> Post:
    values: dict[str, Any] = {"created_at": NOW - timedelta(days=2), "text": "Tea", **changes}
    return Post(
        id=f"https://a.example/{number}", platform="mastodon", native_id=str(number), url=None, seen_on=("x",), fetched_at=NOW,
        author=Author(id=name, handle=handle), **values,
    )  # fmt: skip


async def ids(store: Store) -> set[str]:
    return {post.native_id async for post in store.posts.each()}


# ---- by age


async def test_retain__what_is_older_goes__once_an_hour(store: Store) -> None:
    edge = horizon(NOW - KEPT)
    await store.posts.upsert(
        [a_post(1, created_at=edge - timedelta(seconds=1)), a_post(2, created_at=edge + timedelta(hours=2))]
    )
    done = await purge.retain(store, KEPT)
    assert done is not None
    moved, counts = done
    assert (moved.why, counts["posts"]) == ("older than 60d", 1)
    assert edge <= moved.at <= edge + timedelta(hours=1)
    assert await ids(store) == {"2"}
    assert await purge.retain(store, KEPT) is None


async def test_retention__goes_by_the_slower_clock(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose clock is years ahead must not remove what is young."""
    there = await Horizons(store.database).now()
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=4000))
    assert horizon(there - KEPT) <= await purge.older_than(store, KEPT) <= horizon(there + timedelta(hours=1) - KEPT)
    monkeypatch.setattr(clock, "now", lambda: NOW - timedelta(days=4000))
    assert await purge.older_than(store, KEPT) == horizon(NOW - timedelta(days=4060))


async def test_before__a_horizon_that_is_later_already__is_finished(store: Store) -> None:
    """As after a purge that was killed before it had removed all."""
    await store.posts.upsert([a_post(1), a_post(2, created_at=NOW - timedelta(hours=1))])
    await Horizons(store.database).advance(horizon(NOW - timedelta(days=1)), why="first")
    moved, counts = await purge.before(store, horizon(NOW - timedelta(days=90)), why="second")
    assert (moved.why, counts["posts"]) == ("first", 1)
    assert await ids(store) == {"2"}


async def test_row_in_quarantine_of_a_post_before_the_horizon__is_replayed_into_nothing(store: Store) -> None:
    await Horizons(store.database).advance(horizon(NOW), why="older than 60d")

    class Reader:
        def post(self, row: Any, reply: Any, /) -> Post:
            return a_post(int(row["id"]))

    raw = set_aside({"id": "7"})
    await store.quarantine.add(
        [Refused(platform="mastodon", source_id="mastodon/x", reason="no", kind="E", raw=raw, reply=REPLY)]
    )
    assert await replay(store, {"mastodon": Reader()}, store.quarantine.each()) == Replayed(stored=0, refused=0, dropped=1)
    assert await store.quarantine.count() == 0
    assert await ids(store) == set()


# ---- by author


@pytest.mark.parametrize("name", ["1", "ann@a.example", "@Ann@A.example", "ann"])
async def test_person__by_id_or_handle__goes_and_does_not_come_back(store: Store, keyed: Config, name: str) -> None:
    mine, other = [a_post(1), a_post(2, handle="ann@a.example")], a_post(3, "2", "bob@a.example")
    await store.posts.upsert([*mine, other])
    person = await purge.find_person(store, keyed, "mastodon", name)
    assert (person.accounts, person.known) == ((("mastodon", "1"),), True)
    assert (await purge.erase(store, person))["posts"] == 2
    assert (await store.posts.upsert([*mine, a_post(4, handle="renamed"), other])).erased == 3
    assert await ids(store) == {"3"}


async def test_person__handle_of_several__is_refused_with_their_ids(store: Store, keyed: Config) -> None:
    await store.posts.upsert([a_post(1), a_post(2, "2", "ann@b.example")])
    with pytest.raises(UsageError, match=r"ann is the name of 2 authors on mastodon: ann@a.example \(1\), ann@b.example \(2\)"):
        await purge.find_person(store, keyed, "mastodon", "ann")


async def test_person__whom_no_post_is_of__is_remembered_by_the_id(store: Store, keyed: Config) -> None:
    person = await purge.find_person(store, keyed, "mastodon", "9")
    assert not person.known
    await purge.erase(store, person)
    assert (await store.posts.upsert([a_post(1, "9")])).erased == 1


async def test_person__of_deleted_posts__is_refused(store: Store, keyed: Config) -> None:
    with pytest.raises(UsageError, match="tell no author"):
        await purge.find_person(store, keyed, "mastodon", "deleted")


@pytest.mark.parametrize("name", ["1", "ann@a.example"])
async def test_person__whose_posts_are_private_too__by_the_key(store: Store, keyed: Config, name: str) -> None:
    keeping = await Keeping.of(store, [CLOSED], keyed)
    private = await keeping.kept([a_post(1), a_post(2, "2", "bob@a.example")], asked_by=("closed",))
    await store.posts.upsert([*private, a_post(3)])
    person = await purge.find_person(store, keyed, "mastodon", name)
    assert len(person.accounts) == 2
    assert (await purge.erase(store, person))["posts"] == 2
    assert {post.id async for post in store.posts.each()} == {private[1].id}
    again = await keeping.kept([a_post(4)], asked_by=("closed",))
    assert (await store.posts.upsert([*again, a_post(5)])).erased == 2


async def test_person__private_posts_without_the_key__are_not_passed_over(
    store: Store, keyed: Config, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keeping = await Keeping.of(store, [CLOSED], keyed)
    await store.posts.upsert(await keeping.kept([a_post(1)], asked_by=("closed",)))
    elsewhere = load({"MONITOR_HOME": str(tmp_path_factory.mktemp("other"))})
    with pytest.raises(ConfigurationError, match="made with another key"):
        await purge.find_person(store, elsewhere, "mastodon", "1")


async def test_person__rows_in_quarantine_that_name_them__go(store: Store, keyed: Config) -> None:
    await store.posts.upsert([a_post(1)])
    rows = {
        "by id": {"account": {"id": 1}},
        "by handle": {"account": [{"acct": "@Ann@a.example"}]},
        "in a text": {"content": "<p>hello ann@a.example</p>"},
        "in an address": {"url": "https://a.example/1/77"},
        "another's": {"account": {"id": 12, "acct": "joann@a.example"}, "content": "1 2 3 /12 @11"},
    }
    refused = [
        Refused(platform="mastodon", source_id=name, reason="no", kind="E", raw=set_aside(row), reply=REPLY)
        for name, row in rows.items()
    ]
    elsewhere = Refused(platform="lemmy", source_id="elsewhere", reason="no", kind="E", raw=set_aside({"id": 1}), reply=REPLY)
    await store.quarantine.add([*refused, elsewhere])
    person = await purge.find_person(store, keyed, "mastodon", "1")
    told = await purge.count_of(store, person)
    assert (told["posts"], told["quarantine"]) == (1, 4)
    assert (await purge.erase(store, person))["quarantine"] == 4
    assert {row.refused.source_id for row in await store.quarantine.list_newest()} == {"another's", "elsewhere"}
