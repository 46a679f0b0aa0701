"""Which posts wait for a scorer, who has them, and that a score reaches only the text that it was made of."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.config import Config
from monitor.post import Post, Score
from monitor.store import schema
from monitor.store.connection import Store, migrate, open_store
from monitor.store.scores import SET_ASIDE, Scores, Work, _each

LATER = datetime(2026, 11, 20, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Named:
    """As much of a scorer as the store looks at."""

    name: str = "own"
    version: str = "2"
    fast: bool = False
    languages: frozenset[str] | None = None

    def score(self, text: str, language: str | None) -> Score:
        return Score(scorer=self.name, version=self.version, label="neutral", compound=0.0)


GERMAN = Named(name="german", languages=frozenset({"de"}))
BY_VADER = Score(scorer="vader", version="3.3.2", label="positive", compound=0.5)
NOT_BY_VADER = Score(scorer="vader", version="3.3.2", reason="language de")
MADE = Score(scorer="own", version="2", label="negative", compound=-0.5)


@pytest.fixture
def scores(store: Store) -> Scores:
    return Scores(store.database, store.dirty)


@pytest.fixture
def put(store: Store, a_post: Callable[..., Post]) -> Callable[..., Any]:
    """Store post `number` with these fields."""

    async def stored(number: int = 1, **changes: Any) -> Post:
        post = a_post(number, **changes)
        await store.posts.upsert([post])
        return post

    return stored


async def ids(scores: Scores, work: Work) -> list[str]:
    claimed = await scores.claim(work, owner="test", limit=100)
    while more := await scores.claim(work, owner=f"test{len(claimed)}", limit=100):
        claimed += more
    return sorted(each.post.native_id for each in claimed)


# ---- what waits


async def test_outstanding__unscored_older_version_and_left_by_language(scores: Scores, put: Callable[..., Any]) -> None:
    await put(1)
    await put(2, sentiment=replace(MADE, version="1"))
    await put(3, sentiment=MADE)
    await put(4, sentiment=BY_VADER, language="en")
    await put(5, sentiment=NOT_BY_VADER, language="de")
    await put(6, sentiment=replace(NOT_BY_VADER, reason="no text"), language="en")
    await put(7, sentiment=replace(NOT_BY_VADER, reason=f"{SET_ASIDE}it failed"), language="en")
    assert await ids(scores, Work.outstanding(Named())) == ["1", "2", "5"]


async def test_outstanding__scorer_for_one_language__is_left_only_that(scores: Scores, put: Callable[..., Any]) -> None:
    await put(1, sentiment=NOT_BY_VADER, language="de")
    await put(2, sentiment=replace(NOT_BY_VADER, reason="language fr"), language="fr")
    await put(3, sentiment=replace(NOT_BY_VADER, reason="language unknown"))
    assert await ids(scores, Work.outstanding(GERMAN)) == ["1"]


async def test_everything__all_but_what_this_version_scored(scores: Scores, put: Callable[..., Any]) -> None:
    await put(1)
    await put(2, sentiment=MADE)
    await put(3, sentiment=replace(MADE, version="1"))
    await put(4, sentiment=BY_VADER, language="en")
    assert await ids(scores, Work.everything(Named())) == ["1", "3", "4"]


async def test_deleted_post__waits_for_nobody(scores: Scores, put: Callable[..., Any]) -> None:
    await put(1, deleted_at=LATER)
    assert await ids(scores, Work.everything(Named())) == []
    assert not await scores.waiting(Work.everything(Named()))


async def test_what_waits__is_found_by_the_index(scores: Scores, store: Store) -> None:
    for work in (Work.outstanding(GERMAN), Work.everything(Named())):
        for wanted in _each(work, {"scoring": None}):
            plan = str((await store.database["posts"].find(wanted, {"_id": 1}).limit(200).explain())["queryPlanner"])
            assert "sentiment.scorer_1_sentiment.version_1_sentiment.label_1_language_1" in plan
            assert "COLLSCAN" not in plan


async def test_database_of_before_the_index__opens_with_a_warning_and_is_migrated(
    store: Store, config: Config, put: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """No version is skipped for it: what is stored means the same with and without, only a look at all posts is slower."""
    name = "sentiment.scorer_1_sentiment.version_1_sentiment.label_1_language_1"
    await put(1)
    await store.database["posts"].drop_index(name)
    opened = await open_store(config)
    assert name in caplog.text
    assert await Scores(opened.database, opened.dirty).claim(Work.outstanding(Named()), owner="a", limit=5)
    await opened.close()
    assert await migrate(config) == [f"Made the index {name} of posts."]
    await schema.check(store.database)


# ---- claims


async def test_claim__taken_by_one__is_not_there_for_others(scores: Scores, put: Callable[..., Any]) -> None:
    await put(1)
    work = Work.outstanding(Named())
    (claimed,) = await scores.claim(work, owner="a", limit=5)
    assert (claimed.post.text, claimed.attempts) == ("Tea first.", 1)
    assert await scores.claim(work, owner="b", limit=5) == []
    assert await scores.claim_again(work, owner="b") == []
    assert await scores.waiting(work)


async def test_claim__ten_at_once__each_post_once(scores: Scores, store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert([a_post(number) for number in range(300)])
    work = Work.outstanding(Named())

    async def claim_all(owner: str) -> list[str]:
        taken: list[str] = []
        while batch := await scores.claim(work, owner=f"{owner}.{len(taken)}", limit=20):
            taken += [each.post.id for each in batch]
        return taken

    taken = [post_id for each in await asyncio.gather(*(claim_all(str(number)) for number in range(10))) for post_id in each]
    assert (len(taken), len(set(taken))) == (300, 300)


async def test_claim_again__lease_ran_out__least_tried_first_and_ever_fewer(
    scores: Scores, store: Store, a_post: Callable[..., Post]
) -> None:
    """What a process that died had claimed: 25 of it together, then 5, then each alone, so that one bad text is found."""
    work = Work.outstanding(Named())
    await store.posts.upsert([a_post(number) for number in range(60)])
    assert len(await scores.claim(work, owner="died", limit=60, lease_s=0)) == 60
    taken = [await scores.claim_again(work, owner=f"died {number}", lease_s=0) for number in range(3 + 12 + 60)]
    assert [len(batch) for batch in taken] == [25, 25, 10] + [5] * 12 + [1] * 60
    assert [{claimed.attempts for claimed in batch} for batch in taken] == [{2}] * 3 + [{3}] * 12 + [{4}] * 60
    assert len({claimed.post.id for batch in taken[-60:] for claimed in batch}) == 60


async def test_claim__lease_is_by_the_clock_of_the_server(scores: Scores, store: Store, put: Callable[..., Any]) -> None:
    await put(1)
    await scores.claim(Work.outstanding(Named()), owner="a", limit=5, lease_s=60)
    stored = await store.database["posts"].find_one({})
    assert stored is not None
    now = (await store.database.command("hello"))["localTime"].replace(tzinfo=UTC)
    assert timedelta(seconds=50) < stored["scoring"]["until"] - now <= timedelta(seconds=60)


async def test_renew__is_ours_for_longer(scores: Scores, put: Callable[..., Any]) -> None:
    post, work = await put(1), Work.outstanding(Named())
    await scores.claim(work, owner="a", limit=5, lease_s=0)
    await scores.renew([post.id], owner="b")  # somebody else's
    await scores.renew([post.id], owner="a")
    assert await scores.claim_again(work, owner="b") == []


async def test_release__attempt_is_not_counted(scores: Scores, store: Store, put: Callable[..., Any]) -> None:
    post, work = await put(1), Work.outstanding(Named())
    await scores.claim(work, owner="a", limit=5)
    await scores.release([post.id], owner="a")
    (again,) = await scores.claim(work, owner="b", limit=5)
    assert again.attempts == 1
    await scores.fail([(again, "it failed")], owner="b")
    (second,) = await scores.claim_again(work, owner="c")
    assert (second.attempts, second.reason) == (2, "it failed")
    await scores.release([post.id], owner="c")
    stored = await store.database["posts"].find_one({})
    assert stored is not None
    assert stored["scoring"] == {"attempts": 1, "reason": "it failed"}


# ---- writing


async def written(scores: Scores, work: Work, made: Sequence[Score] = (MADE,)) -> set[str]:
    claimed = await scores.claim(work, owner="a", limit=len(made))
    return await scores.write(list(zip(claimed, made, strict=True)), owner="a")


async def test_write__score_is_there_and_the_claim_gone(scores: Scores, store: Store, put: Callable[..., Any]) -> None:
    post = await put(1, title="A title", language="en")
    assert await written(scores, Work.outstanding(Named())) == set()
    found = await store.posts.find(post.id)
    stored = await store.database["posts"].find_one({})
    assert found is not None
    assert stored is not None
    assert found.sentiment == MADE
    assert "scoring" not in stored
    assert not await scores.waiting(Work.outstanding(Named()))


@pytest.mark.parametrize(
    "changes",
    [{"text": "Coffee first."}, {"title": "New"}, {"language": "de"}, {"deleted_at": LATER}],
    ids=lambda each: next(iter(each)),
)
async def test_write__post_changed_meanwhile__has_no_score_of_the_old_text(
    changes: dict[str, Any], scores: Scores, store: Store, put: Callable[..., Any]
) -> None:
    post, work = await put(1), Work.outstanding(Named())
    claimed = await scores.claim(work, owner="a", limit=1)
    await put(1, fetched_at=LATER, edited_at=LATER, **changes)
    assert await scores.write([(claimed[0], MADE)], owner="a") == {post.id}
    found = await store.posts.find(post.id)
    assert found is not None
    assert found.sentiment is None
    again = await scores.claim(work, owner="b", limit=1)
    assert [each.attempts for each in again] == ([] if "deleted_at" in changes else [1])


async def test_write__counts_changed_meanwhile__is_stored(scores: Scores, store: Store, put: Callable[..., Any]) -> None:
    post = await put(1)
    claimed = await scores.claim(Work.outstanding(Named()), owner="a", limit=1)
    await put(1, fetched_at=LATER, counts=replace(post.counts, likes=5))
    assert await scores.write([(claimed[0], MADE)], owner="a") == set()
    found = await store.posts.find(post.id)
    assert found is not None
    assert (found.sentiment, found.counts.likes) == (MADE, 5)


async def test_write__lease_was_lost__changes_nothing(scores: Scores, store: Store, put: Callable[..., Any]) -> None:
    post, work = await put(1), Work.outstanding(Named())
    claimed = await scores.claim(work, owner="slow", limit=1, lease_s=0)
    (again,) = await scores.claim_again(work, owner="other")
    assert await scores.write([(claimed[0], MADE)], owner="slow") == set()
    found = await store.posts.find(post.id)
    assert found is not None
    assert found.sentiment is None
    assert await scores.write([(again, MADE)], owner="other") == set()


async def test_write__hours_of_the_posts_are_marked_dirty(scores: Scores, store: Store, put: Callable[..., Any]) -> None:
    post = await put(1)
    await store.database["dirty"].delete_many({})
    other = Scores(store.database, type(store.dirty)(store.database))  # this process's own memory of marks is another's
    await written(other, Work.outstanding(Named()))
    assert [mark["_id"] async for mark in store.database["dirty"].find()] == [post.created_at.replace(minute=0)]


async def test_score_by_the_stage__stays_when_the_post_is_read_again(
    scores: Scores, store: Store, put: Callable[..., Any]
) -> None:
    post = await put(1)
    await written(scores, Work.outstanding(Named()))
    await put(1, fetched_at=LATER, sentiment=BY_VADER)
    found = await store.posts.find(post.id)
    assert found is not None
    assert found.sentiment == MADE


async def test_set_aside__is_counted_and_can_be_forgotten(scores: Scores, put: Callable[..., Any]) -> None:
    work, scorer = Work.outstanding(Named()), Named()
    await put(1)
    await put(2, sentiment=replace(MADE, label=None, compound=None, reason="no text"))
    await written(scores, work, [Score(scorer="own", version="2", reason=f"{SET_ASIDE}it failed")])
    assert not await scores.waiting(work)
    assert await scores.count_set_aside(scorer) == 1
    assert await scores.count_set_aside(Named(version="3")) == 0
    assert await scores.forget_set_aside(scorer) == 1
    assert await ids(scores, work) == ["1"]
