"""What a crawl counted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from monitor.crawl.tally import Tally
from monitor.post import Author, Post
from monitor.store.commit import Committed

POST = Post(
    id="1",
    platform="mastodon",
    native_id="1",
    url=None,
    created_at=datetime(2026, 11, 22, 8, tzinfo=UTC),
    text="Wrens",
    author=Author(id="7"),
)


@dataclass
class Item:
    """As much of a page as is counted."""

    posts: list[Post] = field(default_factory=list)
    repeats: dict[int, datetime] = field(default_factory=dict)


def tally(*committed: tuple[Any, Committed]) -> Tally:
    made = Tally()
    for item, outcome in committed:
        made.add(item, outcome)
    return made


def test_add__pages_and_their_posts_by_what_became_of_them() -> None:
    made = tally((Item([POST] * 6), Committed(3, 2, 1, 4)), (Item(), Committed(0, 0, 0, 1, expired=2, erased=3)))
    assert made.counts() == {
        "pages": 2, "posts": 6, "new": 3, "changed": 2, "unchanged": 1, "quarantined": 5, "late_missed": 0, "expired": 2, "erased": 3,
    }  # fmt: skip
    assert made.coverage.posts == 6


def test_add__posts_that_came_too_late__are_counted_besides() -> None:
    made = Tally()
    made.add(Item([POST]), Committed(1, 0, 0, 0), late_missed=1)  # type: ignore[arg-type]
    assert (made.counts()["new"], made.counts()["late_missed"]) == (1, 1)


def test_str__is_one_line_for_the_log() -> None:
    assert str(Tally()) == "pages=0 posts=0 new=0 changed=0 unchanged=0 quarantined=0 late_missed=0 expired=0 erased=0"
