"""Stops a deployed version that lost a field which the version before it read, so that new shifts go on with that one.

A field that is lost within one version is the platform's doing: no other version would bring it back, so nothing is stopped, and
`monitor status` tells.
"""

import logging

from monitor.field_drop import Drop, drops
from monitor.store.field_counts import FieldCounts

logger = logging.getLogger(__name__)

LOOK_S = 30.0


async def lost_fields(counts: FieldCounts) -> list[Drop]:
    """What fell, in the versions that may be used. Raises StoreUnavailableError."""
    usable = [version for version, may in (await counts.versions()).items() if may]
    return drops(await counts.list_all(), versions=usable)


async def stop_worse_versions(counts: FieldCounts) -> list[Drop]:
    """Stop every version that lost a field against an older one that may still be used; returns what was stopped now."""
    stopped = []
    for drop in await lost_fields(counts):
        if drop.against is not None and await counts.stop(drop.version, str(drop)):
            logger.warning("event=version_stopped version=%s reason=%s", drop.version, drop)
            stopped.append(drop)
    return stopped
