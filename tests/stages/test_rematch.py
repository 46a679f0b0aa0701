"""The re-match stage on the real mongod: what it changes, where it goes on, and what others do meanwhile."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.errors import MonitorError
from monitor.post import Author, Match, Post
from monitor.query.parse import parse
from monitor.stages.rematch import Tally, match_now, rematch
from monitor.store import matches as matches_of_store
from monitor.store.connection import Store
from monitor.store.document import document
from monitor.store.matches import Matches, Stored
from monitor.store.rematches import Rematches
from monitor.topic import Topic

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
OTHER = Match(id="other", version=7, spans=((0, 1),))


def a_post(number: int, text: str, **changes: Any) -> Post:
    plain = Post(
        id=f"x:{number:05}",
        platform="x",
        native_id=str(number),
        url=None,
        created_at=MORNING + timedelta(hours=number),
        text=text,
        author=Author(id="ann"),
        fetched_at=MORNING,
        first_seen=MORNING,
        seen_on=("x",),
        topics=(OTHER,),
    )
    return replace(plain, **changes)


@pytest.fixture
async def topic(store: Store) -> Topic:
    return await store.topics.add(Topic(id="tea", name="Tea", query="tea", platforms=("x",)))


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matches_of_store, "BATCH", 10)


async def insert(store: Store, posts: list[Post]) -> None:
    await store.database["posts"].insert_many([document(post) | {"writes": 1} for post in posts])


async def run(store: Store, topic: Topic, *, since: datetime | None = None, matches: Matches | None = None) -> Tally:
    rematches = Rematches(store.database)
    place = await rematches.begin(topic, since=since, said=None if since is None else str(since))
    return await rematch(matches or Matches(store.database, store.dirty), rematches, topic, place)


async def found(store: Store) -> dict[str, tuple[Match, ...]]:
    return {post.id: post.topics async for post in store.posts.each()}


async def hours(store: Store) -> set[datetime]:
    return {stored["_id"] async for stored in store.database["dirty"].find()}


async def test_rematch__enters_leaves_and_renews__and_marks_only_hours_that_count_otherwise(store: Store, topic: Topic) -> None:
    old = Match(id="tea", version=1, spans=((0, 3),))
    posts = [
        a_post(0, "Tea."),  # enters
        a_post(1, "Tea game.", topics=(OTHER, old)),  # stays, by the new version
        a_post(2, "Coffee.", topics=(old, OTHER)),  # leaves
        a_post(3, "Milk.", topics=()),  # was never in it
        a_post(4, "Milk tea.", topics=(old,), deleted_at=MORNING),  # says nothing any more
        a_post(5, "Tea elsewhere.", platform="y"),
        a_post(6, "Coffee elsewhere.", platform="y", topics=(old,)),  # another platform's, and yet it had the topic
    ]
    await insert(store, posts)
    edited = await store.topics.edit("tea", query="tea OR chai")
    assert await run(store, edited) == Tally(looked_at=5, entered=1, left=2, renewed=1)
    new = Match(id="tea", version=2, spans=((0, 3),))
    assert await found(store) == {
        "x:00000": (OTHER, new),
        "x:00001": (OTHER, new),
        "x:00002": (OTHER,),
        "x:00003": (),
        "x:00004": (Match(id="tea", version=1),),
        "x:00005": (OTHER,),
        "x:00006": (),
    }
    assert await hours(store) == {MORNING, MORNING + timedelta(hours=2), MORNING + timedelta(hours=6)}


async def test_rematch__done__a_second_run_changes_nothing(store: Store, topic: Topic) -> None:
    await insert(store, [a_post(0, "Tea."), a_post(1, "Milk.")])
    assert await run(store, topic) == Tally(looked_at=2, entered=1)
    writes = await store.database["posts"].distinct("writes")
    assert await run(store, topic) == Tally(looked_at=2)
    assert await store.database["posts"].distinct("writes") == writes


async def test_rematch__since__leaves_older_posts_as_they_are(store: Store, topic: Topic) -> None:
    await insert(store, [a_post(number, "Tea.") for number in range(4)])
    assert await run(store, topic, since=MORNING + timedelta(hours=2)) == Tally(looked_at=2, entered=2)


class Killed(Exception):
    """The end of the process, as far as the stage can tell."""


class Dying(Matches):
    """Ends at a batch drawn from a seed: before it is written, or after."""

    def __init__(self, store: Store, rng: random.Random) -> None:
        super().__init__(store.database, store.dirty)
        self._left, self._after = rng.randrange(3), rng.random() < 0.5

    async def write(self, topic_id: str, found: Any) -> list[str]:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise Killed
        done = await super().write(topic_id, found)
        if self._left < 0:
            raise Killed
        return done


@pytest.mark.usefixtures("small_batches")
async def test_rematch__killed_again_and_again__goes_on_and_ends_as_one_run_does(store: Store, topic: Topic) -> None:
    rng = random.Random(5)
    posts = [a_post(number, rng.choice(("Tea.", "Milk.", "Green tea."))) for number in range(60)]
    await insert(store, posts)
    kills, tally = 0, None
    while tally is None and kills < 60:
        try:
            tally = await run(store, topic, matches=Dying(store, rng))
        except Killed:
            kills += 1
    assert kills > 1, "nothing was killed"
    assert tally is not None
    assert tally.looked_at < 60, "the last run began anew"
    query = parse(topic.query)
    wanted = {post.id: (OTHER, *filter(None, [match_now(topic, query, post)])) for post in posts}
    assert await found(store) == wanted


class Meddling(Matches):
    """Somebody else edits the first post between our look and our write, once."""

    done = False

    async def write(self, topic_id: str, found: Any) -> list[str]:
        if not self.done:
            self.done = True
            await self.database["posts"].update_one({"_id": "x:00000"}, {"$set": {"text": "Milk."}, "$inc": {"writes": 1}})
        return await super().write(topic_id, found)


async def test_rematch__post_edited_meanwhile__is_matched_as_it_is_then(store: Store, topic: Topic) -> None:
    await insert(store, [a_post(0, "Tea."), a_post(1, "Tea.")])
    await run(store, topic, matches=Meddling(store.database, store.dirty))
    assert await found(store) == {"x:00000": (OTHER,), "x:00001": (OTHER, Match(id="tea", version=1, spans=((0, 3),)))}


async def test_rematch__topic_edited_meanwhile__ends_and_says_what_to_do(store: Store, topic: Topic) -> None:
    await insert(store, [a_post(0, "Tea.")])
    rematches = Rematches(store.database)
    place = await rematches.begin(topic, since=None, said=None)
    await store.topics.edit("tea", query="chai")
    with pytest.raises(MonitorError, match="Run again: monitor topics rematch tea"):
        await rematch(Matches(store.database, store.dirty), rematches, topic, place)


async def test_write__a_post_that_was_never_changed__has_no_count_of_writes(store: Store, topic: Topic) -> None:
    post = a_post(0, "Tea.")
    await store.database["posts"].insert_one(document(post))
    matches = Matches(store.database, store.dirty)
    (stored,) = await matches.batch(topic, after=None, since=None)
    assert stored == Stored(post=post, writes=None)
    assert await matches.write("tea", [(stored, Match(id="tea", version=1))]) == []
