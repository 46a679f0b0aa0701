"""An open store in an empty database, and posts to put into it."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from monitor.config import Config
from monitor.post import Author, Match, Post
from monitor.store.connection import Store, open_store


@pytest.fixture
async def store(config: Config) -> AsyncIterator[Store]:
    """The open store of this test's own database."""
    opened = await open_store(config)
    yield opened
    await opened.close()


@pytest.fixture
def a_post() -> Callable[..., Post]:
    """Make a post about tea of a moment, changed as told; each is another one."""
    numbers = count(1)

    def made(at: datetime, **changes: Any) -> Post:
        number = next(numbers)
        known: dict[str, Any] = {
            "id": f"x:{number}", "native_id": str(number), "platform": "mastodon", "url": None, "text": f"cup {number}",
            "created_at": at, "fetched_at": at, "author": Author(id=f"a{number}"), "language": "en", "seen_on": ("x",),
            "topics": (Match(id="tea", version=1),),
        }  # fmt: skip
        return Post(**known | changes)

    return made
