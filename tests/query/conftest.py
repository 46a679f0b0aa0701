"""What tests of queries share that measure time."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def no_collection() -> Iterator[None]:
    """What other tests left is not collected while a query is timed: that alone may take a second."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
