"""A post as JSON, as files of exports and `monitor normalize` hold it: one shape, described in docs/queries.md. Pure."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from monitor.post import FIELDS, Author, Counts, Match, Media, Post, Revision, Score

_PARTS = {part: tuple(field.name for field in fields(part)) for part in (Author, Counts, Match, Media, Revision)}
_EXPORTED = tuple(name for name in FIELDS if name not in {"raw", "signature"})


def exported(post: Post) -> dict[str, Any]:
    """The fields in their order, without `raw`, `signature` and those that are None; moments as RFC 3339 in UTC with Z.

    Fields that hold a list are always there, empty or not. A sentiment without a label says so: `label` is null beside the
    reason.
    """
    return {name: _plain(value) for name in _EXPORTED if (value := getattr(post, name)) is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, Score):
        return {"label": value.label} | _parts(value, tuple(field.name for field in fields(Score)))
    return _parts(value, names) if (names := _PARTS.get(type(value))) else value


def _parts(part: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _plain(value) for name in names if (value := getattr(part, name)) is not None}


def moment(at: datetime) -> str:
    """RFC 3339 in UTC, always with milliseconds, so that the texts sort as the moments do: `2026-11-22T08:00:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
