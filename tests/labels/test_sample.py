"""A sample is fair, the same again, and hardly another when posts are added."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from monitor.labels.sample import Sample
from monitor.post import Author, Post

AT = datetime(2026, 11, 20, tzinfo=UTC)


def a_post(number, **changes):
    post = Post(
        id=f"x:{number}", native_id=str(number), platform="x", url=None, created_at=AT, text="Tea", author=Author(id="ann")
    )
    return replace(post, **changes)


def sampled(posts, *, size=20, seed=0):
    sample = Sample(size=size, seed=seed)
    for post in posts:
        sample.add(post)
    return [post.id for post in sample.posts]


POSTS = [a_post(number) for number in range(200)]


def test_same_seed__same_posts_in_the_same_order__however_they_come():
    assert sampled(POSTS) == sampled(reversed(POSTS))
    assert len(set(sampled(POSTS))) == 20


def test_another_seed__another_sample():
    assert len(set(sampled(POSTS)) & set(sampled(POSTS, seed=1))) < 10


def test_later_posts__change_only_a_few_of_it():
    grown = sampled([*POSTS, *(a_post(number) for number in range(200, 220))])
    assert len(set(grown) & set(sampled(POSTS))) >= 14


def test_each_post__has_the_same_chance():
    """2,000 seeds, 20 of 200 posts each: every post 200 times, give or take (chi-square within five standard deviations)."""
    drawn = Counter(post for seed in range(2_000) for post in sampled(POSTS[:50], size=5, seed=seed))
    square = sum((drawn[post.id] - 200) ** 2 / 200 for post in POSTS[:50])
    print(f"chi-square {square:.1f} of 49")
    assert square < 49 + 5 * (2 * 49) ** 0.5


def test_order__says_nothing_of_time():
    order = [int(post.removeprefix("x:")) for post in sampled(POSTS)]
    assert order != sorted(order)
    assert order != sorted(order, reverse=True)


def test_deleted_and_wordless_posts__are_none_to_label():
    assert sampled([a_post(1, deleted_at=AT), a_post(2, text=" "), a_post(3, text="", title="News")]) == ["x:3"]


def test_fewer_than_asked_for__are_all():
    assert sorted(sampled(POSTS[:3])) == ["x:0", "x:1", "x:2"]
