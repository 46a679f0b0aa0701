"""Topic clusters find topics that were planted, whatever the order, and move little when posts are added."""

import random
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from sklearn.metrics import adjusted_rand_score

from monitor.analysis import clusters as module
from monitor.analysis.clusters import Said, clusters
from monitor.text.signature import signature

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERYDAY = [f"the{at}" for at in range(40)]  # words that all topics use, by a skewed law as in any language
RARE = [f"once{at}" for at in range(3000)]


def word(topic, at):
    return f"topic{topic}word{at}"


def planted(rng, count, *, topics=6, first=0, languages=("en",)):
    """Posts of topics of unequal size with 30 words each, of which a post says at most 5 beside everyday and rare words; the truth."""
    posts, truth = [], {}
    for number in range(first, first + count):
        topic = min(int(rng.expovariate(0.5)), topics - 1)
        own = {word(topic, min(int(rng.expovariate(0.12)), 29)) for _ in range(rng.randint(2, 5))}
        plain = {EVERYDAY[min(int(rng.expovariate(0.12)), 39)] for _ in range(8)} | {rng.choice(RARE), rng.choice(RARE)}
        stray = {word(rng.randrange(topics), rng.randrange(30))} if rng.random() < 0.3 else set()
        made = Said(
            id=f"https://x.example/{number}", created_at=NOON + timedelta(minutes=number), language=rng.choice(languages),
            terms=frozenset(own | plain | stray),
        )  # fmt: skip
        posts.append(made)
        truth[made.id] = topic
    return posts, truth


def places(found):
    return {post: at for at, cluster in enumerate(found.clusters) for post in cluster.posts}


def agreement(one, other):
    """Adjusted Rand index over the posts that both name; posts in no cluster are one group."""
    shared = sorted(one.keys() & other.keys())
    return adjusted_rand_score([one[post] for post in shared], [other[post] for post in shared])


def with_all(found, posts):
    at = places(found)
    return {post.id: at.get(post.id, -1) for post in posts}


@pytest.mark.parametrize(("seed", "topics"), [(1, 3), (2, 6), (3, 12)])
def test_clusters__planted_topics_are_found(seed, topics):
    posts, truth = planted(random.Random(seed), 1500, topics=topics)
    found = clusters(posts)
    index = agreement(with_all(found, posts), truth)
    print(f"clusters: {topics} planted topics, {len(found.clusters)} found, adjusted Rand index {index:.3f}")
    assert index >= 0.8
    assert topics - 5 <= len(found.clusters) <= topics


def test_clusters__labels_are_words_of_the_topic():
    posts, truth = planted(random.Random(4), 1200, topics=5)
    for cluster in clusters(posts).clusters:
        topics = {truth[post] for post in cluster.examples}
        assert len(topics) == 1
        (topic,) = topics
        assert all(term.startswith(f"topic{topic}word") for term in cluster.label.split())
        assert set(cluster.examples) <= set(cluster.posts)


def test_clusters__any_order_gives_the_same():
    posts, _ = planted(random.Random(5), 800)
    shuffled = list(posts)
    random.Random(6).shuffle(shuffled)
    assert clusters(shuffled) == clusters(posts)


def test_clusters__five_percent_more_posts__move_few():
    rng = random.Random(7)
    posts, _ = planted(rng, 1500)
    more, _ = planted(rng, 75, first=1500)
    before, after = clusters(posts), clusters(posts + more)
    index = agreement(with_all(before, posts), with_all(after, posts))
    labels = [set(cluster.label.split()) for cluster in after.clusters]
    kept = [max(len(set(cluster.label.split()) & label) for label in labels) for cluster in before.clusters]
    print(f"clusters: 5 % more posts, adjusted Rand index {index:.3f}, of five words of each label as before: {kept}")
    assert index >= 0.9
    assert sum(kept) >= 0.6 * 5 * len(kept)


def test_clusters__stop_words_are_told_by_language():
    """A word that all posts of one language say, and few of another, is a stop word in the one alone."""
    rng = random.Random(8)
    posts, truth = planted(rng, 1200, topics=3, languages=("en", "de"))
    posts = [replace(post, terms=post.terms | {"die"}) if post.language == "de" else post for post in posts]
    found = clusters(posts)
    assert agreement(with_all(found, posts), truth) >= 0.8
    assert not [cluster for cluster in found.clusters if "die" in cluster.terms]


def test_clusters__copies_count_as_one_text_and_as_many_posts():
    posts, _ = planted(random.Random(9), 600, topics=3)
    text = "Buy the very best copper kettle of this town today only for you and your friends"
    copies = [
        Said(
            id=f"copy{at}", created_at=NOON + timedelta(minutes=at), language="en",
            terms=frozenset({"copper", "kettle", word(0, 0), word(0, 1), word(0, 2)}), signature=signature(text),
        )
        for at in range(200)
    ]  # fmt: skip
    found = clusters(posts + copies)
    (with_copies,) = [cluster for cluster in found.clusters if "copy0" in cluster.posts]
    assert {f"copy{at}" for at in range(200)} <= set(with_copies.posts)
    assert with_copies.texts == len(with_copies.posts) - 199
    assert "kettle" not in with_copies.terms
    assert with_copies.share == len(with_copies.posts) / 800
    assert with_copies.share in with_copies.interval


def test_clusters__words_by_chance_make_no_topics():
    rng = random.Random(10)
    words = [f"w{at}" for at in range(300)]
    posts = [Said(id=str(at), created_at=NOON, terms=frozenset(rng.sample(words, 8))) for at in range(1000)]
    found = clusters(posts)
    largest = max((len(cluster.posts) for cluster in found.clusters), default=0)
    print(f"clusters: words by chance, {len(found.clusters)} found, the largest of {largest} of 1,000 posts")
    assert largest < 50
    assert sum(len(cluster.posts) for cluster in found.clusters) + found.without == 1000


def test_clusters__few_or_no_posts__are_none():
    assert clusters([]).clusters == ()
    posts, _ = planted(random.Random(11), 4)
    assert clusters(posts) == module.Clusters(clusters=(), posts=4, looked_at=4, without=4)


def test_clusters__more_than_the_most__are_sampled_and_said(monkeypatch):
    monkeypatch.setattr(module, "MOST_POSTS", 600)
    posts, truth = planted(random.Random(12), 2000, topics=4)
    found = clusters(posts)
    assert (found.posts, found.looked_at) == (2000, 600)
    at = places(found)
    assert len(at) + found.without == 600
    index = agreement(at, truth)
    print(f"clusters: a sample of 600 of 2,000, adjusted Rand index {index:.3f}")
    assert index >= 0.8


def test_clusters__time_and_memory_are_bounded():
    posts, _ = planted(random.Random(13), 1500, topics=8)
    tracemalloc.start()
    begun = process_time()
    clusters(posts)
    took = process_time() - begun
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    print(f"clusters: 1,500 posts in {took:.1f} s (traced), {peak:.0f} MB")
    assert peak < 50
