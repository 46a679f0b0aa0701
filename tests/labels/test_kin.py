"""Posts of one author and copies of a text are one group; strangers who say other things are not."""

from dataclasses import replace
from datetime import UTC, datetime

from monitor.labels.kin import kin
from monitor.post import Author, Post

LONG = "the council said on friday that the old bridge over the river stays closed until the spring because of the flood"


def a_post(number, text, author, **changes):
    post = Post(
        id=f"x:{number}", native_id=str(number), platform="x", url=None, text=text, author=Author(id=author),
        created_at=datetime(2026, 11, 20, tzinfo=UTC),
    )  # fmt: skip
    return replace(post, **changes)


def groups(posts):
    numbers = kin(posts)
    return sorted(sorted(at for at, group in enumerate(numbers) if group == one) for one in set(numbers))


def test_one_author__is_one_group():
    assert groups([a_post(1, "tea", "ann"), a_post(2, "milk", "bob"), a_post(3, "cocoa", "ann")]) == [[0, 2], [1]]


def test_same_id_on_another_platform__is_another_author():
    assert groups([a_post(1, "tea", "ann"), a_post(2, "milk", "ann", platform="y")]) == [[0], [1]]


def test_copies__are_one_group__a_word_changed_or_short():
    assert groups([a_post(1, LONG, "ann"), a_post(2, LONG.replace("friday", "monday"), "bob"), a_post(3, "tea", "cy")]) == [
        [0, 1],
        [2],
    ]
    assert groups([a_post(1, "Good  morning", "ann"), a_post(2, "good morning", "bob")]) == [[0, 1]]


def test_reposts_and_quotes__belong_to_what_they_repeat():
    posts = [a_post(1, "tea", "ann"), a_post(2, "", "bob", repost_of="x:1"), a_post(3, "so true", "cy", quote_of="x:1")]
    assert groups(posts) == [[0, 1, 2]]


def test_what_joins__is_handed_on():
    posts = [a_post(1, "tea", "ann"), a_post(2, "milk", "ann"), a_post(3, "milk", "bob"), a_post(4, "cocoa", "bob")]
    assert groups(posts) == [[0, 1, 2, 3]]


def test_order__does_not_matter(labelled_posts):
    posts = [post for post, _ in labelled_posts(seed=3, count=300, languages=("en", "de", "ja"))]
    there = {frozenset(posts[at].id for at in group) for group in groups(posts)}
    turned = posts[::-1]
    assert there == {frozenset(turned[at].id for at in group) for group in groups(turned)}
    assert len(there) > 50
