"""Moving several bookmarks in one write."""

import asyncio
from datetime import UTC, datetime

from monitor.bookmark import Bookmark, Gap, Head
from monitor.errors import LeaseLostError, ReplyError
from monitor.store.connection import Store
from monitor.store.leases import Claim
from monitor.store.progress import Move

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


def move(claim: Claim, version: int = 1, *, start: int | str | None = None, epoch: int | None = None) -> Move:
    bookmark = Bookmark(version=version, start=start)
    return Move(source_id=claim.source.id, epoch=claim.epoch if epoch is None else epoch, run="r", bookmark=bookmark)


async def test_nothing_to_move_is_fine(store: Store) -> None:
    assert await store.progress.move([]) == []


async def test_of_16_that_move_the_same_bookmark_one_succeeds(store: Store, claim: Claim) -> None:
    """The same version, each with another mark: the fence within one epoch."""
    moved = await asyncio.gather(*(store.progress.move([move(claim, start=number)]) for number in range(16)))
    errors = [result for (result,) in moved]
    winner = errors.index(None)
    assert errors.count(None) == 1
    assert sum(isinstance(error, LeaseLostError) for error in errors) == 15
    standing = await store.sources.find(claim.source.id)
    assert standing is not None
    assert standing.bookmark == Bookmark(version=1, start=winner)


async def test_all_kinds_of_fields_are_found_again_by_a_repeat(store: Store, claim: Claim) -> None:
    """A repeat is known by comparing what is stored, so each field has to compare equal after the round trip."""
    exact = datetime(2026, 11, 20, 8, 0, 0, 123456, tzinfo=UTC)
    bookmark = Bookmark(
        heads=(Head(mark=2**70, asked_at=exact), Head(mark="abc", asked_at=exact)),
        gaps=(Gap(top=9, floor=None, cursor="c", cursor_at=exact, opened_at=exact, tries=2, since=exact),),
        start=2**40,
        asked_at=exact,
        validators={"etag": 'W/"x"'},
        seen=("a", "b"),
        version=1,
    )
    moves = [Move(source_id=claim.source.id, epoch=claim.epoch, run="r", bookmark=bookmark)]
    assert await store.progress.move(moves) == [None]
    assert await store.progress.move(moves) == [None]


async def test_what_cannot_be_stored_is_the_platforms_fault(store: Store, claim: Claim) -> None:
    (error,) = await store.progress.move([move(claim, start="\ud83d")])
    assert isinstance(error, ReplyError)
    assert claim.source.id in str(error)
