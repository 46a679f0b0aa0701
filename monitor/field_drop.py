"""Whether a version of a platform's file lost a field: of how many posts it was known before, and of how many now. Pure.

Shares differ with what is polled, so only a fall that no mixture of sources makes counts: from a share that matters to less than a
fifth of it, in enough posts on both sides.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

LEAST_POSTS = 200
LEAST_SHARE = 0.3
FALLS_TO = 0.2  # of the share that it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Posts that a deployed version read of a platform on one day (`YYYY-MM-DD`), and in how many of them each field was known."""

    platform: str
    version: str
    day: str
    posts: int
    known: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A field of a platform that fell from the share `before` to `now`, in this version. `against`: the older version that it is
    compared with, None where it is the same version on earlier days, so that the platform itself has changed."""

    platform: str
    version: str
    name: str
    before: float
    now: float
    against: str | None

    def __str__(self) -> str:
        then = "on earlier days" if self.against is None else f"by version {self.against}"
        return (
            f"the field {self.name} of {self.platform} is known in {self.now:.0%} of posts, and was in {self.before:.0%} {then}"
        )


def drops(filled: Iterable[Filled], *, versions: Sequence[str]) -> list[Drop]:
    """What fell, the worst field of each platform and version. `versions`: those that may be used, the oldest first."""
    found: list[Drop] = []
    by_platform: dict[str, list[Filled]] = {}
    for each in filled:
        by_platform.setdefault(each.platform, []).append(each)
    for platform, rows in sorted(by_platform.items()):
        enough = [version for version in versions if _sum(rows, version).posts >= LEAST_POSTS]
        for older, newer in pairwise(enough):
            found += _worst(platform, _sum(rows, older), _sum(rows, newer), against=older)
        for version in enough[-1:]:
            found += _within(platform, [row for row in rows if row.version == version])
    return found


def _within(platform: str, rows: Sequence[Filled]) -> list[Drop]:
    """A version against itself: its last day against those before."""
    last = max(row.day for row in rows)
    before = _sum([row for row in rows if row.day < last], rows[0].version)
    now = _sum([row for row in rows if row.day == last], rows[0].version)
    return _worst(platform, before, now, against=None)


def _worst(platform: str, before: Filled, now: Filled, *, against: str | None) -> list[Drop]:
    if min(before.posts, now.posts) < LEAST_POSTS:
        return []
    fell = [
        Drop(platform=platform, version=now.version, name=name, before=share, now=present, against=against)
        for name, known in sorted(before.known.items())
        if (share := known / before.posts) >= LEAST_SHARE and (present := now.known.get(name, 0) / now.posts) < FALLS_TO * share
    ]
    return sorted(fell, key=lambda drop: drop.now - drop.before)[:1]


def _sum(rows: Iterable[Filled], version: str) -> Filled:
    posts, known, platform = 0, Counter[str](), ""
    for row in rows:
        if row.version == version:
            platform = row.platform
            posts += row.posts
            known.update(row.known)
    return Filled(platform=platform, version=version, day="", posts=posts, known=known)
