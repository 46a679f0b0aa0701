"""What was removed on purpose is not stored again, counted with the reason, and its page counts as read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from monitor.bookmark import Bookmark
from monitor.post import Author, Post
from monitor.store.commit import Commit, Committed, Committer
from monitor.store.connection import Store
from monitor.store.erasures import Erasures
from monitor.store.gone import Gone
from monitor.store.horizon import Horizons
from monitor.store.leases import Claim
from monitor.store.posts import Outcome
from monitor.store.quarantine import ReplyContext

Made = Callable[..., Post]
MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
BEFORE = MORNING - timedelta(milliseconds=1)


async def test_posts_before_the_horizon__are_dropped_and_counted(store: Store, a_post: Made) -> None:
    await Horizons(store.database).advance(MORNING, why="older than 60d")
    old, young = a_post(1, created_at=BEFORE), a_post(2)
    assert await store.posts.upsert([old, young, old]) == Outcome(1, 0, 0, expired=2)
    assert [post.id async for post in store.posts.each()] == [young.id]
    # Nothing of what is dropped leaves a mark for another stage.
    assert await store.database["dirty"].distinct("_id") == [MORNING]


async def test_stored_post_before_the_horizon__is_changed_no_more(store: Store, a_post: Made) -> None:
    old = a_post(1, created_at=BEFORE)
    await store.posts.upsert([old])
    await Horizons(store.database).advance(MORNING, why="older than 60d")
    edited = old.filled(text="Milk.", edited_at=MORNING, fetched_at=MORNING)
    assert await store.posts.upsert([edited]) == Outcome(0, 0, 0, expired=1)


async def test_posts_of_an_erased_author__and_what_shares_theirs__are_dropped(store: Store, a_post: Made) -> None:
    erasures = Erasures(store.database)
    await erasures.add_accounts([("mastodon", "ann@example.org")])
    await erasures.add_posts(["https://example.org/1"])
    bob = Author(id="bob@example.org")
    shared = a_post(3, author=bob, kind="repost", repost_of="https://example.org/1")
    elsewhere, other = a_post(4, platform="bluesky"), a_post(5, author=bob)
    assert await store.posts.upsert([a_post(2), shared, elsewhere, other]) == Outcome(2, 0, 0, erased=2)
    assert {post.id async for post in store.posts.each()} == {elsewhere.id, other.id}


async def test_page_of_dropped_posts__counts_as_read(store: Store, claim: Claim, a_post: Made) -> None:
    await Horizons(store.database).advance(MORNING, why="older than 60d")
    reply = ReplyContext(url="https://example.org/api", status=200, fetched_at=MORNING)
    posts = (a_post(1, created_at=BEFORE), a_post(2))
    moved = Bookmark(version=1)
    commit = Commit(source_id=claim.source.id, epoch=claim.epoch, run="r", bookmark=moved, reply=reply, posts=posts)
    assert await Committer(store).commit(commit) == Committed(1, 0, 0, 0, expired=1)
    standing = await store.sources.find(claim.source.id)
    assert standing is not None
    assert standing.bookmark.version == 1


async def test_nothing_was_ever_removed__costs_one_look(store: Store, a_post: Made) -> None:
    notes = await Gone(store.database).notes()
    assert (notes.horizon, notes.key) == (None, None)
    assert await Gone(store.database).among([a_post()]) == {}
