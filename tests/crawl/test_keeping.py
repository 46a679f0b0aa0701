"""What is stored of posts for private topics, on the real mongod: beside open topics, edited, deleted, replayed and re-matched."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import bson
import pytest

from monitor.config import Config, load
from monitor.crawl.enrich import enrich
from monitor.crawl.keeping import Keeping
from monitor.crawl.pseudonym import is_sealed
from monitor.crawl.raw import pack, set_aside
from monitor.errors import ConfigurationError, StoreUnavailableError
from monitor.labels.judgement import Judgement
from monitor.page import Page, Reply
from monitor.post import Author, Counts, Post
from monitor.query.parse import parse
from monitor.query.watch import Watch
from monitor.source import Source
from monitor.stages.indexing import index_waiting
from monitor.stages.rematch import rematch
from monitor.stages.replay import Replayed, replay
from monitor.store.connection import Store, open_store
from monitor.store.labels import Labels
from monitor.store.matches import Matches
from monitor.store.quarantine import Refused, ReplyContext
from monitor.store.rematches import Rematches
from monitor.store.sealing import Open
from monitor.store.word_index import Timing, WordIndex
from monitor.topic import Topic

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
TEA = Topic(id="tea", name="Tea", query="tea")
CLOSED = Topic(id="closed", name="Closed", query="coffee", authors="pseudonymise", redact=("email", "phone", "case=AB-####"))
REDACTED = Topic(id="redacted", name="Redacted", query="coffee", redact=("email", "phone"))
TEXT = "Coffee with @bobcanary: anncanary@example.org, +49 30 1234567, AB-1234"
CANARIES = ("anncanary", "bobcanary", "1234567", "ab-1234", "chatter.example")
SOURCE = Source(platform="mastodon", kind="tag", parameters={"tag": "coffee"})


@pytest.fixture
async def store(config: Config) -> AsyncIterator[Store]:
    opened = await open_store(config)
    yield opened
    await opened.close()


@pytest.fixture
def keyed(tmp_path: Path) -> Config:
    return load({"MONITOR_HOME": str(tmp_path)})


def a_post(text: str = TEXT, *, number: int = 1, minutes: int = 0, **changes: Any) -> Post:
    values: dict[str, Any] = {
        "id": f"https://chatter.example/users/anncanary/statuses/{number}", "platform": "mastodon", "native_id": f"99000{number}",
        "url": f"https://chatter.example/@anncanary/{number}", "created_at": AT, "text": text,
        "author": Author(id="https://chatter.example/users/anncanary", handle="anncanary@chatter.example"),
        "fetched_at": AT + timedelta(minutes=minutes), "seen_on": ("mastodon",), "raw": pack({"text": text}),
    }  # fmt: skip
    return Post(**values | changes)


async def deliver(store: Store, config: Config, topics: Sequence[Topic], *posts: Post, asked_by: Sequence[str] = ()) -> None:
    """What the pipelines do with posts."""
    watch, keeping = Watch((topic, parse(topic.query)) for topic in topics), await Keeping.of(store, topics, config)
    await store.posts.upsert(await keeping.kept([enrich(post, watch) for post in posts], asked_by=asked_by))


async def stored(store: Store) -> list[dict[str, Any]]:
    return await store.database["posts"].find().to_list()


async def hits(store: Store) -> list[str]:
    """Which canaries lie anywhere in the database, in the bytes as they are stored; nothing here is packed but raw rows."""
    found = []
    for name in await store.database.list_collection_names():
        async for document in store.database[name].find():
            held = bson.encode(document).lower()
            found += [f"{name}: {canary}" for canary in CANARIES if canary.encode() in held]
            found += [f"{name}: raw"] if document.get("raw") else []
    return found


async def test_without_a_private_topic__posts_are_the_same_objects_and_no_key_is_made(store: Store, keyed: Config) -> None:
    keeping, post = await Keeping.of(store, [TEA], keyed), a_post("tea")
    assert not keeping.active
    assert (await keeping.kept([post], asked_by=("tea",)))[0] is post
    assert keeping.salt(SOURCE) == b""
    assert not list(keyed.home.glob("*.key"))


async def test_one_open_and_one_private_topic__each_post_by_the_strictest_that_it_matches(store: Store, keyed: Config) -> None:
    await deliver(
        store,
        keyed,
        [TEA, CLOSED],
        a_post("tea", number=1),
        a_post("coffee", number=2),
        a_post("tea and coffee", number=3),
        a_post("x", number=4),
    )
    told = {post["text"]: is_sealed(post["_id"]) for post in await stored(store)}
    assert told == {"tea": False, "coffee": True, "tea and coffee": True, "x": False}


async def test_what_only_a_private_topic_asked_for_is_private__matched_or_not(store: Store, keyed: Config) -> None:
    await deliver(store, keyed, [TEA, CLOSED], a_post("neither, write to anncanary@example.org"), asked_by=("closed",))
    (post,) = await stored(store)
    assert (is_sealed(post["_id"]), post["text"]) == (True, "neither, write to [email]")


async def test_a_post_that_becomes_private__leaves_nothing_in_the_word_index_or_at_its_labels(
    store: Store, keyed: Config
) -> None:
    await deliver(store, keyed, [TEA], a_post())
    index = WordIndex(store.database, Timing(settle_s=0))
    await index.prepare(rebuild=True)
    await index_waiting(index)
    (before,) = await stored(store)
    labels = Labels(store.database)
    said = Judgement(post=before["_id"], label_set="sentiment", rater="ann", label="neutral", rating=None, at=AT, file="x.csv")
    await labels.put([said])
    assert any(found.startswith("search: ") for found in await hits(store))
    await deliver(store, keyed, [CLOSED], a_post(minutes=1))
    (after,) = await stored(store)
    assert is_sealed(after["_id"])
    assert await hits(store) == []
    assert await labels.of_set("sentiment") == [replace(said, post=after["_id"])]
    await index_waiting(index)
    assert [entry["_id"] async for entry in store.database["search"].find()] == [after["_id"]]


async def test_a_post_that_is_removed_while_it_is_indexed__has_no_entry(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.posts.upsert([a_post()])
    index = WordIndex(store.database, Timing(settle_s=0))
    await index.prepare(rebuild=True)
    put = index._put

    async def removed_meanwhile(entries: Sequence[Any]) -> int:
        await store.database["posts"].delete_many({})
        return await put(entries)

    monkeypatch.setattr(index, "_put", removed_meanwhile)
    await index_waiting(index)
    assert await store.database["search"].count_documents({}) == 0


async def test_edits_deletions_and_repeats_find_the_post_by_its_pseudonym(store: Store, keyed: Config) -> None:
    topics = [CLOSED]
    await deliver(store, keyed, topics, a_post())
    await deliver(store, keyed, topics, a_post(minutes=1))
    await deliver(store, keyed, topics, a_post(TEXT + "!", minutes=2, edited_at=AT + timedelta(minutes=2)))
    (post,) = await stored(store)
    assert len(post["revisions"]) == 1
    assert post["text"].endswith("[email], [phone], [case]!")
    assert await hits(store) == []
    # The tombstone says nothing, matches nothing, and may come by a source of another topic.
    await deliver(store, keyed, [TEA, CLOSED], a_post("", minutes=3, deleted_at=AT), asked_by=("tea",))
    (post,) = await stored(store)
    assert (post["text"], "deleted_at" in post, post["author"]) == ("", True, {"id": "deleted"})
    assert await hits(store) == []


async def test_a_post_that_was_stored_openly_becomes_private_with_all_its_versions__once(store: Store, keyed: Config) -> None:
    open_topics = [replace(TEA, query="coffee")]
    await deliver(store, keyed, open_topics, a_post())
    await deliver(store, keyed, open_topics, a_post(TEXT + " edited", minutes=1, edited_at=AT + timedelta(minutes=1)))
    assert len(await hits(store)) > len(CANARIES)
    await deliver(
        store, keyed, [*open_topics, CLOSED], a_post(TEXT + " edited", minutes=2, edited_at=AT + timedelta(minutes=1))
    )
    (post,) = await stored(store)
    assert is_sealed(post["_id"])
    assert [match["id"] for match in post["topics"]] == ["tea", "closed"]
    assert len(post["revisions"]) == 1
    assert await hits(store) == []
    assert await store.database["dirty"].count_documents({}) > 0


async def test_a_topic_that_only_redacts_changes_what_is_stored_in_place_and_makes_no_version_of_it(
    store: Store, keyed: Config
) -> None:
    await deliver(store, keyed, [TEA], a_post())
    await deliver(store, keyed, [TEA, REDACTED], a_post(minutes=1))
    (post,) = await stored(store)
    assert post["_id"] == a_post().id
    assert post["text"] == "Coffee with @bobcanary: [email], [phone], AB-1234"
    assert "revisions" not in post
    assert "raw" not in post


async def test_what_was_private_once_stays_so_when_its_topic_is_gone(store: Store, keyed: Config) -> None:
    await deliver(store, keyed, [CLOSED], a_post())
    await deliver(store, keyed, [replace(TEA, query="coffee")], a_post(minutes=1))
    (post,) = await stored(store)
    assert is_sealed(post["_id"])
    assert [match["id"] for match in post["topics"]] == ["closed", "tea"]


async def test_rows_that_cannot_be_read_are_counted_without_content__open_platforms_keep_theirs(
    store: Store, keyed: Config
) -> None:
    only_here = replace(CLOSED, platforms=("mastodon",))
    keeping = await Keeping.of(store, [TEA, only_here], keyed)
    reply = ReplyContext(url="https://chatter.example/@anncanary", status=200, fetched_at=AT, headers={"link": "anncanary"})
    rows = [
        Refused(platform="mastodon", source_id="s", reason="r", kind="PostError", raw=set_aside({"by": name}), reply=reply)
        for name in ("anncanary", "bobcanary")
    ]
    await store.quarantine.add(keeping.refused(rows, source=SOURCE))
    await store.quarantine.add(keeping.refused(rows[:1], source=SOURCE))
    kept = await store.quarantine.list_newest()
    assert sorted(row.times for row in kept) == [1, 2]
    assert await hits(store) == []
    assert keeping.refused(rows, source=replace(SOURCE, platform="lemmy")) == rows


async def test_replay__rows_that_were_set_aside_before_become_private_posts(store: Store, keyed: Config) -> None:
    class Mended:
        def post(self, row: dict[str, Any], reply: Reply) -> Post:
            return a_post(row["text"], raw=None, fetched_at=None)

    reply = ReplyContext(url="https://x.example", status=200, fetched_at=AT)
    row = Refused(
        platform="mastodon", source_id=SOURCE.id, reason="r", kind="PostError", raw=set_aside({"text": TEXT}), reply=reply
    )
    await store.topics.add(CLOSED)
    await store.quarantine.add([row])
    assert await replay(store, {"mastodon": Mended()}, store.quarantine.each(), config=keyed) == Replayed(stored=1)
    assert is_sealed((await stored(store))[0]["_id"])
    assert await hits(store) == []


async def test_rematch__stored_posts_that_enter_a_private_topic_become_private__and_a_second_run_changes_nothing(
    store: Store, keyed: Config
) -> None:
    await deliver(store, keyed, [TEA], a_post(), a_post("tea", number=2))
    topic = await store.topics.add(CLOSED)
    matches, rematches, keeping = (
        Matches(store.database, store.dirty),
        Rematches(store.database),
        await Keeping.of(store, [topic], keyed),
    )
    for _ in range(2):
        await rematch(matches, rematches, topic, await rematches.begin(topic, since=None, said=None), keeping)
        told = {
            post["text"]: (is_sealed(post["_id"]), [match["id"] for match in post.get("topics", ())])
            for post in await stored(store)
        }
        sealed = next(text for text in told if text != "tea")
        assert told == {"tea": (False, ["tea"]), sealed: (True, ["closed"])}
        assert "[email], [phone], [case]" in sealed


@pytest.mark.parametrize("privacy", [CLOSED, REDACTED], ids=["under another id", "in place"])
async def test_rematch__a_post_whose_counts_change_while_it_becomes_private__does_not_stay_open(
    store: Store, keyed: Config, monkeypatch: pytest.MonkeyPatch, privacy: Topic
) -> None:
    await deliver(store, keyed, [TEA], a_post(), a_post(number=2))
    topic, whole, read = await store.topics.add(privacy), store.sealing.whole, list[int]()

    async def counted_meanwhile(ids: Collection[str]) -> list[Open]:
        found = await whole(ids)
        read.append(len(found))
        if len(read) == 1:
            await deliver(store, keyed, [TEA], a_post(minutes=1, counts=Counts(likes=9)))
        return found

    matches, rematches, keeping = (
        Matches(store.database, store.dirty),
        Rematches(store.database),
        await Keeping.of(store, [topic], keyed),
    )
    monkeypatch.setattr(store.sealing, "whole", counted_meanwhile)
    await rematch(matches, rematches, topic, await rematches.begin(topic, since=None, said=None), keeping)
    told = await stored(store)
    assert read[:2] == [2, 1], "only what was changed meanwhile is read again"
    assert sorted(post["counts"]["likes"] for post in told if "counts" in post) == [9]
    assert [(is_sealed(post["_id"]), "anncanary@example.org" in post["text"]) for post in told] == [
        (privacy is CLOSED, False)
    ] * 2


async def test_kept__a_post_that_others_change_all_the_time__is_an_outage_and_no_success(
    store: Store, keyed: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deliver(store, keyed, [replace(TEA, query="coffee")], a_post())
    monkeypatch.setattr(store.sealing, "put", AsyncMock(return_value=False))
    with pytest.raises(StoreUnavailableError, match="written by others all the time"):
        await deliver(store, keyed, [CLOSED], a_post(minutes=1))


async def test_another_key_for_the_same_database_is_refused(store: Store, keyed: Config, tmp_path: Path) -> None:
    await Keeping.of(store, [CLOSED], keyed)
    await Keeping.of(store, [CLOSED], keyed)
    with pytest.raises(ConfigurationError, match="another key"):
        await Keeping.of(store, [CLOSED], load({"MONITOR_HOME": str(tmp_path / "other")}))


async def test_marks_that_are_names_of_entries_are_pseudonyms_in_the_bookmark(store: Store, keyed: Config) -> None:
    await store.topics.add(CLOSED)
    keeping = await Keeping.of(store, [TEA, CLOSED], keyed)
    page = Page([{}, {}], ["https://anncanary.example/1", None])
    private = keeping.page(page, replace(SOURCE, topics=("closed",)))
    assert [mark is None or is_sealed(str(mark)) for mark in private.marks] == [True, True]
    assert keeping.page(page, replace(SOURCE, topics=("tea",))) is page
