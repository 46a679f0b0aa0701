"""Sources against a real mongod: made once, kept, due when they are due."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor import clock
from monitor.bookmark import Bookmark, Interval
from monitor.errors import LeaseLostError
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.progress import Move
from monitor.store.sources import SourceState, Standing

JUNE = datetime(2026, 6, 1, tzinfo=UTC)
TEA = Source(
    platform="mastodon",
    kind="tag",
    parameters={"tag": "tea", "instance": "example.org"},
    facts={"number": "7"},
    topics=("tea",),
    since=JUNE,
)


async def standing(store: Store, source: Source = TEA) -> Standing:
    found = await store.sources.find(source.id)
    assert found is not None
    return found


async def claimed(store: Store, source: Source = TEA) -> int:
    await store.sources.ensure(source)
    claim = await store.leases.claim(source.id, owner="me")
    assert claim is not None
    return claim.epoch


async def taken(store: Store) -> str | None:
    """The source that falls to whoever asks for one that is due."""
    claim = await store.leases.claim_due("mastodon", owner="somebody")
    return None if claim is None else claim.source.id


def state(word: str = "ok", *, due_in_s: float = 300, reason: str | None = None) -> SourceState:
    return SourceState(state=word, reason=reason, next_due=clock.now() + timedelta(seconds=due_in_s))  # type: ignore[arg-type]


async def test_a_source_is_made_once_and_read_back(store: Store) -> None:
    assert await store.sources.ensure(TEA) is True
    assert await store.sources.ensure(TEA) is False
    found = await standing(store)
    assert found.source == TEA
    assert (found.state, found.owner, found.epoch, found.bookmark) == ("never ran", None, 0, Bookmark())
    assert (found.last_run, found.last_polled_at, found.pending) == (None, None, 0)


async def test_16_that_make_it_at_once_make_one(store: Store) -> None:
    made = await asyncio.gather(*(store.sources.ensure(TEA) for _ in range(16)))
    assert sum(made) == 1
    assert len(await store.sources.list_all()) == 1


async def test_another_topic_joins_and_the_bookmark_stays(store: Store) -> None:
    epoch = await claimed(store)
    bookmark = Bookmark(version=1, start=5)
    assert await store.progress.move([Move(source_id=TEA.id, epoch=epoch, run="r", bookmark=bookmark)]) == [None]
    other = Source(
        platform="mastodon", kind="tag", parameters=TEA.parameters, topics=("drinks",), since=JUNE - timedelta(days=1)
    )
    await store.sources.ensure(other)
    found = await standing(store)
    assert (found.source.topics, found.source.since) == (("tea", "drinks"), JUNE - timedelta(days=1))
    assert (found.bookmark, found.source.facts, found.epoch) == (bookmark, {"number": "7"}, epoch)


async def test_a_later_since_does_not_shorten_what_was_asked_for(store: Store) -> None:
    for since in (JUNE, JUNE + timedelta(days=1), None):
        await store.sources.ensure(Source(platform="mastodon", kind="tag", parameters=TEA.parameters, since=since))
    assert (await standing(store)).source.since == JUNE


async def test_facts_are_replaced(store: Store) -> None:
    await store.sources.ensure(TEA)
    await store.sources.set_facts(TEA.id, {"account.id": "$9"})
    assert (await standing(store)).source.facts == {"account.id": "$9"}


async def test_finishing_frees_the_source_and_says_when_it_is_due(store: Store) -> None:
    epoch = await claimed(store)
    assert await store.sources.finish(TEA.id, epoch=epoch, run="r1", state=state("rate-limited", reason="$wait")) is True
    found = await standing(store)
    assert (found.owner, found.leased_until, found.epoch) == (None, None, epoch)
    assert (found.state, found.state_reason, found.last_run) == ("rate-limited", "$wait", "r1")
    assert found.last_polled_at is not None
    assert abs(found.next_due - found.last_polled_at - timedelta(seconds=300)) < timedelta(seconds=5)
    assert await taken(store) is None


async def test_a_late_owner_finishes_nothing(store: Store) -> None:
    epoch = await claimed(store)
    assert await store.sources.finish(TEA.id, epoch=epoch - 1, run="r", state=state("failing")) is False
    assert (await standing(store)).owner == "me"


async def test_a_source_paused_while_it_was_polled_stays_paused(store: Store) -> None:
    epoch = await claimed(store)
    await store.sources.pause(TEA.id, "too loud")
    assert await store.sources.finish(TEA.id, epoch=epoch, run="r", state=state("ok", due_in_s=-1)) is True
    found = await standing(store)
    assert (found.state, found.state_reason, found.owner) == ("paused", "too loud", None)
    assert await taken(store) is None
    assert await store.sources.resume(TEA.id) is True
    assert await taken(store) == TEA.id
    assert (await standing(store)).state == "ok"


async def test_a_source_that_never_ran_says_so_again_after_a_pause(store: Store) -> None:
    await store.sources.ensure(TEA)
    await store.sources.pause(TEA.id, "not yet")
    await store.sources.resume(TEA.id)
    assert (await standing(store)).state == "never ran"


async def test_pausing_what_is_not_there_says_so(store: Store) -> None:
    assert await store.sources.pause("none", "x") is False
    assert await store.sources.resume("none") is False
    assert await store.sources.find("none") is None


async def test_removing_a_source_takes_its_ledger__so_that_one_made_anew_begins_with_none(store: Store) -> None:
    interval = Interval(from_at=JUNE, to_at=JUNE + timedelta(days=1), state="covered", asked_at=JUNE)
    epoch = await claimed(store)
    move = Move(source_id=TEA.id, epoch=epoch, run="r", bookmark=Bookmark(version=1), intervals=(interval,))
    assert await store.progress.move([move]) == [None]
    await store.ledger.settle(TEA.id)
    assert await store.sources.remove(TEA.id) is True
    assert await store.sources.remove(TEA.id) is False
    assert await store.sources.find(TEA.id) is None
    await store.sources.ensure(TEA)
    stretches = await store.ledger.stretches(TEA.id, from_at=JUNE, to_at=JUNE + timedelta(days=1))
    assert [stretch.state for stretch in stretches] == ["never asked"]
    (late,) = await store.progress.move([replace(move, bookmark=Bookmark(version=2))])
    assert isinstance(late, LeaseLostError)


async def test_sources_are_listed_by_platform(store: Store) -> None:
    await store.sources.ensure(TEA)
    await store.sources.ensure(Source(platform="hackernews", kind="new"))
    assert [found.source.platform for found in await store.sources.list_all()] == ["hackernews", "mastodon"]
    assert [found.source.platform for found in await store.sources.list_all(platform="mastodon")] == ["mastodon"]


async def test_a_leased_source_is_not_due(store: Store) -> None:
    await claimed(store)
    assert await taken(store) is None


async def test_a_source_is_late_when_it_was_missed_and_would_be_well(store: Store) -> None:
    """A person learns of a delay after five minutes; what fails or waits says that instead."""
    epoch = await claimed(store)
    await store.sources.finish(TEA.id, epoch=epoch, run="r", state=state("ok"))
    found = await standing(store)
    due = found.next_due
    assert [found.word(due + timedelta(minutes=minutes)) for minutes in (-1, 1, 6)] == ["ok", "ok", "late"]
    assert [found.due(due + timedelta(minutes=minutes)) for minutes in (-1, 1)] == [False, True]
    failing = replace(found, state="failing")
    assert failing.word(due + timedelta(minutes=6)) == "failing"


async def test_a_source_that_no_topic_wants_is_never_due(store: Store) -> None:
    alone = Source(platform="mastodon", kind="tag", parameters={"tag": "tea"})
    await store.sources.ensure(alone)
    found = await standing(store, alone)
    assert found.due(found.next_due + timedelta(days=1)) is False
    assert await taken(store) is None
