"""Figures from rollups equal those of the posts, in any window, zone and split."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.post import Match, Post, Score
from monitor.store.connection import Store
from monitor.store.figures import Figures
from monitor.store.recount import Recount
from monitor.store.scores import Scores, Work
from monitor.store.volumes import Freshness, Volumes
from monitor.store.window import Window, days, hours, minutes

BEGIN = datetime(2026, 11, 20, 0, tzinfo=UTC)
SPAN = timedelta(hours=30)
EVERYTHING = Window(from_at=BEGIN, to_at=BEGIN + SPAN)
# The midnights around a change of clocks, in UTC.
CHANGES = (
    ("Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
    ("Europe/Berlin", datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
    ("America/New_York", datetime(2026, 3, 8, 5, tzinfo=UTC), 23),
    ("America/New_York", datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
)
RollUp = Callable[[], Awaitable[Any]]


def a_window(rng: random.Random, begin: datetime, span: timedelta) -> Window:
    """Somewhere within, to the minute; every third to the hour."""
    unit = 60 if rng.random() < 1 / 3 else 1
    first, last = sorted(rng.sample(range(int(span / timedelta(minutes=unit)) + 1), 2))
    return Window(
        from_at=begin + timedelta(minutes=first * unit),
        to_at=begin + timedelta(minutes=last * unit),
        platforms=rng.choice(((), (), ("mastodon",), ("bluesky", "mastodon"))),
        topic=rng.choice((None, None, "tea", "milk", "unknown")),
    )


async def assert_equal(store: Store, window: Window, cuts: tuple[datetime, ...]) -> None:
    recount, volumes = Recount(store.database), Volumes(store.database)
    counted = await recount.series(window, cuts)
    assert dict((await volumes.by_platform(window, cuts)).by_platform) == counted
    together = [sum(each, Figures()) for each in zip(*counted.values(), strict=True)] or [Figures()] * (len(cuts) - 1)
    assert list((await volumes.series(window, cuts)).figures) == together
    assert dict((await volumes.languages(window)).by_language) == await recount.languages(window)


async def test_every_window_equals_its_recount(store: Store, many_posts: Callable[..., list[Post]], roll_up: RollUp) -> None:
    rng = random.Random(3)
    await store.posts.upsert(many_posts(rng, 900, BEGIN, BEGIN + SPAN))
    await roll_up()
    for _ in range(40):
        window = a_window(rng, BEGIN, SPAN)
        zone = ZoneInfo(rng.choice(("UTC", "Asia/Kolkata", "America/New_York", "Australia/Eucla")))
        await assert_equal(store, window, rng.choice((minutes(window), hours(window, zone), days(window, zone))))


@pytest.mark.parametrize(("zone", "midnight", "length"), CHANGES)
async def test_local_days_equal_their_recount__clocks_change(
    store: Store, many_posts: Callable[..., list[Post]], roll_up: RollUp, zone: str, midnight: datetime, length: int
) -> None:
    await store.posts.upsert(many_posts(random.Random(4), 300, midnight - timedelta(days=1), midnight + timedelta(days=2)))
    await roll_up()
    window = Window(from_at=midnight - timedelta(days=1), to_at=midnight + timedelta(hours=length + 24))
    cuts = days(window, ZoneInfo(zone))
    assert [(end - begin) / timedelta(hours=1) for begin, end in pairwise(cuts)] == [24, length, 24]
    await assert_equal(store, window, cuts)
    assert all(figures.posts > 50 for figures in (await Volumes(store.database).series(window, cuts)).figures)


async def only(store: Store, window: Window = EVERYTHING) -> Figures:
    return await Volumes(store.database).total(window)


async def test_what_happens_to_a_post_is_reflected(store: Store, a_post: Callable[..., Post], roll_up: RollUp) -> None:
    """Scored, edited, matched by a topic, deleted: after each, what is read is what is stored."""
    good = Score(scorer="x", version="1", label="positive", compound=0.5)
    first = a_post(language="en", created_at=BEGIN + timedelta(minutes=5))
    later = {"fetched_at": first.fetched_at + timedelta(hours=1), "edited_at": first.fetched_at}
    tea = replace(EVERYTHING, topic="tea")
    told = []
    for post in (
        first,
        replace(first, sentiment=good),
        replace(first, sentiment=replace(good, label="negative", compound=-0.25), text="Milk first.", language="de", **later),
        replace(first, topics=(Match(id="tea", version=1),), text="Milk first.", language="de", **later),
        replace(first, deleted_at=BEGIN, fetched_at=BEGIN + timedelta(days=9)),
    ):
        await store.posts.upsert([post])
        store.dirty._marked.clear()  # as if some seconds had passed
        assert await only(store) == (told[-1][0] if told else Figures())
        await roll_up()
        languages = await Volumes(store.database).languages(EVERYTHING)
        told.append((await only(store), await only(store, tea), set(languages.by_language)))
        await assert_equal(store, EVERYTHING, (EVERYTHING.from_at, EVERYTHING.to_at))
    scored = Figures(posts=1, positive=1, compound=500_000, squares=250_000)
    edited = Figures(posts=1, negative=1, compound=-250_000, squares=62_500)
    gone = replace(edited, deleted=1)
    assert told == [
        (Figures(posts=1), Figures(), {"en"}),
        (scored, Figures(), {"en"}),
        (edited, Figures(), {"de"}),
        (edited, edited, {"de"}),
        (gone, gone, {"de"}),
    ]


async def test_a_score_that_comes_later_is_reflected(store: Store, a_post: Callable[..., Post], roll_up: RollUp) -> None:
    from monitor.sentiment.scorer import named

    await store.posts.upsert([a_post(language="en", created_at=BEGIN)])
    await roll_up()
    scores = Scores(store.database, store.dirty)
    store.dirty._marked.clear()
    claimed = await scores.claim(Work.outstanding(named("vader")), owner="test", limit=1)
    await scores.write([(claimed[0], Score(scorer="vader", version="3.3.2", label="neutral", compound=0.0))], owner="test")
    await roll_up()
    assert (await only(store)).neutral == 1


async def test_a_topic_that_no_post_matches_any_more_has_none(
    store: Store, a_post: Callable[..., Post], roll_up: RollUp
) -> None:
    await store.posts.upsert([a_post(created_at=BEGIN, topics=(Match(id="tea", version=1),), tags=("x",))])
    await roll_up()
    await store.database["posts"].update_many({}, {"$unset": {"topics": ""}})
    await store.database["dirty"].insert_one({"_id": BEGIN, "marked_at": BEGIN})
    await roll_up()
    assert await only(store, replace(EVERYTHING, topic="tea")) == Figures()
    for name in ("roll_hour", "roll_top_hour"):
        assert await store.database[name].distinct("topic") == ["*"]


async def test_freshness_tells_marked_hours_and_those_not_counted_since(store: Store, a_post: Callable[..., Post]) -> None:
    marks = store.database["dirty"]
    for hour, marked, counted in ((0, 5, None), (1, 5, 4), (2, 5, 6), (40, 5, None)):
        mark = {"_id": BEGIN + timedelta(hours=hour), "marked_at": BEGIN + timedelta(days=marked)}
        await marks.insert_one(mark | ({} if counted is None else {"counted_at": BEGIN + timedelta(days=counted)}))
    late = Window(from_at=BEGIN + timedelta(minutes=30), to_at=BEGIN + timedelta(minutes=61))
    for window, expected in ((EVERYTHING, (3, 2)), (late, (2, 2))):
        dirty, waiting = expected
        assert await Volumes(store.database).freshness(window) == Freshness(dirty=dirty, waiting=waiting)


async def test_a_series_asks_for_nothing_that_an_index_does_not_find(store: Store) -> None:
    wanted = {"topic": "*", "hour": {"$gte": BEGIN, "$lt": BEGIN + SPAN}, "platform": {"$in": ["mastodon"]}}
    for name in ("roll_hour", "roll_top_hour"):
        plan = await store.database[name].find(wanted).explain()
        assert "topic_1_hour_1_platform_1" in str(plan["queryPlanner"]["winningPlan"])
