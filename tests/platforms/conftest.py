"""Recorded replies of real APIs, which lie beside the repository and are never part of it."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

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
