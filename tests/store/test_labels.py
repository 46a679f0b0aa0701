"""Labels in MongoDB: one per post, set and rater; importing again changes nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.labels.judgement import Judgement
from monitor.store.labels import Imported, Labels

AT = datetime(2026, 11, 20, tzinfo=UTC)


def judgement(post="x:1", rater="ann", label="positive", rating=None, label_set="sentiment", at=AT):
    return Judgement(post=post, label_set=label_set, rater=rater, label=label, rating=rating, at=at, file="a.csv")


@pytest.fixture
def labels(store):
    return Labels(store.database)


async def test_put__again__changes_nothing(labels):
    given = [judgement(), judgement(rater="bob"), judgement(label_set="stance", label="for"), judgement("x:2", rating=0.5)]
    assert await labels.put(given) == Imported(new=4, changed=0, same=0)
    later = [judgement(), judgement("x:2", rating=0.5, at=AT + timedelta(days=1))]
    assert await labels.put(later) == Imported(new=0, changed=0, same=2)
    assert sorted(await labels.of_set("sentiment"), key=lambda each: (each.post, each.rater)) == [given[0], given[1], given[3]]


async def test_put__another_label__takes_its_place__a_rating_that_is_gone_is_gone(labels):
    await labels.put([judgement(rating=2.0)])
    assert await labels.put([judgement(label="negative")]) == Imported(new=0, changed=1, same=0)
    assert await labels.of_set("sentiment") == [judgement(label="negative")]


async def test_put__many__in_portions(labels):
    given = [judgement(f"x:{number}") for number in range(2_500)]
    assert (await labels.put(given)).new == 2_500
    assert (await labels.put(given)).same == 2_500


async def test_counted__by_label_and_rater(labels):
    await labels.put(
        [judgement(), judgement(rater="bob", label="neutral"), judgement("x:2"), judgement("x:3", label=None, rating=1)]
    )
    (counted,) = await labels.sets()
    assert (counted.name, counted.posts, counted.judgements) == ("sentiment", 3, 4)
    assert counted.labels == {"positive": 2, "neutral": 1}
    assert counted.raters == {"ann": 3, "bob": 1}
    assert await labels.counted("stance") is None


async def test_digest__is_another_as_soon_as_a_label_is(labels):
    digests = [await labels.digest("sentiment")]
    for change in (judgement(), judgement(rater="bob"), judgement(label="neutral"), judgement(label="neutral", rating=1.0)):
        await labels.put([change])
        digests.append(await labels.digest("sentiment"))
    await labels.put([judgement(label_set="stance")])
    assert len(set(digests)) == 5
    assert await labels.digest("sentiment") == digests[-1]


async def test_posts__by_id_and_by_address(store, labels, a_post):
    await store.posts.upsert([a_post(1), a_post(2), a_post(3, url="https://example.org/@ann/1")])
    ids = [f"https://example.org/{number}" for number in (1, 2, 3, 4)]
    assert [post.id async for post in labels.posts(ids)] == ids[:3]
    assert await labels.known(ids) == set(ids[:3])
    found = await labels.at_addresses(["https://example.org/@ann/1", "https://example.org/none"])
    assert {url: sorted(at) for url, at in found.items()} == {"https://example.org/@ann/1": ids[:3]}


async def test_of_set__is_read_by_an_index(store):
    plan = await store.database["labels"].find({"set": "sentiment"}).explain()
    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
