"""Fields of a post are of their type and can be stored, or the post is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from monitor.crawl.checked import MOST_ENTRIES, checked
from monitor.errors import PostError
from monitor.post import Author, Media, Post
from monitor.text.clean import LONGEST_TEXT_BYTES

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
POST = Post(
    id="1", platform="p", native_id="1", url=None, created_at=AT, text="Wrens", author=Author(id="7", name="Wren"), tags=("a",)
)  # fmt: skip


def check(**changed: Any) -> tuple[Post, int]:
    post = replace(POST, **changed)
    fields, changes = checked(post, fetched_at=AT)
    return replace(post, **fields), changes


def test_checked__nothing_to_change__is_equal():
    assert check() == (POST, 0)


def test_checked__poison_in_any_text__is_cleaned_and_counted():
    post, changes = check(
        text="a\0b",
        title="\ud800",
        tags=("a\x1b",),
        author=Author(id="7", name="W\0ren"),
        media=(Media(kind="image", alt="a\0"),),
        place={"name": "Sh\0ore", "in": [{"country": "A\0"}]},
    )
    assert (post.text, post.title, post.tags, post.author.name, post.media[0].alt) == ("ab", "\ufffd", ("a",), "Wren", "a")
    assert post.place == {"name": "Shore", "in": [{"country": "A"}]}
    assert changes == 7


def test_checked__endless_text__is_cut():
    post, changes = check(text="x" * 1_000_000)
    assert (len(post.text), changes) == (LONGEST_TEXT_BYTES, 1)


@pytest.mark.parametrize("edited_at", [AT + timedelta(days=2), datetime(1970, 1, 21, tzinfo=UTC)])
def test_checked__an_edit_at_an_impossible_time__is_none(edited_at):
    """Kept, it would outrank every true edit to come."""
    post, changes = check(edited_at=edited_at)
    assert (post.edited_at, changes) == (None, 1)


@pytest.mark.parametrize("field", ["id", "native_id", "platform"])
def test_checked__identity_that_would_have_to_be_changed__is_refused(field):
    """Cleaned, two different ids could become one."""
    with pytest.raises(PostError, match=field):
        check(**{field: "a\0"})
    with pytest.raises(PostError, match=r"author\.id"):
        check(author=Author(id="a\ud800"))


@pytest.mark.parametrize(
    "changed",
    [
        {"language": 7},
        {"title": ["a"]},
        {"tags": "abc"},
        {"tags": (None,)},
        {"tags": ("a",) * (MOST_ENTRIES + 1)},
        {"links": (7,)},
        {"media": ({"kind": "image"},)},
        {"media": (Media(kind="hologram"),)},  # type: ignore[arg-type]
        {"media": (Media(kind="image", url=7),)},  # type: ignore[arg-type]
        {"sensitive": "yes"},
        {"counts": {"likes": 1}},
        {"place": {"lat": float("nan")}},
        {"place": {"n": 2**70}},
        {"place": {"$where": 1}},
        {"place": {"a": {"b": {"c": {"d": {}}}}}},
        {"author": Author(id="")},
        {"author": Author(id="7", bot="no")},  # type: ignore[arg-type]
        {"author": Author(id="7", followers=True)},
        {"author": Author(id="7", followers=2**64)},
        {"created_at": AT + timedelta(days=1, seconds=1)},
    ],
    ids=repr,
)
def test_checked__what_no_post_can_hold__is_refused(changed):
    with pytest.raises(PostError):
        check(**changed)


def test_checked__moments__become_utc_in_whole_milliseconds():
    post, _ = check(created_at=AT.astimezone(timezone(timedelta(hours=5))) - timedelta(microseconds=999), edited_at=AT)
    assert post.created_at == AT - timedelta(milliseconds=1)
    assert post.created_at.tzinfo is UTC


def test_checked__clock_of_the_author_runs_ahead_by_hours__is_a_date_still():
    assert check(created_at=AT + timedelta(hours=23))[0].created_at > AT
