"""What the ledger said at a moment: whatever is asked and made later changes nothing of it."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from monitor import clock
from monitor.analysis.bucket import Period
from monitor.bookmark import Bookmark, Interval, State
from monitor.scope import Scope
from monitor.source import Source
from monitor.store import coverage_then as module
from monitor.store.connection import Store
from monitor.store.coverage_then import CoverageThen, Then
from monitor.store.imports import File
from monitor.store.progress import Move

DAY = datetime(2026, 11, 20, tzinfo=UTC)
PERIOD = Period(start=DAY, end=DAY + timedelta(hours=24))
TEA = Scope(topics=("tea",))

Ask = Callable[..., Awaitable[None]]


def hour(number: float) -> datetime:
    return DAY + timedelta(hours=number)


def tag(name: str, topic: str = "tea", platform: str = "mastodon") -> Source:
    return Source(platform=platform, kind="tag", parameters={"tag": name, "instance": "a.example"}, topics=(topic,))


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the clock by which sources are made, to an hour."""

    def is_now(number: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: hour(number))

    return is_now


@pytest.fixture
def ask(store: Store, at: Callable[[float], None]) -> Ask:
    """Let a source, made at the begin of the day where it is not there, have asked for stretches, at an hour."""
    versions: dict[str, int] = {}

    async def asked(source: Source, *told: tuple[float | None, float | None, State], asked_at: float = 30) -> None:
        at(0)
        await store.sources.ensure(source)
        claim = await store.leases.claim(source.id, owner="test")
        assert claim is not None
        versions[source.id] = versions.get(source.id, 0) + 1
        intervals = tuple(
            Interval(
                from_at=None if begin is None else hour(begin), to_at=None if end is None else hour(end), state=state,
                reason=None, asked_at=hour(asked_at),
            )
            for begin, end, state in told
        )  # fmt: skip
        bookmark = Bookmark(version=versions[source.id])
        move = Move(source_id=source.id, epoch=claim.epoch, run="r", bookmark=bookmark, intervals=intervals)
        assert await store.progress.move([move]) == [None]
        await store.leases.release(source.id, epoch=claim.epoch)

    return asked


async def then(store: Store, number: float, scope: Scope = TEA) -> Then:
    return await CoverageThen(store.database).of(scope, PERIOD, then=hour(number))


async def test_nothing__is_nothing(store: Store) -> None:
    found = await then(store, 40)
    assert (found.sources, found.files, found.coverage.whole.sources) == ((), (), 0)


async def test_what_was_asked_later__is_left_out(store: Store, ask: Ask) -> None:
    await ask(tag("a"), (0, 12, "covered"), asked_at=30)
    await ask(tag("a"), (12, 18, "covered"), asked_at=35)
    covered = [(await then(store, moment)).coverage.whole.every for moment in (29, 30, 31, 35)]
    assert covered == [0, 0.5, 0.5, 0.75]


async def test_later_refusal__does_not_take_back_what_was_covered_then(store: Store, ask: Ask) -> None:
    await ask(tag("a"), (0, 24, "covered"), asked_at=30)
    await ask(tag("a"), (0, 24, "failed"), asked_at=35)
    assert ((await then(store, 31)).coverage.whole.every, (await then(store, 36)).coverage.whole.every) == (1, 0)


async def test_entries_that_wait_and_that_were_moved__count_alike(store: Store, ask: Ask) -> None:
    await ask(tag("a"), (0, 6, "covered"), asked_at=30)
    await ask(tag("a"), (6, 12, "covered"), asked_at=32)
    before = [await then(store, moment) for moment in (29, 31, 33)]
    await store.ledger.settle_all()
    assert [await then(store, moment) for moment in (29, 31, 33)] == before
    assert [one.coverage.whole.every for one in before] == [0, 0.25, 0.5]


async def test_open_ends_and_what_lies_outside(store: Store, ask: Ask) -> None:
    await ask(tag("a"), (None, 6, "covered"), (18, None, "covered"), (-9, 0, "failed"), (24, 30, "failed"))
    await store.ledger.settle_all()
    (source,) = (await then(store, 40)).coverage.sources
    assert [(hole.from_at, hole.to_at, hole.state) for hole in source.holes] == [(hour(6), hour(18), "never asked")]


async def test_sources_made_later__do_not_count_and_those_of_unknown_age_do(
    store: Store, ask: Ask, at: Callable[[float], None]
) -> None:
    await ask(tag("a"), (0, 24, "covered"))
    at(33)
    for name in ("later", "old"):
        await store.sources.ensure(tag(name))
    await store.database["sources"].update_one({"_id": tag("old").id}, {"$unset": {"made_at": ""}})
    assert [one.parameters["tag"] for one in (await then(store, 32)).sources] == ["a", "old"]
    assert [one.parameters["tag"] for one in (await then(store, 33)).sources] == ["a", "later", "old"]


async def test_sources_of_other_topics_and_platforms__do_not_count(store: Store, ask: Ask) -> None:
    for source in (tag("a"), tag("b", topic="milk"), tag("c", platform="lemmy")):
        await ask(source, (0, 24, "covered"))
    found = await then(store, 40, Scope(topics=("tea",), platforms=("mastodon",)))
    assert [one.parameters["tag"] for one in found.sources] == ["a"]


async def test_files__are_told_by_themselves(store: Store, ask: Ask) -> None:
    await ask(tag("a"), (0, 12, "covered"))
    file = File(name="x.jsonl", sha256="0", format="twarc").source("mastodon", topics=("tea",))
    await store.sources.ensure(file)
    found = await then(store, 40)
    assert ([one.id for one in found.files], len(found.sources)) == ([file.id], 1)
    assert (found.coverage.whole.sources, found.coverage.whole.any) == (1, 0.5)


async def test_many_sources__are_read_in_several_rounds_and_each_counts(
    store: Store, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its own hours; together they cover what any of them does."""
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    for number in range(5):
        await ask(tag(f"t{number}"), (number, number + 1, "covered"))
    found = await then(store, 40)
    assert [one.parameters["tag"] for one in found.sources] == [f"t{number}" for number in range(5)]
    assert (found.coverage.whole.sources, found.coverage.whole.any) == (5, 5 / 24)


async def test_any_moment__is_what_the_entries_of_then_say_hour_by_hour(store: Store, ask: Ask) -> None:
    rng = random.Random(9)
    states: tuple[State, ...] = ("covered", "covered", "failed", "limited")
    asked: list[tuple[int, int, int, State]] = []
    for moment in range(30, 50):
        begin = rng.randrange(24)
        asked.append((moment, begin, begin + rng.randrange(1, 9), rng.choice(states)))
        await ask(tag("a"), asked[-1][1:], asked_at=moment)
        if rng.random() < 0.3:
            await store.ledger.settle_all()
    for moment in (30, 35, 41, 49):
        (source,) = (await then(store, moment)).coverage.sources
        said = ["never asked"] * 24
        for at_hour, begin, end, state in asked:
            said[begin : min(end, 24)] = [state] * (min(end, 24) - begin) if at_hour <= moment else said[begin : min(end, 24)]
        told = ["covered"] * 24
        for hole in source.holes:
            begin, end = ((edge - DAY) // timedelta(hours=1) for edge in (hole.from_at, hole.to_at))
            told[begin:end] = [hole.state] * (end - begin)
        assert told == said, moment


async def test_being_read__while_a_lease_holds(store: Store, ask: Ask) -> None:
    coverage = CoverageThen(store.database)
    await ask(tag("a"), (0, 1, "covered"))
    assert not await coverage.being_read()
    claim = await store.leases.claim(tag("a").id, owner="test", lease_s=60)
    assert claim is not None
    assert await coverage.being_read()
    await store.leases.release(tag("a").id, epoch=claim.epoch)
    assert not await coverage.being_read()
