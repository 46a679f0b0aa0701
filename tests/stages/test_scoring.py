"""The scoring stage on the real mongod: texts that no scorer survives, processes killed at work, posts edited meanwhile."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.config import Config
from monitor.errors import RetryLater
from monitor.post import Author, Post, Score
from monitor.stages import scoring
from monitor.stages.scoring import MOST_ATTEMPTS, Tally, score_waiting
from monitor.store.connection import Store
from monitor.store.document import document
from monitor.store.scores import SET_ASIDE, Scores, Work

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
POISON = "the bitter cup"


def a_post(number: int, **changes: Any) -> Post:
    plain = Post(
        id=f"x:{number}",
        platform="x",
        native_id=str(number),
        url=None,
        created_at=MORNING + timedelta(seconds=number),
        text=f"cup {number}",
        author=Author(id="ann"),
        fetched_at=MORNING,
        first_seen=MORNING,
        seen_on=("x",),
    )
    return replace(plain, **changes)


class Length:
    """Scores a text by its length, and fails on poison."""

    name, version, fast, languages = "length", "1", False, None

    def __init__(self) -> None:
        self.seen: list[str] = []

    def score(self, text: str, language: str | None) -> Score:
        self.seen.append(text)
        if text == POISON:
            raise ZeroDivisionError(text)
        return Score(scorer=self.name, version=self.version, label="neutral", compound=len(text) / 1000)


@pytest.fixture
def scores(store: Store) -> Scores:
    return Scores(store.database, store.dirty)


async def insert(store: Store, posts: list[Post]) -> None:
    """Put posts there quickly, past the upsert that other tests are about."""
    await store.database["posts"].insert_many([document(post) | {"writes": 1} for post in posts])


async def unscored(store: Store) -> int:
    return await store.database["posts"].count_documents({"$or": [{"sentiment": None}, {"scoring": {"$ne": None}}]})


async def test_one_poison_in_10000__all_others_are_scored(store: Store, scores: Scores) -> None:
    await insert(store, [a_post(number, text=POISON if number == 4321 else f"cup {number}") for number in range(10_000)])
    scorer = Length()
    tally = await score_waiting(scores, scorer, Work.outstanding(scorer))
    assert tally == Tally(labelled=9_999, set_aside=1)
    assert await store.database["posts"].count_documents({"sentiment.label": "neutral"}) == 9_999
    assert scorer.seen.count(POISON) == MOST_ATTEMPTS
    assert (await unscored(store), await scores.count_set_aside(scorer)) == (0, 1)
    poison = await store.posts.find("x:4321")
    assert poison is not None
    assert poison.text == POISON
    assert poison.sentiment == Score(
        scorer="length", version="1", reason=f"{SET_ASIDE}the scorer failed with ZeroDivisionError"
    )


async def test_set_aside__is_not_tried_again_by_this_version_but_by_the_next(store: Store, scores: Scores) -> None:
    await insert(store, [a_post(1, text=POISON)])
    await score_waiting(scores, Length(), Work.outstanding(Length()))
    again, newer = Length(), Length()
    newer.version = "2"
    assert await score_waiting(scores, again, Work.outstanding(again)) == Tally()
    assert await score_waiting(scores, newer, Work.outstanding(newer)) == Tally(set_aside=1)
    assert (len(again.seen), len(newer.seen)) == (0, MOST_ATTEMPTS)


async def test_set_aside__edited__is_scored_anew(store: Store, scores: Scores) -> None:
    await store.posts.upsert([a_post(1, text=POISON)])
    await score_waiting(scores, Length(), Work.outstanding(Length()))
    await store.posts.upsert([a_post(1, text="a sweet cup", edited_at=MORNING, fetched_at=MORNING + timedelta(hours=1))])
    assert await score_waiting(scores, Length(), Work.outstanding(Length())) == Tally(labelled=1)


@pytest.mark.parametrize(
    "outcome",
    [
        None,
        Score(scorer="vader", version="1", label="neutral", compound=0.0),
        Score(scorer="length", version="0", label="neutral", compound=0.0),
        Score(scorer="length", version="1", label="neutral"),
        Score(scorer="length", version="1", label="neutral", compound=float("nan")),
        Score(scorer="length", version="1"),
    ],
)
async def test_what_is_no_score__counts_as_a_failure(outcome: Any, store: Store, scores: Scores) -> None:
    class Wrong(Length):
        def score(self, text: str, language: str | None) -> Score:
            return outcome

    await insert(store, [a_post(1)])
    assert await score_waiting(scores, Wrong(), Work.outstanding(Wrong())) == Tally(set_aside=1)


async def test_two_scorers_that_both_refuse_a_language__do_not_pass_a_post_to_and_fro(store: Store, scores: Scores) -> None:
    class Refusing(Length):
        def score(self, text: str, language: str | None) -> Score:
            self.seen.append(text)
            return Score(scorer=self.name, version="1", reason=f"language {language}")

    one, other = Refusing(), Refusing()
    other.name = "other"
    await insert(store, [a_post(1, language="fr")])
    for _ in range(3):
        for scorer in (one, other):
            await score_waiting(scores, scorer, Work.outstanding(scorer))
    assert len(one.seen) + len(other.seen) <= 2
    found = await store.posts.find("x:1")
    assert found is not None
    assert found.sentiment is not None
    assert (found.sentiment.label, found.sentiment.reason) == (None, "refused: language fr")


async def test_scorer_that_is_away__nothing_counts_against_the_posts(store: Store, scores: Scores) -> None:
    class Away(Length):
        def score(self, text: str, language: str | None) -> Score:
            if len(self.seen) == 3:
                raise RetryLater("The model is away.", wait_s=1)
            return super().score(text, language)

    await insert(store, [a_post(number) for number in range(5)])
    with pytest.raises(RetryLater, match="The model is away"):
        await score_waiting(scores, Away(), Work.outstanding(Away()))
    assert await store.database["posts"].count_documents({"sentiment.label": "neutral"}) == 3
    assert await store.database["posts"].count_documents({"scoring": {"$ne": None}}) == 0
    assert await score_waiting(scores, Length(), Work.outstanding(Length())) == Tally(labelled=2)


async def test_scorer_is_busy__posts_are_collected_and_edited_at_the_same_time(store: Store, scores: Scores) -> None:
    """While one text is being scored, in the same process, others are stored and it is itself edited: its score is the new one."""
    begun, go_on = threading.Event(), threading.Event()

    class Blocked(Length):
        def score(self, text: str, language: str | None) -> Score:
            begun.set()
            assert go_on.wait(30)
            return super().score(text, language)

    scorer = Blocked()
    await store.posts.upsert([a_post(1)])
    stage = asyncio.create_task(score_waiting(scores, scorer, Work.outstanding(scorer)))
    await asyncio.to_thread(begun.wait, 30)
    await store.posts.upsert([a_post(number) for number in range(2, 50)])
    await store.posts.upsert([a_post(1, text="an edited cup", edited_at=MORNING, fetched_at=MORNING + timedelta(hours=1))])
    assert not stage.done()
    go_on.set()
    assert await stage == Tally(labelled=49, edited=1)
    found = await store.posts.find("x:1")
    assert found is not None
    assert found.sentiment == Length().score("an edited cup", None)


async def test_slow_scorer__renews_its_lease_and_loses_nothing(
    store: Store, scores: Scores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "SLICE_S", 0.05)

    class Slow(Length):
        def score(self, text: str, language: str | None) -> Score:
            time.sleep(0.03)
            return super().score(text, language)

    renewed: list[tuple[datetime, datetime]] = []
    renew, posts = scores.renew, store.database["posts"]

    async def watched(post_ids: Collection[str], *, owner: str, lease_s: float) -> None:
        ours = {"_id": {"$in": list(post_ids)}, "scoring.owner": owner}
        before = await posts.distinct("scoring.until", ours)
        await renew(post_ids, owner=owner, lease_s=lease_s)
        renewed.append((max(before), min(await posts.distinct("scoring.until", ours))))

    monkeypatch.setattr(scores, "renew", watched)
    await insert(store, [a_post(number) for number in range(40)])
    one, other = Slow(), Slow()
    told = await asyncio.gather(
        *(score_waiting(scores, scorer, Work.outstanding(scorer), lease_s=60) for scorer in (one, other))
    )
    assert sum(tally.labelled for tally in told) == 40
    assert len(one.seen) + len(other.seen) == 40
    assert len(renewed) >= 18, "a slice of a scorer as slow as this one is two posts; after the last of a batch nothing is left"
    assert [after > before for before, after in renewed] == [True] * len(renewed)


async def test_cancelled__posts_are_given_back_at_once(store: Store, scores: Scores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "SLICE_S", 0.01)

    begun = threading.Event()

    class Slow(Length):
        def score(self, text: str, language: str | None) -> Score:
            if len(self.seen) == 3:
                begun.set()
            time.sleep(0.02)
            return super().score(text, language)

    await insert(store, [a_post(number) for number in range(100)])
    scorer = Slow()
    stage = asyncio.create_task(score_waiting(scores, scorer, Work.outstanding(scorer)))
    await asyncio.to_thread(begun.wait, 30)
    stage.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stage
    assert await store.database["posts"].count_documents({"scoring": {"$ne": None}}) == 0
    rest = await score_waiting(scores, Length(), Work.outstanding(Length()))
    assert 0 < rest.labelled < 100


# ---- processes that end

PROCESS = """
import asyncio, os, signal, sys, time
from monitor.config import load
from monitor.post import Score
from monitor.stages.scoring import score_waiting
from monitor.store.connection import open_store
from monitor.store.scores import Scores, Work

class Length:
    name, version, fast, languages = "length", "1", False, None
    def score(self, text, language):
        if text == "the bitter cup":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.001)
        return Score(scorer="length", version="1", label="neutral", compound=len(text) / 1000)

async def main():
    store = await open_store(load())
    print("open", flush=True)
    print(await score_waiting(Scores(store.database, store.dirty), Length(), Work.outstanding(Length()), lease_s=0.4))
    await store.close()

asyncio.run(main())
"""

PATIENCE_S = 30.0

Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def start(config: Config, tmp_path: Path) -> Start:
    """Start the stage in a process of its own."""
    assert config.mongodb_uri is not None
    (tmp_path / "stage.py").write_text(PROCESS, encoding="utf-8")
    environment = os.environ | {"MONGODB_URI": config.mongodb_uri.reveal(), "MONITOR_DATABASE": config.database}
    return lambda: subprocess.Popen(
        [sys.executable, str(tmp_path / "stage.py")], env=environment, stdout=subprocess.PIPE, text=True
    )


async def test_killed_at_any_moment__the_next_run_goes_on(store: Store, scores: Scores, start: Start) -> None:
    """SIGKILL five times while 3,000 posts are scored: all are scored in the end, each with the score of its own text."""
    await insert(store, [a_post(number, text="cup " * (number % 50 + 1)) for number in range(3000)])
    left = [3000]
    for kill in range(5):
        process = start()
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        until = time.monotonic() + PATIENCE_S  # a busy machine takes its time until the first scores are stored
        while kill < 4 and await unscored(store) == left[-1] and time.monotonic() < until:  # noqa: ASYNC110 - another process scores
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.07 * kill)
        process.kill()
        process.communicate()
        left.append(await unscored(store))
    assert await score_waiting(scores, Length(), Work.outstanding(Length())) != Tally()
    print(f"left after each kill: {left}")
    assert left == sorted(left, reverse=True)
    assert 0 < left[-1] < 3000, "the kills fell before or after all work"
    assert await unscored(store) == 0
    wrong = [post.id async for post in store.posts.each() if post.sentiment != Length().score(post.text, None)]
    assert wrong == []


async def test_text_that_ends_the_process__is_found_and_set_aside_and_no_other(store: Store, start: Start) -> None:
    await insert(store, [a_post(number, text=POISON if number == 150 else f"cup {number}") for number in range(400)])
    died = 0
    while await asyncio.to_thread(ended, start()) != 0:
        died += 1
        assert died <= MOST_ATTEMPTS
    assert died == MOST_ATTEMPTS
    assert await store.database["posts"].count_documents({"sentiment.label": "neutral"}) == 399
    poison = await store.posts.find("x:150")
    assert poison is not None
    assert poison.sentiment is not None
    assert poison.sentiment.reason == f"{SET_ASIDE}the process that scored it ended each time"


def ended(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=60)
    return process.returncode
