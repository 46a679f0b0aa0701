"""What one reading changes in a stored post, without a database: updates are applied by a small model of MongoDB's."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest

from monitor.post import Author, Counts, Match, Media, Post, Score
from monitor.store.change import MOST_REVISIONS, MOST_ROUTES, NEED_WHOLE, Known, change, verdict
from monitor.store.document import Document, post_of
from monitor.store.reading import CODEC, read

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


def minute(minutes: int) -> datetime:
    return MORNING + timedelta(minutes=minutes)


def inserted(post: Post) -> Document:
    return bson.decode(read(post).insertion.raw, codec_options=CODEC)


def applied(stored: Document, post: Post) -> Document:
    """What is stored after one more reading; the very document when nothing is to be written."""
    reading = read(post)
    update = change(reading, Known.of(stored), stored if verdict(reading, Known.of(stored)) in NEED_WHOLE else None)
    if update is None:
        return stored
    made: Document = bson.decode(bson.encode(stored), codec_options=CODEC)
    assert not set(update["$set"]) & set(update.get("$unset", {}))
    for name, value in update["$set"].items():
        place, _, inner = name.partition(".")
        if inner:
            made.setdefault(place, {})[inner] = value
        else:
            made[name] = value
    for name in update.get("$unset", {}):
        made.pop(name, None)
    for name, value in update.get("$push", {}).items():
        made[name] = (made.get(name, []) + value["$each"])[value["$slice"] :]
    made["writes"] += update["$inc"]["writes"]
    return made


def after(*posts: Post) -> Post:
    stored = inserted(posts[0])
    for post in posts[1:]:
        stored = applied(stored, post)
    return post_of(stored)


def test_an_unchanged_reading_writes_nothing(a_post: Callable[..., Post]) -> None:
    stored = inserted(a_post())
    assert applied(stored, a_post(fetched_at=minute(5))) is stored


def test_an_unchanged_reading_adds_a_topic(a_post: Callable[..., Post]) -> None:
    match = Match(id="tea", version=1, spans=((0, 3),))
    assert after(a_post(), a_post(topics=(match,))).topics == (match,)


def test_an_older_version_of_a_query_does_not_replace_a_newer_one(a_post: Callable[..., Post]) -> None:
    stored = inserted(a_post(topics=(Match(id="tea", version=2),)))
    assert applied(stored, a_post(topics=(Match(id="tea", version=1),), fetched_at=minute(1))) is stored


def test_an_unknown_count_does_not_erase_a_known_one(a_post: Callable[..., Post]) -> None:
    post = after(a_post(counts=Counts(likes=3, reposts=1)), a_post(counts=Counts(likes=2, replies=0), fetched_at=minute(1)))
    assert post.counts == Counts(likes=2, reposts=1, replies=0)


def test_a_change_of_counts_is_a_slim_update(a_post: Callable[..., Post]) -> None:
    stored = inserted(a_post(counts=Counts(likes=1)))
    update = change(read(a_post(counts=Counts(likes=2), fetched_at=minute(1))), Known.of(stored), None)
    assert update is not None
    assert sorted(update["$set"]) == ["counts.likes", "digests", "fetched_at"]


def test_an_older_reading_adds_its_route_and_nothing_else(a_post: Callable[..., Post]) -> None:
    newest = a_post(text="new", fetched_at=minute(9), counts=Counts(likes=9))
    post = after(newest, a_post(text="old", fetched_at=minute(1), counts=Counts(likes=1), seen_on=("b",)))
    assert (post.text, post.counts.likes, post.fetched_at, post.seen_on) == ("new", 9, minute(9), ("example.org", "b"))


def test_an_edit_keeps_the_old_text_and_until_when_it_was_seen(a_post: Callable[..., Post]) -> None:
    post = after(a_post(title="T"), a_post(text="Coffee.", edited_at=minute(3), fetched_at=minute(5)))
    (revision,) = post.revisions
    assert (post.text, post.title, post.edited_at) == ("Coffee.", None, minute(3))
    assert (revision.text, revision.title, revision.seen_at) == ("Tea first.", "T", MORNING)


def test_versions_are_bounded_and_the_newest_stay(a_post: Callable[..., Post]) -> None:
    post = after(*(a_post(text=str(number), fetched_at=minute(number)) for number in range(40)))
    assert [revision.text for revision in post.revisions] == [str(number) for number in range(39 - MOST_REVISIONS, 39)]


def test_an_edit_replaces_the_score_and_the_spans(a_post: Callable[..., Post]) -> None:
    scored = Score(scorer="vader", label="positive", compound=0.5)
    first = a_post(sentiment=scored, topics=(Match(id="cup", version=1, spans=((0, 3),)),))
    edited = a_post(text="No.", fetched_at=minute(1), topics=(Match(id="tea", version=1, spans=((0, 1),)),))
    post = after(first, edited)
    assert post.sentiment is None
    assert post.topics == (Match(id="cup", version=1), Match(id="tea", version=1, spans=((0, 1),)))


def test_a_score_stays_while_the_text_does(a_post: Callable[..., Post]) -> None:
    first, other = (Score(scorer="vader", label="positive", compound=value) for value in (0.5, 0.9))
    post = after(a_post(sentiment=first), a_post(counts=Counts(likes=1), sentiment=other, fetched_at=minute(1)))
    assert post.sentiment == first


def test_a_missing_score_is_added(a_post: Callable[..., Post]) -> None:
    score = Score(scorer="vader", label="positive", compound=0.5)
    assert after(a_post(), a_post(sentiment=score, fetched_at=minute(1))).sentiment == score


def test_lists_are_replaced_and_unknown_fields_kept(a_post: Callable[..., Post]) -> None:
    first = a_post(tags=("tea",), language="en", author=Author(id="ann@example.org", name="Ann", followers=3))
    post = after(first, a_post(media=(Media(kind="image"),), author=Author(id="ann@example.org"), fetched_at=minute(1)))
    assert (post.tags, post.media, post.language) == ((), (Media(kind="image"),), "en")
    assert post.author == Author(id="ann@example.org", name="Ann", followers=3)


def test_two_routes_that_render_differently_do_not_fill_the_revisions(a_post: Callable[..., Post]) -> None:
    """The same post through two instances, polled by turns: one text, and no write once both have spoken."""
    stored = inserted(a_post(text="Tea first.", seen_on=("a",)))
    for number in range(1, 10):
        text, route = ("Tea  first", "b") if number % 2 else ("Tea first.", "a")
        stored = applied(stored, a_post(text=text, seen_on=(route,), fetched_at=minute(number)))
    post = post_of(stored)
    assert (post.text, post.revisions, post.seen_on, stored["writes"]) == ("Tea first.", (), ("a", "b"), 2)


def test_another_route_that_knows_a_later_edit_speaks(a_post: Callable[..., Post]) -> None:
    post = after(a_post(), a_post(text="Edited.", edited_at=minute(2), seen_on=("b",), fetched_at=minute(3)))
    assert (post.text, len(post.revisions)) == ("Edited.", 1)


def test_a_route_that_missed_an_edit_does_not_bring_the_old_text_back(a_post: Callable[..., Post]) -> None:
    edited = a_post(text="Edited.", edited_at=minute(2), fetched_at=minute(3))
    post = after(edited, a_post(text="Tea first.", counts=Counts(likes=4), seen_on=("b",), fetched_at=minute(9)))
    assert (post.text, post.edited_at, post.counts.likes, post.revisions) == ("Edited.", minute(2), 4, ())


def test_another_route_fills_in_what_was_unknown(a_post: Callable[..., Post]) -> None:
    post = after(a_post(language="en"), a_post(language="de", community="cups", seen_on=("b",), fetched_at=minute(1)))
    assert (post.language, post.community) == ("en", "cups")


def test_a_tombstone_blanks_the_post_and_its_versions(a_post: Callable[..., Post]) -> None:
    edited = a_post(text="Second.", fetched_at=minute(1), raw=b"Second")
    stored = applied(inserted(a_post(title="First", raw=b"First")), edited)
    stored = applied(stored, a_post(text="", deleted_at=minute(2), fetched_at=minute(2)))
    assert [word for word in ("Tea", "First", "Second", "ann@") if word in repr(stored)] == []
    post = post_of(stored)
    assert (post.author, post.deleted_at) == (Author(id="deleted"), minute(2))
    assert [revision.text for revision in post.revisions] == [""]


@pytest.mark.parametrize(
    ("changes", "alive"),
    [
        ({"fetched_at": minute(1)}, False),  # read before the deletion, delivered after it
        ({"fetched_at": minute(9), "seen_on": ("b",)}, False),  # an instance that has not heard of the deletion
        ({"fetched_at": minute(9), "seen_on": ("b",), "edited_at": minute(8)}, False),
        ({"fetched_at": minute(9)}, True),  # the route that reported the deletion shows it again
    ],
)
def test_only_the_deleting_route_brings_a_post_back(a_post: Callable[..., Post], changes: dict[str, Any], alive: bool) -> None:
    post = after(a_post(), a_post(deleted_at=minute(2), fetched_at=minute(2)), a_post(**changes))
    assert (post.deleted_at is None, post.text) == (alive, "Tea first." if alive else "")


def test_a_second_tombstone_keeps_the_first_date(a_post: Callable[..., Post]) -> None:
    posts = (a_post(deleted_at=minute(number), fetched_at=minute(number)) for number in (2, 3))
    assert after(a_post(), *posts).deleted_at == minute(2)


def test_first_sight_never_changes(a_post: Callable[..., Post]) -> None:
    post = after(a_post(), a_post(text="x", fetched_at=minute(1)), a_post(deleted_at=minute(2), fetched_at=minute(2)))
    assert post.first_seen == MORNING


def test_digests_are_bounded(a_post: Callable[..., Post]) -> None:
    stored = inserted(a_post())
    for number in range(MOST_ROUTES * 2):
        stored = applied(stored, a_post(seen_on=(f"route {number}",), fetched_at=minute(number)))
    assert len(stored["digests"]) == MOST_ROUTES
    assert len(stored["seen_on"]) == MOST_ROUTES * 2 + 1


def test_a_restored_document_without_bookkeeping_is_taken_over(a_post: Callable[..., Post]) -> None:
    stored = {name: value for name, value in inserted(a_post()).items() if name not in ("digests", "writes")}
    update = change(read(a_post(fetched_at=minute(1))), Known.of(stored), stored)
    assert update is not None
    assert len(update["$set"]["digests"]) == 1
