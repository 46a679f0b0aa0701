"""The indexing stage: posts that say something new go into the word index, the newest first, beside the collecting.

The invariant: whenever this is killed, the next run goes on. An hour that ends the process itself is tried `MOST_ATTEMPTS` times and
then left alone for an hour, while the others are indexed; searches read its posts themselves.
"""

import asyncio
import logging
import uuid
from dataclasses import dataclass, replace

from monitor.errors import Fatal, RetryLater
from monitor.stages.side_by_side import side_by_side
from monitor.store.word_index import Build, HourClaim, WordIndex

logger = logging.getLogger(__name__)

# How often to look whether hours in other hands are indexed, or free again.
LOOK_S = 0.5
# Most of the time of one hour is spent waiting for a disk.
AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a run did: hours indexed and the posts that it wrote for them; hours that came to nothing, for an error (`failed`) or
    as another process took over (`lost`).
    """

    hours: int = 0
    posts: int = 0
    lost: int = 0
    failed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            hours=self.hours + other.hours,
            posts=self.posts + other.posts,
            lost=self.lost + other.lost,
            failed=self.failed + other.failed,
        )


async def index_waiting(index: WordIndex) -> Tally:
    """Index until nothing is left that can be, here or in other hands; hours of processes that died are waited for.

    Minutes that were written to just now stay marked, and are indexed later. Raises StoreUnavailableError, and Fatal where another
    release has begun an index of its own; what was indexed before stays so.
    """
    return sum(await side_by_side(lambda: _index_waiting(index), at_once=AT_ONCE), Tally())


async def _index_waiting(index: WordIndex) -> Tally:
    tally = Tally()
    while True:
        claim = await index.claim(owner=uuid.uuid4().hex)
        if claim is not None:
            tally = await _index(index, claim, tally)
        elif await index.claims.waiting():
            await asyncio.sleep(LOOK_S)
        else:
            return tally


async def _index(index: WordIndex, claim: HourClaim, tally: Tally) -> Tally:
    """Read, write, unmark, in this order. The build is looked up behind the claim: whoever begins another changes all marks."""
    build = await _usable(index, claim)
    try:
        written = await index.index(claim, build)
        if await index.settle(claim) == "lost":
            return replace(tally, posts=tally.posts + written, lost=tally.lost + 1)
        return replace(tally, posts=tally.posts + written, hours=tally.hours + 1)
    except RetryLater:
        raise
    except Exception as error:  # noqa: BLE001 (what one hour holds must not keep the others from being indexed)
        reason = type(error).__name__  # no more: its text may quote a post
        logger.warning("event=hour_not_indexed hour=%s attempt=%d reason=%s", claim.hour.isoformat(), claim.attempts, reason)
        await index.claims.fail(claim.hour, reason, owner=claim.owner)
        return replace(tally, failed=tally.failed + 1)


async def _usable(index: WordIndex, claim: HourClaim) -> Build:
    build = await index.build()
    if build is not None and build.usable:
        return build
    await index.claims.release(claim.hour, owner=claim.owner)
    raise Fatal(
        "The word index was not begun, or it is of another release of this program, or of another Python. Let one of them alone "
        "index; to begin anew with this one: monitor index"
    )
