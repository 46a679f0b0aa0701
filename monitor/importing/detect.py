"""Which format a file has, told from how it begins. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.errors import UsageError
from monitor.importing import exchanged, fourcat, twarc, zeeschuimer
from monitor.importing.column_map import ColumnMap
from monitor.importing.columns import known_map
from monitor.importing.format import Format
from monitor.importing.lines import Layout, layout_of
from monitor.importing.table import table

CSV = "csv"
LINES: Mapping[str, Format] = {each.name: each for each in (twarc.FORMAT, fourcat.FORMAT, zeeschuimer.FORMAT, exchanged.FORMAT)}
NAMES = (*LINES, CSV)
# A table that 4CAT or Zeeschuimer exports may be named by either, as may this program's own.
_MAY_BE_TABLES = frozenset({CSV, "4cat", "zeeschuimer", "posts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is to be read: its format, and for a table its layout and map."""

    format: Format
    layout: Layout | None = None
    columns: ColumnMap | None = None


def reading_of(first: Any, sample: bytes, *, named: str | None, columns: ColumnMap | None) -> Reading:
    """How to read a file with this first line of JSON (None: there is none) and these first bytes.

    `named` and `columns` are what a person said. Raises UsageError, saying what to say instead.
    """
    if first is not None and columns is None and named != CSV:
        return Reading(format=LINES[named] if named else _shape(first))
    if sample.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        raise UsageError(
            "The file is one JSON array. Write an object on each line instead: jq -c '.[]' FILE | monitor import -"
        )
    if named is not None and named not in _MAY_BE_TABLES:
        raise UsageError(
            f"The file does not begin with a line of JSON, so it is none of {named}. Leave --format out, or say csv."
        )
    return _table(sample, columns)


def reader_of(name: str, columns: str | None) -> Format | None:
    """The reader of the rows of a file that was imported, by the name of its format and the map of its columns."""
    return LINES.get(name) if columns is None else table(ColumnMap.of_text(columns))


def _shape(line: Any) -> Format:
    if not isinstance(line, Mapping):
        raise UsageError("The first line holds JSON, but no object: the file is of no format that is read here.")
    there = line.keys()
    if zeeschuimer.META in there or "4CAT_metadata" in there or {"author_user", "public_metrics"} <= there:
        return fourcat.FORMAT
    if {"source_platform", "data"} <= there:
        return zeeschuimer.FORMAT
    if {"id", "platform", "native_id", "created_at", "author"} <= there:
        return exchanged.FORMAT
    if there & {"data", "errors"} and there & {"meta", "includes", "__twarc", "errors"}:
        return twarc.FORMAT
    if {"id", "text"} <= there or {"id_str", "created_at"} <= there:
        return twarc.FORMAT
    shown = ", ".join(sorted(str(name)[:30] for name in there)[:12])
    raise UsageError(
        f"The file's first line holds {shown}: no format that is known. Say one with --format: {', '.join(NAMES)}."
    )


def _table(sample: bytes, columns: ColumnMap | None) -> Reading:
    said = columns or ColumnMap()
    layout = layout_of(sample, delimiter=said.delimiter, encoding=said.encoding)
    if layout is None:
        raise UsageError("The file is neither lines of JSON nor a table with a header: its format cannot be told.")
    chosen = columns or known_map(layout.header)
    there = ", ".join(name[:40] for name in layout.header[:40])
    if chosen is None:
        raise UsageError(
            f"The table has the columns {there}; say what they hold: --map 'id=COLUMN,text=COLUMN,created_at=COLUMN,"
            "author.id=COLUMN,platform:=NAME'"
        )
    if missing := [column for column in chosen.columns.values() if column not in layout.header]:
        raise UsageError(f"The table has no column {missing[0][:60]!r}. It has: {there}.")
    return Reading(format=table(chosen), layout=layout, columns=chosen)
