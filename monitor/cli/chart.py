"""A small chart of counts over time for a terminal: a row per interval, its bar, the usual band, and what is unusual."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

WIDEST = 40
MOST_ROWS = 60  # of the newest intervals; a screen or two


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One interval: what it is called, its count, from where to where it is usual, and a mark such as `spike`."""

    label: str
    count: int
    band: tuple[int, int] | None = None
    mark: str | None = None


def chart(bars: Sequence[Bar], *, heading: str) -> Table:
    """The newest rows as a table. The band is drawn in dots and between brackets around the bar's end."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in (heading, "posts", "usual", ""):
        table.add_column(name, justify="right" if name in {"posts", "usual"} else "left", no_wrap=True)
    shown = bars[-MOST_ROWS:]
    most = max((max(bar.count, bar.band[1] if bar.band else 0) for bar in shown), default=0)
    for bar in shown:
        usual = "" if bar.band is None else f"{bar.band[0]:,}-{bar.band[1]:,}"
        table.add_row(bar.label, f"{bar.count:,}", usual, Text(_drawn(bar, max(1, most))))
    return table


def _drawn(bar: Bar, most: int) -> str:
    signs = ["█"] * round(WIDEST * bar.count / most)
    signs += [" "] * (WIDEST + 1 - len(signs))
    if bar.band is not None:
        low, high = (round(WIDEST * end / most) for end in bar.band)
        signs[low:high] = ["▒" if sign == "█" else "·" for sign in signs[low:high]]
    arrow = {"spike": " ▲ spike", "drop": " ▼ drop"}.get(bar.mark or "", "")
    return "".join(signs).rstrip() + arrow
