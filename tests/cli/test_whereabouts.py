"""`monitor why URL` as it is typed: each of the answers, on a real database."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.bookmark import Bookmark, Interval
from monitor.config import Config, load
from monitor.crawl.keeping import Keeping
from monitor.crawl.raw import set_aside
from monitor.post import Author, Match, Post
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.progress import Move
from monitor.store.quarantine import Refused, ReplyContext
from monitor.store.sources import SourceState
from monitor.text.permalink import permalink
from monitor.topic import Topic

NUMBER = 117699024336200953
URL = f"https://harbor.example/@ann/{NUMBER}"
AT = permalink(URL).at or datetime(2026, 11, 29, tzinfo=UTC)
TAG = Source(platform="mastodon", kind="tag", parameters={"instance": "chatter.example", "tag": "tea"}, topics=("tea",))
TEA = Topic(id="tea", name="Tea", query="tea NOT coffee", platforms=("mastodon",))


def a_post(text: str = "Green tea", **changes: Any) -> Post:
    values: dict[str, Any] = {
        "id": f"https://harbor.example/users/ann/statuses/{NUMBER}", "platform": "mastodon", "native_id": "1", "url": URL,
        "created_at": AT, "text": text, "author": Author(id="https://harbor.example/users/ann", handle="ann@harbor.example"),
        "fetched_at": AT + timedelta(minutes=1), "seen_on": ("mastodon/chatter.example",),
    }  # fmt: skip
    return Post(**values | changes)


@pytest.fixture
def put(with_store: Callable[..., Any]) -> Callable[..., None]:
    """Store the topic Tea, and these posts."""

    def store_them(*posts: Post) -> None:
        async def work(store: Store) -> None:
            if await store.topics.get("tea") is None:
                await store.topics.add(TEA)
                await store.topics.add(Topic(id="hn", name="HN", query="tea", platforms=("hackernews",)))
            await store.posts.upsert(posts)

        with_store(work)

    return store_them


def test_matched__by_which_version_and_where(command: Any, put: Callable[..., None]) -> None:
    put(a_post(topics=(Match(id="tea", version=1, spans=((6, 9),)),)))
    told = json.loads(command("why", URL, "--json").stdout)
    assert (told["answer"], told["post"], told["platform"]) == ("matched", a_post().id, "mastodon")
    hn, tea = told["topics"]
    assert tea == {"id": "tea", "version": 1, "matched_version": 1, "words": "Green [tea]", "failing": []}
    assert (hn["matched_version"], hn["failing"]) == (None, None)
    said = command("why", a_post().id).stdout
    assert "Topic tea has it, by version 1: Green [tea]" in said
    assert "Topic hn does not have it: it does not watch this platform." in said


def test_collected_but_not_matched__which_clause_fails(command: Any, put: Callable[..., None]) -> None:
    put(a_post("tea and coffee"))
    told = json.loads(command("why", URL, "--json").stdout)
    assert told["answer"] == "not matched"
    assert [each["failing"] for each in told["topics"] if each["id"] == "tea"] == [["NOT coffee"]]
    assert "What fails: NOT coffee" in command("why", URL).stdout


def test_an_older_version_matched__says_what_the_present_one_makes_of_it(
    command: Any, put: Callable[..., None], with_store: Any
) -> None:
    put(a_post(topics=(Match(id="tea", version=1, spans=((6, 9),)),)))
    with_store(lambda store: store.topics.edit("tea", query="tea AND milk"))
    said = command("why", URL).stdout
    assert "by version 1 (it is at 2 now)" in said
    assert "it would not match: milk" in said


def test_an_address_that_no_rule_makes_an_id_of_is_found_by_its_moment(command: Any, put: Callable[..., None]) -> None:
    put(a_post(id=f"https://harbor.example/ap/users/1000/statuses/{NUMBER}"))
    assert json.loads(command("why", URL, "--json").stdout)["post"] == f"https://harbor.example/ap/users/1000/statuses/{NUMBER}"


def test_deleted_at_its_platform__says_when_it_was_seen(command: Any, put: Callable[..., None]) -> None:
    put(a_post())
    put(a_post("", deleted_at=AT + timedelta(hours=1), fetched_at=AT + timedelta(hours=1)))
    assert json.loads(command("why", URL, "--json").stdout)["answer"] == "deleted"
    assert "It was deleted on its platform" in command("why", URL).stdout


def test_filtered__the_rows_in_quarantine_with_their_reason(command: Any, put: Callable[..., None], with_store: Any) -> None:
    put()
    reply = ReplyContext(url="https://chatter.example", status=200, fetched_at=AT)
    row = Refused(
        platform="mastodon",
        source_id=TAG.id,
        reason="content is missing",
        kind="PostError",
        raw=set_aside({"id": str(NUMBER)}),
        reply=reply,
    )
    with_store(lambda store: store.quarantine.add([row]))
    told = json.loads(command("why", URL, "--json").stdout)
    assert (told["answer"], told["quarantine"][0]["reason"], told["quarantine"][0]["id"]) == (
        "quarantined",
        "content is missing",
        row.id,
    )
    assert "content is missing" in command("why", URL).stdout


@pytest.mark.parametrize(
    ("state", "says"),
    [("covered", "read then"), ("limited", "not yet read"), ("capped", "no further back"), (None, "never asked")],
)
def test_not_collected__what_the_ledger_says_of_that_moment_at_each_source(
    command: Any, put: Callable[..., None], with_store: Any, state: Any, says: str
) -> None:
    put()

    async def walked(store: Store) -> None:
        await store.sources.ensure(TAG)
        await store.sources.ensure(Source(platform="hackernews", kind="query", parameters={"query": "tea"}, topics=("tea",)))
        claim = await store.leases.claim(TAG.id, owner="test")
        assert claim is not None
        span = Interval(
            from_at=AT - timedelta(hours=1),
            to_at=AT + timedelta(hours=1),
            state=state or "covered",
            reason=None,
            posts=1,
            asked_at=AT,
        )
        move = Move(
            source_id=TAG.id, epoch=claim.epoch, run="run", bookmark=Bookmark(version=1), intervals=(span,) if state else ()
        )
        assert await store.progress.move([move]) == [None]
        await store.sources.finish(TAG.id, epoch=claim.epoch, run="run", state=SourceState(state="ok", next_due=AT))

    with_store(walked)
    told = json.loads(command("why", URL, "--json").stdout)
    assert told["answer"] == "not collected"
    assert [(each["source"], each["ledger"]) for each in told["sources"]] == [(TAG.id, state or "never asked")]
    assert says in command("why", URL).stdout


def test_not_collected__no_source_watches_it__or_the_moment_is_unknown(
    command: Any, put: Callable[..., None], with_store: Any
) -> None:
    put()
    assert "No source watches that place." in command("why", "https://blog.example/a").stdout
    feed = Source(platform="feeds", kind="url", parameters={"url": "https://blog.example/feed.xml"}, topics=("tea",))
    with_store(lambda store: store.sources.ensure(feed))
    assert "give it with --at" in command("why", "https://blog.example/a").stdout
    assert "never asked." in command("why", "https://blog.example/a", "--at", "2026-11-29T08:00:00Z").stdout


def test_a_private_post_is_found_by_its_true_address_where_the_key_is(
    command: Any, put: Callable[..., None], with_store: Any
) -> None:
    put()

    async def keep(store: Store) -> None:
        config: Config = load()
        await store.topics.add(Topic(id="closed", name="C", query="tea", authors="pseudonymise"))
        keeping = await Keeping.of(store, await store.topics.list_all(), config)
        await store.posts.upsert(await keeping.kept([a_post(topics=(Match(id="closed", version=1),))], asked_by=()))

    with_store(keep)
    told = json.loads(command("why", URL, "--json").stdout)
    assert (told["answer"], told["post"].startswith("private:")) == ("matched", True)
