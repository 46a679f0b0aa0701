"""Leases against a real mongod: one winner, the server's clock, the epoch."""

import asyncio
from datetime import timedelta

import pytest

from monitor import clock
from monitor.config import Config
from monitor.source import Source
from monitor.store.connection import Store, open_store


def a_source(tag: str = "tea", *, topics: tuple[str, ...] = ("drinks",)) -> Source:
    return Source(platform="mastodon", kind="tag", parameters={"tag": tag}, topics=topics)


async def set_back(store: Store, source: Source, field: str, *, seconds: float) -> None:
    """Move a stored time into the past of the server, as if so long had gone by."""
    amount = {"$dateSubtract": {"startDate": "$$NOW", "unit": "millisecond", "amount": int(seconds * 1000)}}
    await store.database["sources"].update_one({"_id": source.id}, [{"$set": {field: amount}}])


async def test_of_16_that_race_for_a_source_one_wins(store: Store, config: Config) -> None:
    """20 races, half of the runners on a connection of their own."""
    other = await open_store(config)
    winners = []
    for race in range(20):
        source = a_source(f"race{race}")
        await store.sources.ensure(source)
        claims = await asyncio.gather(
            *((store, other)[runner % 2].leases.claim(source.id, owner=f"runner {runner}") for runner in range(16))
        )
        winners.append(sum(claim is not None for claim in claims))
    await other.close()
    print(f"20 races of 16: winners {winners}")
    assert winners == [1] * 20


async def test_16_that_ask_for_whatever_is_due_get_different_sources(store: Store) -> None:
    for number in range(10):
        await store.sources.ensure(a_source(f"tag{number}"))
    claims = await asyncio.gather(*(store.leases.claim_due("mastodon", owner=f"runner {runner}") for runner in range(16)))
    won = [claim.source.id for claim in claims if claim is not None]
    assert (len(won), len(set(won))) == (10, 10)


async def test_a_claim_brings_source_and_bookmark(store: Store) -> None:
    await store.sources.ensure(a_source())
    claim = await store.leases.claim(a_source().id, owner="me")
    assert claim is not None
    assert claim.source == a_source()
    assert (claim.epoch, claim.owner, claim.bookmark.version) == (1, "me", 0)


@pytest.mark.parametrize("minutes", [10, -10])
async def test_a_claim_by_a_clock_that_is_wrong__says_how_far_it_is_off(
    store: Store, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    await store.sources.ensure(a_source())
    right = clock.now
    monkeypatch.setattr(clock, "now", lambda: right() + timedelta(minutes=minutes))
    claim = await store.leases.claim(a_source().id, owner="me")
    assert claim is not None
    assert abs(claim.ahead + timedelta(minutes=minutes)) < timedelta(seconds=30)


async def test_nothing_is_claimed_where_nothing_is(store: Store) -> None:
    assert await store.leases.claim("mastodon/tag?tag=none", owner="me") is None
    assert await store.leases.claim_due("mastodon", owner="me") is None


async def test_a_lease_that_ran_out_is_claimed_with_the_next_epoch(store: Store) -> None:
    await store.sources.ensure(a_source())
    first = await store.leases.claim(a_source().id, owner="first")
    assert first is not None
    assert await store.leases.claim(a_source().id, owner="second") is None
    await set_back(store, a_source(), "lease.until", seconds=1)
    second = await store.leases.claim(a_source().id, owner="second")
    assert second is not None
    assert second.epoch == first.epoch + 1
    assert await store.leases.renew({a_source().id: first.epoch}) == 0
    assert await store.leases.release(a_source().id, epoch=first.epoch) is False
    assert await store.leases.claim(a_source().id, owner="third") is None


async def test_a_lease_is_as_long_as_asked_by_the_servers_clock(store: Store) -> None:
    await store.sources.ensure(a_source())
    await store.leases.claim(a_source().id, owner="me", lease_s=90)
    measure = {"$project": {"ms": {"$subtract": ["$lease.until", "$$NOW"]}}}
    (left,) = await (await store.database["sources"].aggregate([measure])).to_list()
    assert 80_000 < left["ms"] <= 90_000


async def test_renewing_holds_on__also_after_the_end_if_nobody_took_it(store: Store) -> None:
    await store.sources.ensure(a_source())
    claim = await store.leases.claim(a_source().id, owner="me")
    assert claim is not None
    await set_back(store, a_source(), "lease.until", seconds=1)
    assert await store.leases.renew({a_source().id: claim.epoch, "lost": 1}) == 1
    assert await store.leases.renew({}) == 0
    assert await store.leases.claim(a_source().id, owner="other") is None


async def test_what_was_given_back_cannot_be_renewed(store: Store) -> None:
    await store.sources.ensure(a_source())
    claim = await store.leases.claim(a_source().id, owner="me")
    assert claim is not None
    assert await store.leases.release(a_source().id, epoch=claim.epoch) is True
    assert await store.leases.renew({a_source().id: claim.epoch}) == 0
    again = await store.leases.claim(a_source().id, owner="me")
    assert again is not None
    assert again.epoch == claim.epoch + 1


async def test_the_most_overdue_goes_first(store: Store) -> None:
    for tag, seconds in (("a", 10), ("b", 30), ("c", 20)):
        await store.sources.ensure(a_source(tag))
        await set_back(store, a_source(tag), "next_due", seconds=seconds)
    order = []
    while claim := await store.leases.claim_due("mastodon", owner="me"):
        order.append(claim.source.parameters["tag"])
    assert order == ["b", "c", "a"]


async def test_a_source_that_no_topic_wants_is_taken_by_name_only(store: Store) -> None:
    await store.sources.ensure(a_source(topics=()))
    assert await store.leases.claim_due("mastodon", owner="me") is None
    assert await store.leases.claim(a_source().id, owner="me") is not None


async def test_what_is_not_due_or_paused_or_elsewhere_is_not_taken(store: Store) -> None:
    await store.sources.ensure(a_source("later"))
    await set_back(store, a_source("later"), "next_due", seconds=-60)
    await store.sources.ensure(a_source("paused"))
    await store.sources.pause(a_source("paused").id, "a person asked")
    await store.sources.ensure(Source(platform="hackernews", kind="new", topics=("drinks",)))
    assert await store.leases.claim_due("mastodon", owner="me") is None
    assert await store.leases.claim(a_source("paused").id, owner="me") is not None, "named by a person, it is taken"


async def test_due_sources_can_be_taken_for_one_topic(store: Store) -> None:
    await store.sources.ensure(a_source("tea", topics=("drinks",)))
    await store.sources.ensure(a_source("chess", topics=("games", "boards")))
    claim = await store.leases.claim_due("mastodon", owner="me", topic="boards")
    assert claim is not None
    assert claim.source.parameters == {"tag": "chess"}
    assert await store.leases.claim_due("mastodon", owner="me", topic="boards") is None


async def test_an_owner_is_text_and_no_expression(store: Store) -> None:
    await store.sources.ensure(a_source())
    await store.leases.claim(a_source().id, owner="$platform")
    standing = await store.sources.find(a_source().id)
    assert standing is not None
    assert standing.owner == "$platform"


async def test_release_all__only_the_owner_s__and_they_can_be_claimed_at_once(store: Store) -> None:
    sources = [a_source(tag) for tag in ("a", "b", "c")]
    for source, owner in zip(sources, ("mine", "mine", "other"), strict=True):
        await store.sources.ensure(source)
        assert await store.leases.claim(source.id, owner=owner)
    assert await store.leases.release_all(owner="mine") == 2
    again = [await store.leases.claim(source.id, owner="next") for source in sources]
    assert [claim is not None for claim in again] == [True, True, False]


async def test_what_the_caller_still_works_on_is_not_taken_again(store: Store) -> None:
    """An outage longer than the lease would otherwise let a process claim its own source a second time."""
    for tag in ("tea", "coffee"):
        await store.sources.ensure(a_source(tag))
    first = await store.leases.claim_due("mastodon", owner="me", lease_s=0)
    assert first is not None
    second = await store.leases.claim_due("mastodon", owner="me", lease_s=0, besides=[first.source.id])
    assert second is not None
    assert second.source.id != first.source.id
    assert await store.leases.claim_due("mastodon", owner="me", besides=[first.source.id, second.source.id]) is None
