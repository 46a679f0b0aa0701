"""A form in which files hold posts: how its rows are found in a line, and what post a row is. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.errors import PostError
from monitor.page import Reply
from monitor.post import Post
from monitor.text.dates import utc

NOTHING: Mapping[str, Any] = {}


def no_moment(_row: Any) -> datetime | None:
    """For rows that do not say when they were read."""
    return None


def nothing(_row: Any) -> Mapping[str, Any]:
    """For rows that hold what their platform said, and nothing that a store knew of them."""
    return NOTHING


@dataclass(frozen=True, slots=True)
class Format:
    """`platform`: of all its rows, None where each row says its own. `rows` of a decoded line, which may be none or a page of them.

    `post` reads one row; the reply it is given says when the row was read. `read_at` is that moment where the row tells it.
    `kept` are fields of a Post that a database knew and no platform tells (first_seen, topics, ...). All but `rows` raise
    PostError, or whatever a stranger's row makes them raise.
    """

    name: str
    platform: str | None
    rows: Callable[[Any], Sequence[Any]]
    post: Callable[[Any, Reply], Post]
    read_at: Callable[[Any], datetime | None] = no_moment
    kept: Callable[[Any], Mapping[str, Any]] = nothing


def one_row(line: Any) -> Sequence[Any]:
    """The line itself, for forms that have a row on each."""
    return (line,)


def count(value: object) -> int | None:
    """A count as it is told: a whole number, also as text; None, "" and what JavaScript says for unknown are None.

    Raises PostError for anything else.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise PostError(f"a count is a {type(value).__name__}, not a whole number")
    try:
        return int(value)
    except ValueError as error:
        raise PostError("a count is no whole number") from error


def text_of(value: object) -> str | None:
    """A text that may be missing; empty ones are none. Raises PostError for what is no text."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise PostError(f"a text is a {type(value).__name__}")
    return value


def moment_or_none(value: object) -> datetime | None:
    """A moment of the time of collection; what cannot be read is unknown, since it says nothing about the post itself."""
    try:
        return None if value is None else utc(value)
    except PostError:
        return None
