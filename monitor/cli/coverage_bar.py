"""Coverage drawn by time: a sign for each piece of the period, which is covered only where all of it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.text import Text

from monitor.analysis.bucket import Period
from monitor.analysis.coverage import COVERED, NEVER_ASKED, REMOVED, Hole

WIDTH = 48
SIGNS = {COVERED: "█", "limited": "▒", "capped": "░", "failed": "x", REMOVED: "-", NEVER_ASKED: "·"}
_STYLES = {COVERED: "green", "limited": "yellow", "capped": "dark_orange", "failed": "red", REMOVED: "dim", NEVER_ASKED: "dim"}
_OTHER = "?"


def bar(period: Period, holes: Sequence[Hole], *, width: int = WIDTH) -> Text:
    """The period from left to right. A piece with holes shows the state of which most is missing."""
    drawn = Text()
    for number in range(width):
        length = period.end - period.start
        state = _worst(holes, period.start + length * number / width, period.start + length * (number + 1) / width)
        drawn.append(SIGNS.get(state, _OTHER), style=_STYLES.get(state, ""))
    return drawn


def legend() -> Text:
    """What the signs mean."""
    return Text("  ".join(f"{sign} {state}" for state, sign in SIGNS.items()) + f"  {_OTHER} other", style="dim")


def _worst(holes: Sequence[Hole], begin: datetime, end: datetime) -> str:
    missing: dict[str, timedelta] = {}
    for hole in holes:
        length = min(hole.to_at, end) - max(hole.from_at, begin)
        if length > timedelta(0):
            missing[hole.state] = missing.get(hole.state, timedelta(0)) + length
    return max(missing, key=lambda state: missing[state], default=COVERED)
