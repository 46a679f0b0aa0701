"""The rollup stage: hours that were written to are counted anew, the newest first, beside the collecting.

The invariant: whenever this is killed, the next run goes on; an hour that ends the process itself is tried `MOST_ATTEMPTS` times
and then left alone for an hour, while the others are counted.
"""

import asyncio
import logging
import uuid
from dataclasses import dataclass, replace

from monitor.errors import RetryLater
from monitor.stages.side_by_side import side_by_side
from monitor.store.removal import Removal
from monitor.store.rollups import HourClaim, Rollups

logger = logging.getLogger(__name__)

# How often to look whether hours in other hands are counted, or free again.
LOOK_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a run did: counts of hours that are `clean` since, that stay `open` to late writes, that came to nothing as another
    process took over (`lost`), or for an error (`failed`). One hour may be counted several times.
    """

    clean: int = 0
    open: int = 0
    lost: int = 0
    failed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            clean=self.clean + other.clean,
            open=self.open + other.open,
            lost=self.lost + other.lost,
            failed=self.failed + other.failed,
        )


async def roll_up_waiting(rollups: Rollups, *, at_once: int = 1) -> Tally:
    """Count hours until none is left to count, here or in other hands; those of processes that died are waited for.

    `at_once` hours are counted side by side: much of the time of each is spent waiting. Hours that were written to within the last
    minutes stay marked, and are counted again later. Raises StoreUnavailableError; what was counted before stays so.
    """
    return sum(await side_by_side(lambda: _roll_up_waiting(rollups), at_once=at_once), Tally())


async def _roll_up_waiting(rollups: Rollups) -> Tally:
    tally = Tally()
    while True:
        claim = await rollups.claim(owner=uuid.uuid4().hex)
        if claim is not None:
            became = await _roll_up(rollups, claim)
            tally = replace(tally, **{became: getattr(tally, became) + 1})
        elif await rollups.claims.waiting():
            await asyncio.sleep(LOOK_S)
        else:
            return tally


async def _roll_up(rollups: Rollups, claim: HourClaim) -> str:
    """Remove what may not be there, count, write, settle, in this order; returns the field of the tally that it belongs to."""
    try:
        await Removal(rollups.database).sweep(claim.hour)
        held, count = await rollups.count(claim)
        await rollups.write(held, count)
        return await rollups.settle(held)
    except RetryLater:
        raise
    except Exception as error:  # noqa: BLE001 (what one hour holds must not keep the others from being counted)
        reason = type(error).__name__  # no more: its text may quote a post
        logger.warning("event=hour_failed hour=%s attempt=%d reason=%s", claim.hour.isoformat(), claim.attempts, reason)
        await rollups.claims.fail(claim.hour, reason, owner=claim.owner)
        return "failed"
