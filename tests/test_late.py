"""Where nothing new is to be expected any more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.bookmark import Bookmark, Gap, Head
from monitor.late import closed
from monitor.paging import Rules

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RULES = Rules(order="newest", overlap=timedelta(minutes=10))
GAP = Gap(top=60, floor=50, cursor=None, cursor_at=None, opened_at=NOON)
# Read from 10 on; what lies above 80 was read within the last ten minutes, what lies in (50, 60] never.
BOOKMARK = Bookmark(
    heads=(Head(mark=90, asked_at=NOON), Head(mark=80, asked_at=NOON - timedelta(minutes=10))),
    gaps=(GAP,),
    start=10,
    asked_at=NOON,
)


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (10, False),
        (11, True),
        (50, True),
        (51, False),
        (60, False),
        (61, True),
        (80, True),
        (81, False),
        (95, False),
        (None, False),
    ],
)
def test_closed__between_the_start_and_the_overlap__outside_gaps(mark: int | None, expected: bool) -> None:
    assert closed(BOOKMARK, mark, ordered=True, rules=RULES) is expected


@pytest.mark.parametrize(
    ("bookmark", "ordered", "rules"),
    [
        (Bookmark(), True, RULES),
        (BOOKMARK, False, RULES),
        (BOOKMARK, True, Rules(order="whole", overlap=timedelta(minutes=10))),
        (replace(BOOKMARK, gaps=(replace(GAP, floor=None),)), True, RULES),
    ],
)
def test_closed__never__before_the_first_page_without_order_without_paging_and_in_a_gap_without_floor(
    bookmark: Bookmark, ordered: bool, rules: Rules
) -> None:
    assert closed(bookmark, 40, ordered=ordered, rules=rules) is False
