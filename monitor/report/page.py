"""What a report shows, whatever it is written as: sections of sentences, charts and tables. Pure values."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

LONGEST = 240  # characters of a text that a person wrote
_AS_IT_IS = "!#$%&'*+,/:;=?@[]~"  # of a link; what else is not a letter or digit is written as %..


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a table. `link`: the address of a post, None unless it is one of the web; `foreign`: strangers wrote it."""

    text: str
    link: str | None = None
    foreign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under headings; numbers of columns in `right` stand to the right, those in `wide` are for paper."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rect:
    """A part of a chart; `kind` says how it is painted, `told` what it stands for."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Words in a chart; `anchor` as SVG has it."""

    x: float
    y: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing of so many units, its caption, and what its paints mean."""

    width: float
    height: float
    rects: tuple[Rect, ...]
    labels: tuple[Label, ...]
    caption: str
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with what stands under it, in this order; the table is that of the chart where there is one."""

    heading: str
    sentences: tuple[str, ...] = ()
    chart: Chart | None = None
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A report. `lead` says in a sentence what it is of; `warning` what must be known before anything else."""

    title: str
    lead: str
    note: str | None
    warning: str | None
    sections: tuple[Section, ...]
    foot: str


def foreign(text: str, link: str | None = None) -> Cell:
    """A cell of what strangers wrote: one line, not too long, without what would turn the line around."""
    line = plain(text)
    return Cell(line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…", link=web_link(link), foreign=True)


def cells(*texts: str) -> tuple[Cell, ...]:
    """Cells of our own words and figures."""
    return tuple(Cell(text) for text in texts)


def plain(text: str) -> str:
    """One line of a text, without invisible signs."""
    return " ".join(
        "".join(sign if sign.isprintable() or sign.isspace() else "\N{REPLACEMENT CHARACTER}" for sign in text).split()
    )


def web_link(link: str | None) -> str | None:
    """An address of the web, with everything unusual in it as %..; None for any other, such as of a script."""
    if link is None:
        return None
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return None
    return quote(link, safe=_AS_IT_IS)


def listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
