"""Encoding one post, its digest, and what cannot be encoded."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import bson
import pytest

from monitor.errors import PostError
from monitor.post import Author, Counts, Match, Post, Score
from monitor.store.reading import LARGEST_BYTES, Digest, read, read_batch


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"name": "x"}
    for _ in range(levels):
        inner = {"in": inner}
    return inner


POISON = [
    ({"text": "half a pair \ud83d"}, "surrogate"),
    ({"place": {"a\0b": "x"}}, "key or value"),
    ({"place": {1: "x"}}, "key or value"),
    ({"place": {"x": object()}}, "key or value"),
    ({"place": {"x": 2**63}}, "out of range"),
    ({"place": nested(200)}, "nested"),
    ({"place": nested(5000)}, "nested"),
    ({"text": "x" * 17 * 1024 * 1024}, "bytes"),
    ({"tags": (object(),)}, "key or value"),
    ({"seen_on": ("\ud83d",)}, "surrogate"),
]


@pytest.mark.parametrize(("changes", "words"), POISON, ids=range(len(POISON)))
def test_poison_is_refused_by_a_sentence_without_its_content(
    a_post: Callable[..., Post], changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(PostError, match=words) as refused:
        read(a_post(**changes))
    assert len(str(refused.value)) < 200


def test_the_limit_of_size_leaves_room_below_the_servers(a_post: Callable[..., Post]) -> None:
    assert len(read(a_post(text="x" * (LARGEST_BYTES - 1000))).insertion.raw) <= LARGEST_BYTES


def test_a_digest_is_24_bytes_and_survives_packing(a_post: Callable[..., Post]) -> None:
    digest = read(a_post()).digest
    assert len(digest.pack()) == 24
    assert Digest.unpack(digest.pack()) == digest


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"text": "other"}, "said"),
        ({"title": "other"}, "said"),
        ({"language": "en"}, "body"),
        ({"author": Author(id="ann@example.org", handle="ann", name="Ann")}, "body"),
        ({"counts": Counts(likes=1)}, "counts"),
        ({"seen_on": ("elsewhere.example",)}, "route"),
        ({"author": Author(id="ann@example.org", handle="ann", followers=7)}, None),
        ({"topics": (Match(id="tea", version=1),)}, None),
        ({"sentiment": Score(scorer="vader")}, None),
        ({"raw": b"x"}, None),
    ],
)
def test_a_digest_changes_in_the_part_that_changed(
    a_post: Callable[..., Post], changes: dict[str, Any], part: str | None
) -> None:
    plain, changed = read(a_post()).digest, read(a_post(**changes)).digest
    differing = [name for name in Digest.__slots__ if getattr(plain, name) != getattr(changed, name)]
    assert differing == ([] if part is None else [part])


def test_a_digest_does_not_depend_on_when_it_was_read(a_post: Callable[..., Post]) -> None:
    later = a_post().fetched_at + timedelta(hours=1)
    assert read(a_post(fetched_at=later)).digest == read(a_post()).digest


def test_readings_of_one_id_are_joined__the_later_fetched_speaks(a_post: Callable[..., Post]) -> None:
    later = a_post().fetched_at + timedelta(hours=1)
    posts = [
        a_post(text="new", fetched_at=later, seen_on=("b",), topics=(Match(id="tea", version=2),)),
        a_post(text="old", seen_on=("a",), topics=(Match(id="tea", version=1), Match(id="cup", version=1))),
    ]
    for order in (posts, posts[::-1]):
        (reading,) = read_batch(order, {})[0].values()
        assert (reading.post.text, reading.post.seen_on) == ("new", ("b", "a"))
        assert {match.id: match.version for match in reading.post.topics} == {"tea": 2, "cup": 1}


def test_readings_of_one_id_are_joined__spans_into_a_text_that_is_not_stored_are_dropped(a_post: Callable[..., Post]) -> None:
    spoken = Match(id="tea", version=1, spans=((0, 3),))
    posts = [a_post(text="Tea.", topics=(spoken,)), a_post(text="Gone.", fetched_at=a_post().fetched_at + timedelta(hours=1))]
    (reading,) = read_batch(posts, {})[0].values()
    assert (reading.post.text, reading.post.topics) == ("Gone.", (Match(id="tea", version=1),))


def test_readings_of_one_id_are_joined__what_the_later_does_not_know_is_kept(a_post: Callable[..., Post]) -> None:
    searched = a_post(counts=Counts(likes=3, replies=1), author=Author(id="did:1", handle="wren"))
    streamed = a_post(
        counts=Counts(likes=4), author=Author(id="did:1"), fetched_at=searched.fetched_at + timedelta(milliseconds=5)
    )
    (reading,) = read_batch([searched, streamed], {})[0].values()
    assert reading.post.counts == Counts(likes=4, replies=1)
    assert reading.post.author == Author(id="did:1", handle="wren")


def test_poison_beside_a_good_reading_of_one_id_is_refused_alone(a_post: Callable[..., Post]) -> None:
    readings, refusals = read_batch([a_post(text="\ud83d"), a_post(text="good"), a_post(text="\ud83d")], {})
    assert [reading.post.text for reading in readings.values()] == ["good"]
    assert sorted(refusals) == [0, 2]


def test_the_insertion_is_the_whole_document(a_post: Callable[..., Post]) -> None:
    reading = read(a_post())
    stored = bson.decode(reading.insertion.raw)
    assert stored["first_seen"] == stored["fetched_at"]
    assert (stored["writes"], len(stored["digests"])) == (1, 1)


def test_a_reading_shows_nothing_of_the_post(a_post: Callable[..., Post]) -> None:
    assert "Tea" not in repr(read(a_post()))
