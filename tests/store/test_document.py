"""A post and its stored form."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import bson
from hypothesis import given
from hypothesis import strategies as st

from monitor.post import EARLIEST, Author, Counts, Match, Media, Post, Revision, Score
from monitor.store.document import blanked, document, post_of
from monitor.store.reading import CODEC

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
MOMENTS = st.datetimes(min_value=EARLIEST.replace(tzinfo=None), max_value=datetime(2040, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
COUNTS = st.none() | st.integers(min_value=0, max_value=2**63 - 1)
LISTS = st.lists(TEXTS, max_size=3).map(tuple)

POSTS = st.builds(
    Post,
    id=TEXTS.filter(bool),
    platform=TEXTS.filter(bool),
    native_id=TEXTS.filter(bool),
    url=st.none() | TEXTS,
    kind=st.sampled_from(["post", "reply", "repost", "quote"]),
    created_at=MOMENTS,
    edited_at=st.none() | MOMENTS,
    text=TEXTS,
    title=st.none() | TEXTS,
    author=st.builds(Author, id=TEXTS, handle=st.none() | TEXTS, followers=COUNTS, bot=st.none() | st.booleans()),
    tags=LISTS,
    links=LISTS,
    link_ids=LISTS,
    domains=LISTS,
    signature=st.none() | st.binary(min_size=1, max_size=9),
    media=st.lists(st.builds(Media, kind=st.just("image"), url=st.none() | TEXTS, alt=st.none() | TEXTS), max_size=2).map(
        tuple
    ),
    place=st.none() | st.dictionaries(st.just("name"), TEXTS, min_size=1),
    counts=st.builds(Counts, likes=COUNTS, views=COUNTS, score=st.none() | st.integers(min_value=-(2**40), max_value=2**40)),
    sensitive=st.none() | st.booleans(),
    deleted_at=st.none(),
    fetched_at=st.none() | MOMENTS,
    first_seen=st.none() | MOMENTS,
    revisions=st.lists(st.builds(Revision, text=TEXTS, seen_at=MOMENTS, edited_at=st.none() | MOMENTS), max_size=2).map(tuple),
    topics=st.lists(
        st.builds(
            Match,
            id=TEXTS,
            version=st.integers(1, 9),
            spans=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    seen_on=LISTS,
    sentiment=st.none()
    | st.builds(
        Score,
        scorer=st.just("vader"),
        label=st.sampled_from([None, "positive"]),
        compound=st.none() | st.floats(min_value=-1, max_value=1),
        reason=st.none() | TEXTS,
    ),
    raw=st.none() | st.binary(max_size=20),
)


@given(POSTS)
def test_a_post_survives_the_way_through_bson(post: Post) -> None:
    """An empty place is the one value that does not come back: it says no more than an absent one."""
    assert post_of(bson.decode(bson.encode(document(post)), codec_options=CODEC)) == post


@given(POSTS)
def test_nothing_unknown_or_empty_is_stored(post: Post) -> None:
    stored = document(post)
    assert [name for name, value in stored.items() if value is None or value in ([], {})] == []


def test_counts_that_are_unknown_are_absent_and_never_zero(a_post: Callable[..., Post]) -> None:
    assert "counts" not in document(a_post())
    assert document(a_post(counts=Counts(likes=0)))["counts"] == {"likes": 0}


def test_an_unscored_post_says_so(a_post: Callable[..., Post]) -> None:
    stored = document(a_post(sentiment=Score(scorer="vader", reason="language unknown")))
    assert stored["sentiment"] == {"label": None, "scorer": "vader", "reason": "language unknown"}


def test_dates_are_stored_in_utc_and_milliseconds(a_post: Callable[..., Post]) -> None:
    local = datetime(2026, 11, 20, 14, 0, 0, 1999, tzinfo=timezone(timedelta(hours=2)))
    assert document(a_post(created_at=local))["created_at"] == NOON.replace(microsecond=1000)


def test_a_tombstone_keeps_nothing_that_was_said_or_who_said_it(a_post: Callable[..., Post]) -> None:
    full = a_post(
        text="a secret",
        title="a secret",
        summary="a secret",
        media=(Media(kind="image", alt="a secret"),),
        links=("https://secret.example",),
        link_ids=("https://secret.example",),
        domains=("secret.example",),
        signature=b"secret",
        mentions=("secret@example.org",),
        place={"name": "secret"},
        raw=b"secret",
        author=Author(id="secret", name="secret"),
        revisions=(Revision(text="a secret", title="a secret", seen_at=NOON),),
        topics=(Match(id="tea", version=1, spans=((0, 8),)),),
        deleted_at=NOON,
    )
    stored = document(full)
    assert "secret" not in repr(stored)
    assert post_of(stored) == replace(
        full,
        text="",
        title=None,
        summary=None,
        media=(),
        links=(),
        link_ids=(),
        domains=(),
        signature=None,
        mentions=(),
        place=None,
        raw=None,
        author=Author(id="deleted"),
        revisions=(Revision(text="", seen_at=NOON),),
        topics=(Match(id="tea", version=1),),
    )


def test_blanking_leaves_the_given_document_alone(a_post: Callable[..., Post]) -> None:
    stored = document(a_post())
    blanked(stored)
    assert stored["text"] == "Tea first."
