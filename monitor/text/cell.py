"""Cells of tables: texts that no spreadsheet runs as a formula, lists of entries, rows; and what they were before. Pure."""

import re
from collections.abc import Iterable, Iterator

# A spreadsheet runs a cell that begins with one of these as a formula. A text that begins as a guarded one does is guarded, too.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"(?= |\Z)|[^ ]+')
_TO_QUOTE = re.compile(r' |\A"')
# Spreadsheets that cut at commas may be set to cut at tabs and semicolons beside them.
_APART = re.compile(r'[",;\t\r\n]')


def guarded(text: str) -> str:
    """The text as a cell: behind ' where it begins as a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """Undo `guarded`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def joined(entries: Iterable[str]) -> str:
    """A list as a cell, with blanks between its entries; those that hold blanks themselves stand in quotes, as cells of a row do."""
    return " ".join(_in_quotes(entry) if _TO_QUOTE.search(entry) else entry for entry in entries)


def entries(cell: str) -> Iterator[str]:
    """Undo `joined`; quotes that stand otherwise are signs of an entry."""
    for found in _QUOTED.finditer(cell):
        yield found[0] if found[1] is None else found[1].replace('""', '"')


def csv_line(cells: Iterable[str]) -> str:
    """A row of a table with its end (RFC 4180)."""
    told = [_in_quotes(cell) if _APART.search(cell) else cell for cell in cells]
    return f"{','.join(told) if told != [''] else _in_quotes('')}\r\n"  # a row of nothing would be none


def _in_quotes(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
