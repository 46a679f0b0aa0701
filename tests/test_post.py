"""The post: what none can be is refused where it is made, and what it says does not get into logs."""

from dataclasses import FrozenInstanceError, asdict, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from itemadapter import ItemAdapter

from monitor.errors import PostError, SkipPost
from monitor.post import EARLIEST, FIELDS, LARGEST_COUNT, LONGEST_ID_BYTES, Author, Counts, Post

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
POST = Post(
    id="https://birds.example/1",
    platform="mastodon",
    native_id="1",
    url=None,
    created_at=AT,
    text="Wrens sing at dawn",
    author=Author(id="7", name="Wren"),
)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": None}, "id"),
        ({"id": 7}, "id"),
        ({"id": "x" * (LONGEST_ID_BYTES + 1)}, "id"),
        ({"id": "ä" * (LONGEST_ID_BYTES // 2 + 1)}, "id"),
        ({"platform": ""}, "platform"),
        ({"native_id": 1}, "native_id"),
        ({"kind": "story"}, "kind"),
        ({"text": None}, "text"),
        ({"text": b"Wrens"}, "text"),
        ({"author": "Wren"}, "author"),
        ({"author": Author(id=7)}, "author"),  # type: ignore[arg-type]
        ({"created_at": None}, "created_at"),
        ({"created_at": "2026-11-22T08:00:00Z"}, "created_at"),
        ({"created_at": datetime(2026, 11, 22)}, "created_at"),  # noqa: DTZ001
        ({"created_at": EARLIEST - timedelta(seconds=1)}, "2004"),
        ({"edited_at": datetime(2026, 11, 22)}, "edited_at"),  # noqa: DTZ001
        ({"deleted_at": 0}, "deleted_at"),
    ],
)
def test_post__what_none_can_be__is_refused_and_names_the_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(PostError, match=field):
        replace(POST, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "x" * LONGEST_ID_BYTES},
        {"text": ""},
        {"created_at": EARLIEST},
        {"created_at": AT.astimezone(timezone(timedelta(hours=14)))},
        {"kind": "repost"},
    ],
)
def test_post__odd_but_possible__is_made(changes: dict[str, Any]) -> None:
    assert replace(POST, **changes) is not None


@pytest.mark.parametrize("name", ["likes", "reposts", "replies", "quotes", "views"])
def test_counts__below_zero_or_no_whole_number__is_refused(name: str) -> None:
    for value in (-1, True, 1.0, "1", LARGEST_COUNT + 1):
        with pytest.raises(PostError, match=f"counts.{name}"):
            Counts(**{name: value})
    assert getattr(Counts(**{name: 0}), name) == 0


def test_counts__only_the_score_may_be_negative() -> None:
    assert Counts(score=-7).score == -7
    with pytest.raises(PostError, match=r"counts\.score"):
        Counts(score=-(2**63))


def test_counts__nothing_said__is_unknown_and_never_zero() -> None:
    assert set(asdict(Counts()).values()) == {None}


def test_post__a_refusal_concerns_this_post_alone() -> None:
    """The page goes on: the error is one of those that set a single post aside."""
    assert issubclass(PostError, SkipPost)


def test_repr__says_nothing_of_what_the_post_says() -> None:
    told = repr(replace(POST, native_id="1" * 500))
    assert "Wren" not in told
    assert len(told) < 100


def test_post__is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        POST.text = "other"  # type: ignore[misc]


def test_post__itemadapter_reads_every_field() -> None:
    """Scrapy's own pipelines and exporters, and those of others, get at a post through this."""
    adapter = ItemAdapter(POST)
    assert tuple(adapter.field_names()) == FIELDS
    assert (adapter["id"], adapter["text"], adapter["author"].name) == (POST.id, POST.text, "Wren")
    assert adapter.asdict()["author"] == {
        "id": "7", "handle": None, "name": "Wren", "url": None, "followers": None, "bot": None,
    }  # fmt: skip
