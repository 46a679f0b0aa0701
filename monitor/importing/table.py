"""A row of a table is a post, by a map of its columns. Pure; the reading of the file is in `monitor.importing.lines`."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitor.errors import PostError
from monitor.importing.column_map import FLAGS, LISTS, POSTS, TEXTS, ColumnMap
from monitor.importing.format import Format, count, one_row
from monitor.importing.identity import identity
from monitor.page import Reply
from monitor.post import COUNTED, Author, Counts, Kind, Media, Post
from monitor.text.cell import entries, unguarded
from monitor.text.dates import utc, utc_from_milliseconds, utc_from_seconds

_YES, _NO = frozenset({"yes", "true", "1", "y", "t"}), frozenset({"no", "false", "0", "n", "f"})
_KINDS: Mapping[str, Kind] = {"is_repost": "repost", "is_quote": "quote", "is_reply": "reply"}
_AS_THEY_STAND = frozenset({"text", "title", "summary", *LISTS})


def table(columns: ColumnMap, *, name: str = "csv") -> Format:
    """The format of a table whose rows, objects of cell by column, are read by a map."""
    reader = _Reader(columns)
    return Format(name, columns.constants.get("platform"), one_row, reader.post, reader.read_at)


class _Reader:
    def __init__(self, columns: ColumnMap) -> None:
        self._map = columns
        self._zone = ZoneInfo(columns.zone)
        self._native = "id" not in columns.columns and "id" not in columns.constants

    def post(self, row: Any, _reply: Reply) -> Post:
        cells = self._cells(row)
        platform = cells.get("platform") or ""
        native_id = cells.get("native_id") or cells.get("id") or ""
        if not native_id:
            raise PostError("the cell of its id is empty")
        thread = self._post(cells, "thread", platform)
        made = identity(platform, native_id) if self._native else cells.get("id") or ""
        return Post(
            id=made,
            platform=platform,
            native_id=native_id,
            kind=self._kind(cells),
            created_at=self._moment("created_at", cells.get("created_at")),
            edited_at=self._moment("edited_at", told) if (told := cells.get("edited_at")) else None,
            text=cells.get("text", ""),
            author=_author(cells),
            tags=self._list(cells, "tags"),
            mentions=self._list(cells, "mentions"),
            links=self._list(cells, "links"),
            media=tuple(Media(kind="file", url=address) for address in self._list(cells, "media")),
            counts=Counts(**{name: _number(f"counts.{name}", cells) for name in COUNTED}),
            sensitive=_flag("sensitive", cells),
            thread=thread if thread != made else None,
            **self._texts(cells, platform),
        )

    def _texts(self, cells: Mapping[str, str], platform: str) -> dict[str, Any]:
        named = {name: self._post(cells, name, platform) for name in POSTS if name != "thread"}
        return named | {name: cells.get(name) for name in TEXTS}

    def read_at(self, row: Any) -> datetime | None:
        told = self._cells(row).get("fetched_at")
        return self._moment("fetched_at", told) if told else None

    def _cells(self, row: Any) -> dict[str, str]:
        """Cell by field; empty ones are left out, as unknown. An empty text is a text."""
        if not isinstance(row, Mapping):
            raise PostError("the row is no table's row")
        found = dict(self._map.constants)
        for name, column in self._map.columns.items():
            cell = row.get(column)
            if cell is None:
                raise PostError(f"there is no column {column[:40]!r} for {name}")
            cell = unguarded(cell) if self._map.guarded else cell
            if name == "text" or cell.strip():
                found[name] = cell if name in _AS_THEY_STAND else cell.strip()
        return found

    def _list(self, cells: Mapping[str, str], name: str) -> tuple[str, ...]:
        cell = cells.get(name, "")
        if self._map.guarded:
            return tuple(entry for entry in entries(cell) if entry)
        return tuple(entry.strip() for entry in cell.split(self._map.lists) if entry.strip())

    def _post(self, cells: Mapping[str, str], name: str, platform: str) -> str | None:
        told = cells.get(name)
        return identity(platform, told) if told and self._native else told

    def _kind(self, cells: Mapping[str, str]) -> Any:
        flagged = (_KINDS[name] for name in ("is_repost", "is_quote", "is_reply") if name in FLAGS and _flag(name, cells))
        return cells.get("kind") or next(flagged, "post")

    def _moment(self, name: str, told: str | None) -> datetime:
        if told is None:
            raise PostError(f"the cell of {name} is empty")
        try:
            if self._map.dates == "seconds":
                return utc_from_seconds(float(told))
            if self._map.dates == "milliseconds":
                return utc_from_milliseconds(float(told))
            moment = datetime.strptime(told, self._map.dates) if self._map.dates else datetime.fromisoformat(told)  # noqa: DTZ007
            return utc(moment.replace(tzinfo=moment.tzinfo or self._zone).astimezone(UTC).isoformat())
        except (ValueError, OverflowError) as error:
            expected = self._map.dates or "ISO 8601"
            raise PostError(f"the cell of {name} is no date as the map says ({expected})") from error


def _author(cells: Mapping[str, str]) -> Author:
    known: dict[str, Any] = {each.name: cells.get(f"author.{each.name}") for each in fields(Author)}
    handle = known["handle"].lstrip("@") if known["handle"] else None
    numbers = {"followers": _number("author.followers", cells), "bot": _flag("author.bot", cells)}
    return Author(**known | {"id": known["id"] or handle or "", "handle": handle} | numbers)


def _number(name: str, cells: Mapping[str, str]) -> int | None:
    told = cells.get(name)
    if told is None:
        return None
    try:
        return count(told.removesuffix(".0"))  # how spreadsheets and data frames write a whole number beside unknown ones
    except PostError as error:
        raise PostError(f"the cell of {name} is no whole number") from error


def _flag(name: str, cells: Mapping[str, str]) -> bool | None:
    told = cells.get(name, "").lower()
    if told in _YES or told in _NO:
        return told in _YES
    if not told:
        return None
    raise PostError(f"the cell of {name} is neither yes nor no")


def header_of(names: Sequence[str]) -> list[str]:
    """The columns as they are named, without the blanks around them."""
    return [name.strip() for name in names]
