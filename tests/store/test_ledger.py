"""The ledger: laying entries over each other (pure), and moving them out of their sources (a real mongod)."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.bookmark import Bookmark, Interval, State
from monitor.store.connection import Store
from monitor.store.leases import Claim
from monitor.store.ledger import Entry, Stretch, resolve
from monitor.store.progress import Move

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
DAY = timedelta(days=1)


def hour(number: float) -> datetime:
    return MIDNIGHT + timedelta(hours=number)


def interval(start: float | None, end: float | None, state: State = "covered") -> Interval:
    return Interval(
        from_at=None if start is None else hour(start), to_at=None if end is None else hour(end), state=state, asked_at=hour(24)
    )


def told(stretches: list[Stretch]) -> list[tuple[float, float, str]]:
    return [
        ((stretch.from_at - MIDNIGHT) / timedelta(hours=1), (stretch.to_at - MIDNIGHT) / timedelta(hours=1), stretch.state)
        for stretch in stretches
    ]


HOURS = st.none() | st.integers(-5, 29)
ENTRIES = st.lists(
    st.builds(
        Entry,
        interval=st.builds(interval, HOURS, HOURS, st.sampled_from(["covered", "capped", "failed"])),
        version=st.integers(0, 5),
        number=st.integers(0, 2),
    ),
    max_size=12,
    unique_by=lambda entry: (entry.version, entry.number),
)


@given(ENTRIES)
def test_each_moment_is_what_its_newest_entry_says(entries: list[Entry]) -> None:
    """Against the definition itself, asked half-hour by half-hour."""
    stretches = resolve(entries, from_at=hour(0), to_at=hour(24))
    for half in range(48):
        moment = hour(half / 2) + timedelta(minutes=15)
        over = [
            entry
            for entry in entries
            if (entry.interval.from_at is None or entry.interval.from_at <= moment)
            and (entry.interval.to_at is None or moment < entry.interval.to_at)
        ]
        newest = max(over, key=lambda entry: (entry.version, entry.number), default=None)
        (stretch,) = [stretch for stretch in stretches if stretch.from_at <= moment < stretch.to_at]
        assert stretch.state == ("never asked" if newest is None else newest.interval.state)


@given(ENTRIES)
def test_stretches_have_no_holes_and_neighbours_differ(entries: list[Entry]) -> None:
    stretches = resolve(entries, from_at=hour(0), to_at=hour(24))
    assert (stretches[0].from_at, stretches[-1].to_at) == (hour(0), hour(24))
    for one, next_one in pairwise(stretches):
        assert one.to_at == next_one.from_at
        assert (one.state, one.reason) != (next_one.state, next_one.reason)


def test_no_entries_at_all_were_never_asked() -> None:
    assert told(resolve([], from_at=hour(0), to_at=hour(24))) == [(0, 24, "never asked")]


def test_a_gap_that_was_filled_later_is_covered() -> None:
    entries = [
        Entry(interval=interval(0, 24), version=1, number=0),
        Entry(interval=interval(6, 12, "limited"), version=1, number=1),
        Entry(interval=interval(8, 12), version=2, number=0),
    ]
    assert told(resolve(entries, from_at=hour(0), to_at=hour(24))) == [
        (0, 6, "covered"),
        (6, 8, "limited"),
        (8, 24, "covered"),
    ]


async def commit(store: Store, claim: Claim, version: int, *intervals: Interval) -> None:
    moved = await store.progress.move(
        [Move(source_id=claim.source.id, epoch=claim.epoch, run="r", bookmark=Bookmark(version=version), intervals=intervals)]
    )
    assert moved == [None]


async def test_entries_count_before_and_after_they_are_moved(store: Store, claim: Claim) -> None:
    await commit(store, claim, 1, interval(0, 6), interval(6, 7, "capped"))
    await commit(store, claim, 2, interval(7, 8))
    expected = [(-1, 0, "never asked"), (0, 6, "covered"), (6, 7, "capped"), (7, 8, "covered"), (8, 9, "never asked")]
    before = await store.ledger.stretches(claim.source.id, from_at=hour(-1), to_at=hour(9))
    assert await store.ledger.settle(claim.source.id) == 3
    after = await store.ledger.stretches(claim.source.id, from_at=hour(-1), to_at=hour(9))
    assert (told(before), told(after)) == (expected, expected)
    assert await store.ledger.settle(claim.source.id) == 0


async def test_entries_are_keyed_by_source_version_and_number(store: Store, claim: Claim) -> None:
    await commit(store, claim, 1, interval(0, 6), interval(6, 7))
    await store.ledger.settle(claim.source.id)
    assert [entry["_id"] async for entry in store.database["ledger"].find().sort("_id")] == [
        f"{claim.source.id}:1:0",
        f"{claim.source.id}:1:1",
    ]


async def test_moving_at_once_and_again_doubles_and_loses_nothing(store: Store, claim: Claim) -> None:
    """16 move while commits go on; one that died between its two steps had already put entries into the ledger."""
    await commit(store, claim, 1, interval(0, 1))
    source = await store.database["sources"].find_one({"_id": claim.source.id})
    await store.ledger.settle(claim.source.id)
    assert source is not None
    pending = {"ledger_pending": source["ledger_pending"]}
    await store.database["sources"].update_one({"_id": claim.source.id}, {"$set": pending})

    async def commits() -> None:
        for version in range(2, 30):
            await commit(store, claim, version, interval(version - 1, version))

    await asyncio.gather(commits(), *(store.ledger.settle(claim.source.id) for _ in range(16)))
    await store.ledger.settle(claim.source.id)
    assert await store.database["ledger"].count_documents({}) == 29
    assert told(await store.ledger.stretches(claim.source.id, from_at=hour(0), to_at=hour(29))) == [(0, 29, "covered")]


async def test_what_dead_walks_left_is_moved_for_all_sources(store: Store, claim: Claim) -> None:
    await commit(store, claim, 1, interval(0, 1), interval(1, 2))
    assert await store.ledger.settle_all() == 2
    assert await store.ledger.settle_all() == 0


async def test_a_source_that_is_not_there_has_no_ledger(store: Store) -> None:
    assert await store.ledger.settle("none") == 0
    assert told(await store.ledger.stretches("none", from_at=hour(0), to_at=hour(1))) == [(0, 1, "never asked")]
