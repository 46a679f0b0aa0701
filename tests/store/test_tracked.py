"""Since when posts of a query are here, and since when a topic's sources were read."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from monitor.bookmark import Bookmark, Interval, State
from monitor.post import Match, Post
from monitor.query.parse import parse_search
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.progress import Move
from monitor.store.tracked import First, Tracked

DAY = datetime(2026, 11, 20, tzinfo=UTC)

Read = Callable[..., Awaitable[None]]


def hour(number: float) -> datetime:
    return DAY + timedelta(hours=number)


@pytest.fixture
def read(store: Store) -> Read:
    """Let a source of a platform have read stretches, each told with its state, and say whether the ledger has them already."""
    versions: dict[str, int] = {}

    async def done(
        name: str,
        *told: tuple[float | None, float, State],
        platform: str = "mastodon",
        topic: str = "tea",
        settled: bool = True,
    ) -> None:
        source = Source(platform=platform, kind="tag", parameters={"tag": name}, topics=(topic,))
        await store.sources.ensure(source)
        claim = await store.leases.claim(source.id, owner="test")
        assert claim is not None
        versions[name] = versions.get(name, 0) + 1
        intervals = tuple(
            Interval(from_at=None if begin is None else hour(begin), to_at=hour(end), state=state, asked_at=hour(99))
            for begin, end, state in told
        )
        bookmark = Bookmark(version=versions[name])
        move = Move(source_id=source.id, epoch=claim.epoch, run="r", bookmark=bookmark, intervals=intervals)
        assert await store.progress.move([move]) == [None]
        await store.leases.release(source.id, epoch=claim.epoch)
        if settled:
            await store.ledger.settle(source.id)

    return done


async def test_firsts__by_platform_when_written_and_when_seen(store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert(
        [
            a_post(1, created_at=hour(5), fetched_at=hour(6)),
            a_post(2, created_at=hour(2), fetched_at=hour(9)),
            a_post(3, created_at=hour(1), fetched_at=hour(3), platform="feeds"),
        ]
    )
    assert await Tracked(store.database).firsts(None) == {
        "feeds": First(written=hour(1), seen=hour(3)),
        "mastodon": First(written=hour(2), seen=hour(6)),
    }


async def test_firsts__only_of_what_the_query_asks_for(store: Store, a_post: Callable[..., Post]) -> None:
    tea = (Match(id="tea", version=1),)
    await store.posts.upsert(
        [
            a_post(1, created_at=hour(5), fetched_at=hour(6), topics=tea),
            a_post(2, created_at=hour(2), fetched_at=hour(3)),
            a_post(3, created_at=hour(1), fetched_at=hour(3), platform="feeds"),
        ]
    )
    found = await Tracked(store.database).firsts(parse_search("topic:tea"))
    assert found == {"mastodon": First(written=hour(5), seen=hour(6))}


async def test_firsts__of_words__are_at_the_latest_those_of_the_posts_that_match(
    store: Store, a_post: Callable[..., Post]
) -> None:
    await store.posts.upsert([a_post(1, created_at=hour(2), text="x"), a_post(2, created_at=hour(5), text="Tea.")])
    found = await Tracked(store.database).firsts(parse_search("tea"))
    assert found["mastodon"].written <= hour(5)


async def test_nothing__is_empty(store: Store) -> None:
    assert await Tracked(store.database).firsts(None) == {}
    assert await Tracked(store.database).covered_from("tea") == {}


@pytest.mark.parametrize("settled", [True, False])
async def test_covered_from__the_earliest_of_each_platform(store: Store, read: Read, settled: bool) -> None:
    await read("a", (8, 9, "covered"), (4, 5, "covered"), settled=settled)
    await read("b", (6, 7, "covered"), settled=settled)
    await read("c", (2, 3, "covered"), platform="bluesky", settled=settled)
    assert await Tracked(store.database).covered_from("tea") == {"bluesky": hour(2), "mastodon": hour(4)}


@pytest.mark.parametrize(("moved", "waiting", "earliest"), [(3, 7, 3), (7, 3, 3)])
async def test_covered_from__what_was_moved_and_what_waits_are_both_looked_at(
    store: Store, read: Read, moved: float, waiting: float, earliest: float
) -> None:
    await read("a", (moved, moved + 1, "covered"))
    await read("a", (waiting, waiting + 1, "covered"), settled=False)
    assert await Tracked(store.database).covered_from("tea") == {"mastodon": hour(earliest)}


@pytest.mark.parametrize("settled", [True, False])
async def test_covered_from__what_was_not_read_and_what_has_no_begin_do_not_count(
    store: Store, read: Read, settled: bool
) -> None:
    await read("a", (1, 2, "failed"), (None, 4, "covered"), (5, 6, "covered"), (0, 1, "limited"), settled=settled)
    await read("b", (1, 2, "capped"), platform="feeds", settled=settled)
    assert await Tracked(store.database).covered_from("tea") == {"mastodon": hour(5)}


async def test_covered_from__sources_of_other_topics_do_not_count(store: Store, read: Read) -> None:
    await read("a", (5, 6, "covered"))
    await read("b", (1, 2, "covered"), topic="milk")
    assert await Tracked(store.database).covered_from("tea") == {"mastodon": hour(5)}
