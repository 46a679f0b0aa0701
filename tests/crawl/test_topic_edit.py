"""A topic that is edited while a crawl has pages on their way: they are stored as those who match stored posts anew would have them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from unittest.mock import AsyncMock

import pytest

from monitor import clock
from monitor.advance import Rules
from monitor.bookmark import Step
from monitor.config import Config
from monitor.crawl.page_item import PageItem
from monitor.crawl.pseudonym import is_sealed
from monitor.crawl.session import Session
from monitor.page import Page, Reply
from monitor.post import Author, Counts, Post
from monitor.source import Source
from monitor.stages.rematch import rematch
from monitor.store.connection import Store
from monitor.store.leases import Claim
from monitor.store.matches import Matches
from monitor.store.rematches import Rematches
from monitor.topic import Topic
from pipelines import store as store_pipeline
from pipelines.enrich import EnrichPipeline
from pipelines.privacy import PrivacyPipeline
from pipelines.store import StorePipeline

SOURCE = Source(platform="mastodon", kind="tag", parameters={"tag": "tea"})
TEA = Topic(id="tea", name="Tea", query="tea")


@dataclass(eq=False)
class Crawl:
    """As much of a crawler as pipelines look at, with its session and the source that it walks."""

    engine: None = None

    async def page(self, claim: Claim, text: str, **changes: object) -> PageItem:
        """A page of one post, as it is before it is stored."""
        now = clock.now()
        post = Post(
            id="https://a.example/1", platform="mastodon", native_id="1", url=None, created_at=now - timedelta(hours=1), text=text,
            author=Author(id="ann"), fetched_at=now, seen_on=("mastodon",),
        )  # fmt: skip
        item = PageItem(
            source=SOURCE, page=Page([{}], [1]), reply=Reply(200, {}, b"", "https://a.example/x", now), step=Step(),
            rules=Rules(order="newest", overlap=timedelta(0)), bookmark=claim.bookmark, epoch=claim.epoch, run="run",
            asked_at=now, began_at=now, posts=[post.filled(**changes)], post_marks=[1],
        )  # fmt: skip
        await EnrichPipeline(self).process_item(item)  # type: ignore[arg-type]
        return await PrivacyPipeline(self).process_item(item)  # type: ignore[arg-type]

    async def keep(self, item: PageItem) -> None:
        await StorePipeline(self).process_item(item)  # type: ignore[arg-type]


@pytest.fixture
async def crawl(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Crawl]:
    assert config.mongodb_uri is not None
    monkeypatch.setenv("MONGODB_URI", config.mongodb_uri.reveal())
    monkeypatch.setenv("MONITOR_DATABASE", config.database)
    opened = Crawl()
    yield opened
    await Session.of(opened).close()  # type: ignore[arg-type]


@pytest.fixture
async def store(crawl: Crawl) -> Store:
    return await Session.of(crawl).store()  # type: ignore[arg-type]


@pytest.fixture
async def claim(store: Store) -> Claim:
    await store.sources.ensure(SOURCE)
    claimed = await store.leases.claim(SOURCE.id, owner="test")
    assert claimed is not None
    return claimed


async def rematched(store: Store, topic: Topic) -> None:
    rematches = Rematches(store.database)
    place = await rematches.begin(topic, since=None, said=None)
    await rematch(Matches(store.database, store.dirty), rematches, topic, place)


async def versions(store: Store) -> list[dict[str, int]]:
    return [{match.id: match.version for match in post.topics} async for post in store.posts.each()]


@pytest.mark.parametrize(("query", "wanted"), [("tea NOT milk", {}), ("tea OR milk", {"tea": 2})], ids=["narrower", "broader"])
@pytest.mark.parametrize("known", [False, True], ids=["new post", "known post"])
async def test_page_matched_before_an_edit__stored_after_the_rematch__is_as_the_topic_is_now(
    crawl: Crawl, store: Store, claim: Claim, query: str, wanted: dict[str, int], known: bool
) -> None:
    await store.topics.add(TEA)
    if known:
        first = await crawl.page(claim, "Milk tea.")
        await store.posts.upsert(first.posts)
        assert await versions(store) == [{"tea": 1}]
    item = await crawl.page(claim, "Milk tea.", counts=Counts(likes=1))
    await rematched(store, await store.topics.edit("tea", query=query))
    await crawl.keep(item)
    assert await versions(store) == [wanted]


async def test_page_matched_before_a_topic_became_private__is_private_when_it_is_stored(
    crawl: Crawl, store: Store, claim: Claim
) -> None:
    await store.topics.add(TEA)
    item = await crawl.page(claim, "Tea by ann@example.org")
    await store.topics.edit("tea", authors="pseudonymise", redact=("email",))
    await crawl.keep(item)
    (post,) = [each async for each in store.posts.each()]
    assert (is_sealed(post.id), post.text) == (True, "Tea by [email]")


async def test_a_crawl_that_stores__knows_an_edit_with_the_next_page(crawl: Crawl, store: Store, claim: Claim) -> None:
    session = Session.of(crawl)  # type: ignore[arg-type]
    await store.topics.add(TEA)
    item = await crawl.page(claim, "Tea.")
    await store.topics.edit("tea", query="chai")
    assert [topic.version for topic, _ in await session.topics("mastodon")] == [1]
    await crawl.keep(item)
    assert [topic.version for topic, _ in await session.topics("mastodon")] == [2]


async def test_topics_that_nobody_edits__are_matched_once(
    crawl: Crawl, store: Store, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = AsyncMock()
    monkeypatch.setattr(store_pipeline, "rematch_some", again)
    await store.topics.add(TEA)
    for _ in range(3):
        item = await crawl.page(claim, "Tea.")
        await crawl.keep(item)
        assert item.move is not None
        claim = replace(claim, bookmark=item.move.bookmark)
    assert again.await_count == 0
