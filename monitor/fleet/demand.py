"""How many shifts a crowd of sources needs at once. Pure.

A crowd is what one platform and one credential have in common: its sources wait for the same limit, so more shifts than that can
feed would only wait. Two things ask for shifts: the polls that come up again and again, and those that wait by now. The first alone
would do if a poll always took `POLL_S`; where polls take longer the second makes up for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil

# What a poll takes, most of it waiting: one page at the pace of a platform, and its commit.
POLL_S = 3.0
# A source of which nothing is known yet is polled by its platform's interval, 15 minutes for most.
UNKNOWN_S = 900.0
# Of what a shift could do at most: polls do not come up evenly.
FULL = 0.7
# What waits now is to be gone after this long; a source is late after five minutes.
CLEAR_S = 60.0
MOST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Sources of one platform under one credential: `sources` in all, `due` and free now, `soon` due before the planner's next look,
    `held` by a crawl now. `polls_per_s` as their intervals say, of which `live` are streams that are listened to all the time."""

    platform: str
    credential: str
    sources: int = 0
    due: int = 0
    soon: int = 0
    held: int = 0
    live: int = 0
    polls_per_s: float = 0.0

    def __add__(self, other: "Crowd") -> "Crowd":
        return replace(
            self,
            sources=self.sources + other.sources,
            due=self.due + other.due,
            soon=self.soon + other.soon,
            held=self.held + other.held,
            live=self.live + other.live,
            polls_per_s=self.polls_per_s + other.polls_per_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One of the shifts that a crowd is to have at a time. Its name is unique among those that wait or run."""

    platform: str
    credential: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.platform}/{self.credential}/{self.number}"

    @property
    def priority(self) -> float:
        """Higher goes first: every crowd has its first shift before any has its second."""
        return round(1 / (1 + self.number), 3)


def joined(crowds: Iterable[Crowd]) -> list[Crowd]:
    """Crowds of one platform and credential added up, in the order of their names."""
    found: dict[tuple[str, str], Crowd] = {}
    for crowd in crowds:
        key = (crowd.platform, crowd.credential)
        found[key] = found[key] + crowd if key in found else crowd
    return [found[key] for key in sorted(found)]


def shifts_wanted(crowd: Crowd, *, walks: int, most: int = MOST) -> int:
    """Shifts to have at a time, each with `walks` polls at once; 0 where nothing is due, soon due or under way."""
    if not crowd.due + crowd.soon + crowd.held:
        return 0
    steady = (crowd.polls_per_s * POLL_S / FULL + crowd.live) / walks
    waiting = (crowd.due + crowd.held) * POLL_S / CLEAR_S / walks
    # A shift is too much only where there are more of them than sources.
    return max(1, min(most, crowd.sources, ceil(max(steady, waiting))))


def slots_wanted(crowd: Crowd, *, walks: int, most: int = MOST) -> list[Slot]:
    """The slots of a crowd that are to be filled."""
    wanted = shifts_wanted(crowd, walks=walks, most=most)
    return [Slot(platform=crowd.platform, credential=crowd.credential, number=number) for number in range(wanted)]
