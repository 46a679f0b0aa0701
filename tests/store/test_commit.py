"""The commit of a page: posts, quarantine, then the bookmark, once and for the owner of the lease only."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest

from monitor.bookmark import Bookmark, Gap, Head, Interval
from monitor.errors import LeaseLostError, ReplyError, StoreUnavailableError
from monitor.post import Counts, Post
from monitor.source import Source
from monitor.store import commit as module
from monitor.store.commit import GROUP_S, Commit, Committed, Committer
from monitor.store.connection import Store
from monitor.store.leases import Claim
from monitor.store.quarantine import Refused, ReplyContext

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
REPLY = ReplyContext(url="https://example.org/api", status=200, fetched_at=MORNING, headers={"set-cookie": "secret"})


def page(claim: Claim, version: int = 1, **changes: Any) -> Commit:
    """A page that leaves a bookmark with a head, a gap and one ledger entry."""
    bookmark = Bookmark(
        heads=(Head(mark=version, asked_at=MORNING),),
        gaps=(Gap(top="9", floor=3, cursor="c", cursor_at=MORNING, opened_at=MORNING),),
        version=version,
    )
    covered = Interval(from_at=MORNING, to_at=MORNING + timedelta(hours=version), state="covered", asked_at=MORNING)
    plain = Commit(
        source_id=claim.source.id, epoch=claim.epoch, run="run", bookmark=bookmark, reply=REPLY, intervals=(covered,)
    )
    return replace(plain, **changes)


async def claimed(store: Store, tag: str) -> Claim:
    source = Source(platform="mastodon", kind="tag", parameters={"tag": tag})
    await store.sources.ensure(source)
    claim = await store.leases.claim(source.id, owner="test")
    assert claim is not None
    return claim


async def bookmark_of(store: Store, claim: Claim) -> Bookmark:
    standing = await store.sources.find(claim.source.id)
    assert standing is not None
    return standing.bookmark


async def test_a_page_is_stored_and_moves_the_bookmark(store: Store, claim: Claim, a_post: Callable[..., Post]) -> None:
    committed = await Committer(store).commit(page(claim, posts=[a_post(1), a_post(2)]))
    assert committed == Committed(new=2, changed=0, unchanged=0, refused=0)
    assert await bookmark_of(store, claim) == page(claim).bookmark
    standing = await store.sources.find(claim.source.id)
    assert standing is not None
    assert standing.pending == 1


async def test_pages_follow_each_other(store: Store, claim: Claim, a_post: Callable[..., Post]) -> None:
    committer = Committer(store)
    for version in range(1, 6):
        await committer.commit(page(claim, version, posts=[a_post(version)]))
    assert (await bookmark_of(store, claim)).version == 5
    assert await store.posts.count() == 5


async def test_a_walk_without_an_end__moves_its_ledger_entries_out_of_the_source(
    store: Store, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a stream fills the document of its source within hours, and no bookmark of it moves any more."""
    monkeypatch.setattr(module, "SETTLED_EVERY", 10)
    committer, pending = Committer(store), []
    for version in range(1, 36):
        await committer.commit(page(claim, version))
        await asyncio.gather(*committer._flushes)
        standing = await store.sources.find(claim.source.id)
        assert standing is not None
        pending.append(standing.pending)
    assert max(pending) < 10
    assert pending[-1] == 5
    assert await store.database["ledger"].count_documents({"source": claim.source.id}) == 30


async def test_entries_that_cannot_be_moved_now__hold_up_no_walk_and_go_with_the_next(
    store: Store, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLED_EVERY", 2)
    settle, away = store.ledger.settle, AsyncMock(side_effect=StoreUnavailableError("MongoDB is away."))
    monkeypatch.setattr(store.ledger, "settle", away)
    committer = Committer(store)
    for version in range(1, 5):
        if version == 4:
            monkeypatch.setattr(store.ledger, "settle", settle)
        await committer.commit(page(claim, version))
        await asyncio.gather(*committer._flushes)
    assert away.await_count == 1
    assert await store.database["ledger"].count_documents({}) == 4


async def test_rows_that_were_refused_are_in_quarantine(store: Store, claim: Claim, a_post: Callable[..., Post]) -> None:
    """Rows without a post, and posts that MongoDB cannot hold; both count as handled, and the bookmark moves."""
    row = Refused(platform="mastodon", source_id=claim.source.id, reason="no date", kind="PostError", raw=b"row", reply=REPLY)
    posts = [a_post(1), a_post(2, text="\ud83d", raw=b"raw"), a_post(3)]
    committed = await Committer(store).commit(page(claim, posts=posts, refused=[row]))
    assert committed == Committed(new=2, changed=0, unchanged=0, refused=2)
    kept = {kept.refused.raw: kept.refused for kept in await store.quarantine.list_newest()}
    assert sorted(kept) == [b"raw", b"row"]
    assert "surrogate" in kept[b"raw"].reason
    assert kept[b"raw"].reply == replace(REPLY, headers={})
    assert (await bookmark_of(store, claim)).version == 1


@pytest.mark.parametrize("step", ["posts", "quarantine"])
async def test_a_bookmark_never_moves_before_what_it_covers(
    store: Store, claim: Claim, a_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A death at each step before the bookmark: it has not moved, and the page comes through when it is read again."""

    async def dies(*_: object) -> None:
        raise RuntimeError("killed here")

    kind, name = (type(store.posts), "write") if step == "posts" else (type(store.quarantine), "add")
    with monkeypatch.context() as patched:
        patched.setattr(kind, name, dies)
        with pytest.raises(RuntimeError, match="killed here"):
            await Committer(store).commit(page(claim, posts=[a_post()]))
    assert await bookmark_of(store, claim) == Bookmark()
    committed = await Committer(store).commit(page(claim, posts=[a_post()]))
    assert committed.new + committed.unchanged == 1
    assert await store.posts.count() == 1


async def test_a_late_owner_moves_nothing(store: Store, claim: Claim, a_post: Callable[..., Post]) -> None:
    """Its lease ran out and another claimed: 50 tries are refused 50 times, and its posts are not doubled."""
    await store.leases.release(claim.source.id, epoch=claim.epoch)
    later = await store.leases.claim(claim.source.id, owner="other")
    assert later is not None
    committer = Committer(store)
    await committer.commit(page(later, posts=[a_post()]))
    refused = 0
    for version in range(1, 51):
        with pytest.raises(LeaseLostError, match="taken over"):
            await committer.commit(page(claim, version, posts=[a_post()]))
        refused += 1
    assert await bookmark_of(store, claim) == page(later).bookmark
    assert await store.posts.count() == 1
    print(f"late owner refused {refused} of 50")


@pytest.mark.parametrize("version", [1, 4])
async def test_a_page_out_of_order_moves_nothing(store: Store, claim: Claim, version: int) -> None:
    committer = Committer(store)
    for done in (1, 2):
        await committer.commit(page(claim, done))
    before = await bookmark_of(store, claim)
    with pytest.raises(LeaseLostError, match="another page"):
        await committer.commit(page(claim, version))
    assert await bookmark_of(store, claim) == before


async def test_a_source_that_is_gone_ends_its_walk(store: Store, claim: Claim) -> None:
    await store.database["sources"].delete_many({})
    with pytest.raises(LeaseLostError, match="removed"):
        await Committer(store).commit(page(claim))


async def test_a_commit_made_twice_is_a_success_and_moves_once(store: Store, claim: Claim) -> None:
    """The answer to the first was lost: the second finds its own bookmark."""
    committer = Committer(store)
    await committer.commit(page(claim))
    await committer.commit(page(claim))
    standing = await store.sources.find(claim.source.id)
    assert standing is not None
    assert (standing.bookmark.version, standing.pending) == (1, 1)


async def test_a_bookmark_that_cannot_be_stored_fails_its_own_page(
    store: Store, claim: Claim, a_post: Callable[..., Post]
) -> None:
    other = await claimed(store, "coffee")
    committer = Committer(store)
    bad = page(claim, bookmark=Bookmark(version=1, validators={"etag": "\ud83d"}), posts=[a_post(1)])
    with committer.walking(), committer.walking(), committer.walking():
        results = await asyncio.gather(
            committer.commit(bad), committer.commit(page(other, posts=[a_post(2)])), return_exceptions=True
        )
    assert isinstance(results[0], ReplyError)
    assert results[1] == Committed(new=1, changed=0, unchanged=0, refused=0)


async def test_pages_of_one_group_fare_each_for_itself(store: Store, a_post: Callable[..., Post]) -> None:
    """20 sources in one group; every fourth has lost its lease, every fifth brings poison."""
    committer = Committer(store)
    claims = [await claimed(store, f"tag{number}") for number in range(20)]
    pages = [
        page(
            replace(claim, epoch=claim.epoch - (number % 4 == 0)),
            posts=[a_post(number), a_post(100 + number, text="\ud83d" if number % 5 == 0 else "fine")],
        )
        for number, claim in enumerate(claims)
    ]
    results = await asyncio.gather(*map(committer.commit, pages), return_exceptions=True)
    for number, result in enumerate(results):
        if number % 4 == 0:
            assert isinstance(result, LeaseLostError)
        else:
            assert result == Committed(2 - (number % 5 == 0), 0, 0, int(number % 5 == 0))
    assert [(await bookmark_of(store, claim)).version for claim in claims] == [int(number % 4 != 0) for number in range(20)]


async def test_one_post_from_two_pages_of_a_group_is_new_once(store: Store, a_post: Callable[..., Post]) -> None:
    first, second = await claimed(store, "tea"), await claimed(store, "cup")
    committer = Committer(store)
    with committer.walking(), committer.walking(), committer.walking():
        results = await asyncio.gather(
            committer.commit(page(first, posts=[a_post(seen_on=("a",))])),
            committer.commit(page(second, posts=[a_post(seen_on=("b",))])),
        )
    assert sorted((result.new, result.unchanged) for result in results) == [(0, 1), (1, 0)]
    found = await store.posts.find(a_post().id)
    assert found is not None
    assert sorted(found.seen_on) == ["a", "b"]


def count_bulks(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the number of posts of each write from now on."""
    sizes: list[int] = []
    original = type(store.posts).write

    async def counting(self, posts, rows):
        sizes.append(len(posts))
        return await original(self, posts, rows)

    monkeypatch.setattr(type(store.posts), "write", counting)
    return sizes


async def test_a_group_waits_for_no_walk_that_waits_itself(
    store: Store, a_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight walks: a write for each half of them, and none waits the 50 ms out."""
    claims = [await claimed(store, f"tag{number}") for number in range(8)]
    committer = Committer(store)
    monkeypatch.setattr("monitor.store.commit.GROUP_S", 60.0)
    sizes = count_bulks(store, monkeypatch)

    async def walk(number: int) -> None:
        with committer.walking():
            await asyncio.sleep(0)
            for version in (1, 2, 3):
                await committer.commit(page(claims[number], version, posts=[a_post(number * 10 + version)]))

    await asyncio.wait_for(asyncio.gather(*map(walk, range(8))), timeout=20)
    assert sizes == [4] * 6


async def test_a_group_is_written_after_a_moment_when_a_walk_is_busy_elsewhere(
    store: Store, claim: Claim, a_post: Callable[..., Post]
) -> None:
    committer = Committer(store)
    with committer.walking(), committer.walking(), committer.walking():
        begun = asyncio.get_running_loop().time()
        await asyncio.wait_for(committer.commit(page(claim, posts=[a_post()])), timeout=20)
        assert asyncio.get_running_loop().time() - begun >= GROUP_S


async def test_a_walk_that_ends_lets_the_others_go_on(store: Store, claim: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.store.commit.GROUP_S", 60.0)
    committer = Committer(store)
    with committer.walking():
        with committer.walking(), committer.walking():
            waiting = asyncio.ensure_future(committer.commit(page(claim)))
            await asyncio.sleep(0)
            assert not waiting.done()
        await asyncio.wait_for(waiting, timeout=20)


async def test_a_large_group_is_written_at_once(
    store: Store, claim: Claim, a_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.commit.GROUP_S", 60.0)
    committer = Committer(store)
    with committer.walking(), committer.walking(), committer.walking():
        await asyncio.wait_for(committer.commit(page(claim, posts=[a_post(number) for number in range(500)])), timeout=20)


async def test_closing_writes_what_waits(store: Store, claim: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.store.commit.GROUP_S", 60.0)
    committer = Committer(store)
    with committer.walking(), committer.walking(), committer.walking():
        waiting = asyncio.ensure_future(committer.commit(page(claim)))
        await asyncio.sleep(0)
        await committer.close()
        assert waiting.done()
        await waiting


async def test_a_cancelled_walk_does_not_harm_the_group(store: Store, claim: Claim, a_post: Callable[..., Post]) -> None:
    other = await claimed(store, "coffee")
    committer = Committer(store)
    with committer.walking(), committer.walking(), committer.walking():
        cancelled = asyncio.ensure_future(committer.commit(page(claim)))
        await asyncio.sleep(0)
        cancelled.cancel()
        assert (await committer.commit(page(other, posts=[a_post()]))).new == 1
    with pytest.raises(asyncio.CancelledError):
        await cancelled


FAULTS = [
    {"closeConnection": True},
    {"errorCode": 14031},
    {"errorCode": 10107},
    {"writeConcernError": {"code": 91, "errmsg": "shutting down"}},  # done, but nobody knows whether it is durable
]


@pytest.mark.parametrize(
    ("command", "how"),
    [(command, how) for command in ("find", "insert", "update") for how in FAULTS if command != "find" or "errorCode" in how],
)
async def test_a_short_outage_at_any_command_is_outlasted(faulty: Store, a_post, fail, command: str, how):
    """New posts, a changed one, a refused row and the bookmark: all is there in the end, once."""
    claim = await claimed(faulty, "tea")
    await faulty.posts.upsert([a_post(1)])
    changed = a_post(1, counts=Counts(likes=1), fetched_at=MORNING + timedelta(minutes=1))
    fail(command, times=3, **how)
    await Committer(faulty).commit(page(claim, posts=[changed, a_post(2), a_post(3, text="\ud83d")]))
    assert await faulty.posts.count() == 2
    assert await faulty.quarantine.count() == 1
    standing = await faulty.sources.find(claim.source.id)
    assert standing is not None
    assert (standing.bookmark.version, standing.pending) == (1, 1)


async def test_a_long_outage_is_told_after_the_deadline(faulty: Store, a_post, fail) -> None:
    claim = await claimed(faulty, "tea")
    fail("update", "insert", errorCode=14031)
    with pytest.raises(StoreUnavailableError, match="no disk space"):
        await Committer(faulty, deadline_s=1.0).commit(page(claim, posts=[a_post()]))
    fail()
    assert await bookmark_of(faulty, claim) == Bookmark()
    assert (await Committer(faulty).commit(page(claim, posts=[a_post()]))).new == 1
