"""Recorded replies of real APIs, which lie beside the repository and are never part of it; and the check of a post's types."""

import base64
import json
import types
import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.page import Reply

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings"
FETCHED_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def recording() -> Callable[[str], Reply]:
    """Read one recording, such as `mastodon/name.json`, as the reply it was; skips where there are none."""
    return read


def read(name: str) -> Reply:
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"no recordings beside the repository: {path} is missing")
    told = json.loads(path.read_text(encoding="utf-8"))
    answer, asked = told["response"], told["request"]
    body = answer["body"]
    if "body is base64" in told.get("note", ""):  # its bytes are no UTF-8
        encoded = base64.b64decode(body)
    else:
        encoded = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    headers = {name.lower(): value for name, value in (answer["headers"] or {}).items()}
    return Reply(answer["status"] or 200, headers, encoded, asked["url"], FETCHED_AT)


@pytest.fixture
def recordings() -> Callable[[str], list[str]]:
    """The names of all recordings of a platform, for `recording`; skips where there are none."""
    return names


def names(platform: str) -> list[str]:
    index = RECORDINGS / platform / "index.json"
    if not index.exists():
        pytest.skip(f"no recordings beside the repository: {index} is missing")
    return [f"{platform}/{each['file']}" for each in json.loads(index.read_text(encoding="utf-8"))["files"]]


@pytest.fixture
def misfits() -> Callable[[Any], list[str]]:
    """The check below, for a test to call on a post."""
    return misfits_of


def misfits_of(value: Any) -> list[str]:
    """Fields of a dataclass that do not hold what their annotation says; moments must be UTC in whole milliseconds."""
    hints = typing.get_type_hints(type(value))
    return [
        f"{type(value).__name__}.{field.name} is {getattr(value, field.name)!r:.60}"
        for field in fields(value)
        if not fits(getattr(value, field.name), hints[field.name])
    ]


def fits(value: Any, hint: Any) -> bool:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, each) for each in inner)
    if origin is typing.Literal:
        return value in inner
    if origin is tuple:
        return isinstance(value, tuple) and all(fits(each, inner[0]) for each in value)
    if origin is not None:
        return isinstance(value, origin)
    if hint is datetime:
        return isinstance(value, datetime) and value.tzinfo is UTC and value.microsecond % 1000 == 0
    return type(value) is hint and (not is_dataclass(hint) or misfits_of(value) == [])
