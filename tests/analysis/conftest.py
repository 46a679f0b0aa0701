"""Posts for the analysis, made from what a test says of them."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.analysis.excerpt import Excerpt

START = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def make_posts():
    """A maker of excerpts: each row is a mapping of fields; ids, authors and times are numbered where it says none."""

    def make(*rows):
        made = []
        for number, row in enumerate(rows):
            sets = {name: frozenset(value) if isinstance(value, (set, list, tuple)) else value for name, value in row.items()}
            numbered = {"id": f"p{number}", "author": f"a{number}", "created_at": START + timedelta(minutes=number)}
            made.append(Excerpt(**numbered | sets))
        return made

    return make
