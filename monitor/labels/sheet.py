"""The sheet that people fill in: a table of posts with an empty column, and reading it back, all that is wrong at once. Pure.

Read are CSV with a line of headings (comma, semicolon or tab, as spreadsheets write it) and JSON lines. A row names its post by
`id` or `url` and says `label`, `rating` or both; `rater` may be a column too. A row without a label is one that nobody labelled.
"""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from monitor.errors import UsageError
from monitor.labels.judgement import canonical
from monitor.post import Post
from monitor.text.utterance import utterance

HEADINGS = ("id", "url", "text", "label")
LONGEST_RATER = 60

_ID_HEADINGS = ("id", "_id", "post")
_READ = (*_ID_HEADINGS, "url", "label", "rating", "rater")
# A spreadsheet runs a cell that begins with one of these as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One labelled row and the line it begins in. One of `post_id` and `url` is there, and one of `label` and `rating`."""

    line: int
    post_id: str | None
    url: str | None
    label: str | None
    rating: float | None
    rater: str

    @property
    def names(self) -> str:
        """What it calls the post."""
        return self.post_id or self.url or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What was read: rows, how many were left unlabelled, and what is wrong, by line."""

    rows: tuple[Row, ...]
    unlabelled: int
    problems: tuple[tuple[int, str], ...]


def sheet_of(posts: Iterable[Post]) -> str:
    """The table to fill in, RFC 4180. It says nothing of scores, so that raters are not led by them."""
    rows = ((post.id, post.url or "", utterance(post), "") for post in posts)
    return "".join(map(csv_line, (HEADINGS, *rows)))


def csv_line(cells: Iterable[str]) -> str:
    """One line of a table that cannot run as formulas, with its end."""
    line = io.StringIO(newline="")
    csv.writer(line).writerow([_safe(cell) for cell in cells])
    return line.getvalue()


def read_sheet(text: str, *, label_set: str, rater: str, lines: bool) -> Sheet:
    """Read JSON lines (`lines`) or CSV; `rater` is who labelled where no column says so. Raises UsageError for no sheet at all."""
    text = text.removeprefix("\ufeff")
    found = _json_rows(text) if lines else _csv_rows(text)
    rows: dict[tuple[str, str], Row] = {}
    problems: list[tuple[int, str]] = []
    unlabelled = 0
    for line, cells in found:
        try:
            row = _row(line, cells, label_set=label_set, rater=rater)
            unlabelled += row is None
            if row is not None:
                _put(rows, row)
        except UsageError as error:
            problems.append((line, str(error)))
    return Sheet(rows=tuple(rows.values()), unlabelled=unlabelled, problems=tuple(problems))


def _put(rows: dict[tuple[str, str], Row], row: Row) -> None:
    before = rows.setdefault((row.rater, row.names), row)
    if (before.label, before.rating) != (row.label, row.rating):
        raise UsageError(f"the post is labelled otherwise in line {before.line} by the same rater")


def _row(line: int, cells: Mapping[str, str] | str, *, label_set: str, rater: str) -> Row | None:
    if isinstance(cells, str):
        raise UsageError(cells)
    label, rating = cells.get("label", ""), cells.get("rating", "")
    if not label and not rating:
        return None
    post_id = next((cells[name] for name in _ID_HEADINGS if cells.get(name)), None)
    if post_id is None and not cells.get("url"):
        raise UsageError("the row has a label and neither an id nor a url")
    return Row(
        line=line,
        post_id=post_id,
        url=None if post_id is not None else cells["url"],
        label=canonical(label, label_set=label_set) if label else None,
        rating=_rating(rating) if rating else None,
        rater=rater_name(cells.get("rater") or rater),
    )


def rater_name(name: str) -> str:
    """The name of a rater as it is stored. Raises UsageError."""
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST_RATER or not plain.isprintable():
        raise UsageError(f"a rater is named by 1 to {LONGEST_RATER} characters that can be printed")
    return plain


def _rating(told: str) -> float:
    try:
        rating = float(told.replace(",", ".") if _DECIMAL_COMMA.fullmatch(told) else told)
    except ValueError:
        rating = math.nan
    if not math.isfinite(rating):
        raise UsageError("the rating is not a number")
    return rating


def _csv_rows(text: str) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    heading = text.split("\n", 1)[0].strip("\r")
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        headings = [_bare(cell).lower() for cell in next(reader, [])]
        _check_headings(headings)
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, _told(headings, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        yield line, f"the table cannot be read from here on: {error}"


def _check_headings(headings: list[str]) -> None:
    if not {*_ID_HEADINGS, "url"} & set(headings) or not {"label", "rating"} & set(headings):
        raise UsageError(
            "The first line of the table has no column id or url, or none that is called label or rating. "
            "`monitor labels sample` makes a table to fill in."
        )
    if twice := sorted({name for name in _READ if headings.count(name) > 1}):
        raise UsageError(f"The table has two columns {twice[0]}.")


def _told(headings: list[str], cells: list[str]) -> Mapping[str, str] | str:
    if any(cell.strip() for cell in cells[len(headings) :]):
        return f"the row has {len(cells)} cells and there are {len(headings)} headings: is a sign of quotation missing?"
    told = dict(zip(headings, map(_bare, cells), strict=False))
    return {name: told[name] for name in _READ if name in told}


def _json_rows(text: str) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    for line, told in enumerate(text.split("\n"), start=1):
        if not told.strip():
            continue
        try:
            found = json.loads(told)
        except (ValueError, RecursionError):
            yield line, "the line is no JSON object"
            continue
        yield line, _cells(found) if isinstance(found, dict) else "the line is no JSON object"


def _cells(found: Mapping[str, object]) -> Mapping[str, str] | str:
    cells = {}
    for name in _READ:
        value = found.get(name)
        if isinstance(value, bool) or (value is not None and not isinstance(value, str | int | float)):
            return f"{name} is neither a text nor a number"
        cells[name] = "" if value is None else str(value).strip()
    return cells


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _bare(cell: str) -> str:
    """A cell without the sign that `_safe` put before it."""
    plain = cell.strip()
    return plain[1:] if plain.startswith("'") and plain[1:].startswith(_FORMULA) else plain
