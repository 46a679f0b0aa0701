"""The ledger laid flat equals the ledger itself, whatever was kept of it before."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.bookmark import Bookmark, Interval, State
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.leases import Claim
from monitor.store.progress import Move
from monitor.store.timelines import Timelines

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
STATES: tuple[State, ...] = ("covered", "covered", "capped", "limited", "failed")


def drawn(rng: random.Random) -> Interval:
    begin = rng.randint(0, 40)
    state = rng.choice(STATES)
    return Interval(
        from_at=None if rng.random() < 0.05 else MIDNIGHT + timedelta(hours=begin),
        to_at=None if rng.random() < 0.05 else MIDNIGHT + timedelta(hours=begin + rng.randint(1, 8)),
        state=state,
        reason=None if state == "covered" else rng.choice(("a", "b")),
        posts=rng.randint(0, 9),
        asked_at=MIDNIGHT,
    )


async def commit(store: Store, claim: Claim, version: int, *intervals: Interval) -> None:
    move = Move(source_id=claim.source.id, epoch=claim.epoch, run="r", bookmark=Bookmark(version=version), intervals=intervals)
    assert await store.progress.move([move]) == [None]


async def test_equal_to_the_ledger__after_each_of_many_commits(store: Store, claim: Claim) -> None:
    """Entries that wait in the source, that were moved, and that were laid flat before, all mixed."""
    rng, kept = random.Random(3), Timelines(store.database)
    bounds: dict[str, Any] = {"from_at": MIDNIGHT - timedelta(hours=5), "to_at": MIDNIGHT + timedelta(hours=60)}
    for version in range(1, 61):
        await commit(store, claim, version, *(drawn(rng) for _ in range(rng.randint(0, 3))))
        if rng.random() < 0.3:
            await store.ledger.settle(claim.source.id)
        if rng.random() < 0.5:
            continue
        timeline = (await kept.of([claim.source.id]))[claim.source.id]
        told = await store.ledger.stretches(claim.source.id, **bounds)
        assert timeline.version == version
        expected = [each for each in told if each.state != "never asked"]
        inside = [
            (max(each.from_at, bounds["from_at"]), min(each.to_at, bounds["to_at"]), each.state, each.reason)
            for each in timeline.spans
            if each.from_at < bounds["to_at"] and each.to_at > bounds["from_at"]
        ]
        assert inside == [(each.from_at, each.to_at, each.state, each.reason) for each in expected]


async def test_what_is_kept_may_be_dropped(store: Store, claim: Claim) -> None:
    await commit(store, claim, 1, drawn(random.Random(1)))
    first = await Timelines(store.database).of([claim.source.id])
    await store.database["timelines"].delete_many({})
    assert await Timelines(store.database).of([claim.source.id]) == first


async def test_removed_and_made_again__nothing_of_the_first_is_left(store: Store, claim: Claim) -> None:
    for version in range(1, 4):
        await commit(store, claim, version, drawn(random.Random(version)))
    kept = Timelines(store.database)
    before = await kept.of([claim.source.id])
    assert before[claim.source.id].spans
    await store.sources.remove(claim.source.id)
    # As it may be where somebody read it at the moment of the removal.
    await store.database["timelines"].insert_one({"_id": claim.source.id, "version": 3, "posts": 1, "hours": 1.0, "spans": [
        [MIDNIGHT, MIDNIGHT + timedelta(hours=1), "covered", None]]})  # fmt: skip
    await store.sources.ensure(claim.source)
    assert (await kept.of([claim.source.id]))[claim.source.id].spans == ()
    again = await store.leases.claim(claim.source.id, owner="test")
    assert again is not None
    for version in range(1, 5):
        await commit(store, again, version)
    assert (await kept.of([claim.source.id]))[claim.source.id].spans == ()


async def test_many_sources__each_has_its_own__and_none_that_there_is_not(store: Store) -> None:
    for number in range(110):
        source = Source(platform="mastodon", kind="tag", parameters={"tag": f"t{number}", "instance": "x.example"})
        await store.sources.ensure(source)
        if number % 50 == 0:
            claimed = await store.leases.claim(source.id, owner="test")
            assert claimed is not None
            told = Interval(from_at=MIDNIGHT, to_at=MIDNIGHT + timedelta(hours=number + 1), state="covered", asked_at=MIDNIGHT)
            await commit(store, claimed, 1, told)
    ids = [f"mastodon/tag?instance=x.example&tag=t{number}" for number in range(111)]
    found = await Timelines(store.database).of(ids)
    assert len(found) == 110
    with_spans = {source: timeline.spans[0].to_at for source, timeline in found.items() if timeline.spans}
    assert with_spans == {ids[number]: MIDNIGHT + timedelta(hours=number + 1) for number in range(0, 110, 50)}


async def test_pace__posts_per_hour_of_covered_time(store: Store, claim: Claim) -> None:
    for version in (1, 2):
        told = Interval(from_at=MIDNIGHT, to_at=MIDNIGHT + timedelta(hours=2), state="covered", posts=6, asked_at=MIDNIGHT)
        await commit(store, claim, version, told)
        assert (await Timelines(store.database).of([claim.source.id]))[claim.source.id].pace == 3
