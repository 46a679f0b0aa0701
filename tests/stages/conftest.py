"""The store that stages work on."""

from collections.abc import AsyncIterator

import pytest

from monitor.config import Config
from monitor.store.connection import Store, open_store


@pytest.fixture
async def store(config: Config) -> AsyncIterator[Store]:
    """The open store of this test's own database."""
    opened = await open_store(config)
    yield opened
    await opened.close()
