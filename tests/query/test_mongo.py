"""The filter of a query finds, in a real MongoDB, every post that matches, and no other where it says so."""

from datetime import UTC, datetime, timedelta

import pytest
from pymongo import MongoClient

from monitor.post import Author, Counts, Match, Media, Post, Score
from monitor.query.mongo import mongo_filter
from monitor.query.parse import parse_search
from monitor.query.searchable import Searchable
from monitor.store.document import document

DAY = datetime(2026, 11, 1, tzinfo=UTC)


def said(number, text="", **fields):
    at = DAY + timedelta(hours=8 * number)
    return Post(
        **{
            "id": f"s:{number}",
            "platform": "mastodon" if number % 2 else "feeds",
            "native_id": str(number),
            "url": None,
            "created_at": at,
            "text": text,
            "author": Author(id=str(number)),
            **fields,
        }
    )


POSTS = (
    said(1, "tea", kind="reply", language="en", mentions=("Ann@x.org",), counts=Counts(likes=10)),
    said(2, "Tea and milk", kind="repost", language="de", counts=Counts(likes=0, score=-2)),
    said(3, "café #tea", tags=("tea",), links=("https://www.X.org/İa",), sensitive=True),
    said(4, "climate", media=(Media(kind="image", alt="tea"), Media(kind="link")), title="T", edited_at=DAY),
    said(5, "", media=(Media(kind="gif"),), author=Author(id="Ann", handle="Bob@y.org", bot=True, followers=9)),
    said(6, "東京", sentiment=Score(scorer="s", label="negative", compound=-0.75), topics=(Match(id="x", version=1),)),
    said(7, "milk", summary="tea", community="Rust@l.org", author=Author(id="8", handle="ANN", followers=20_000)),
    said(8, "tea? climates!", kind="quote", links=("https://a.x.org/",), media=(Media(kind="link"),)),
    said(9, "tea", created_at=DAY + timedelta(microseconds=999), media=(Media(kind="image"), Media(kind="video"))),
)  # fmt: skip

QUERIES = {
    # exact: counted in MongoDB
    "platform:feeds": True,
    "lang:en": True,
    "lang:und": True,
    "-lang:(en OR de)": True,
    "is:(reply OR repost)": True,
    "is:original -has:link": True,
    "is:sensitive OR is:edited OR is:bot": True,
    "has:link": True,
    "has:media": True,
    "has:(image video)": True,
    "has:alt OR has:tag OR has:mention": True,
    "has:title OR has:summary": True,
    "NOT has:audio": True,
    "since:2026-11-02 until:2026-11-03T08:00:00Z": True,
    "until:2026-11-01T00:00:00.001Z": True,
    "likes:>=10 OR likes:<1": True,
    "NOT likes:>0": True,
    "points:=-2": True,
    "sentiment:neg score:<-0.5": True,
    "-score:>=0": True,
    "reach:>=10000 OR topic:x": True,
    "NOT (lang:en OR likes:=0)": True,
    # broader: looked at again
    "tea": False,
    "tea lang:en": False,
    "tea OR lang:en": False,
    "NOT tea": False,
    "tea -is:reply": False,
    "climat* OR #tea": False,
    "東京": False,
    '"tea and milk"': False,
    "title:t OR cw:tea": False,
    "tea NEAR/3 milk": False,
    "from:ann": False,
    "from:bob@y.org": False,
    "to:ann": False,
    "community:rust": False,
    "domain:x.org": False,
    "url:x.org/i": False,
    "-domain:x.org": False,
}


@pytest.fixture(scope="module")
def stored(mongodb_uri):
    """The posts, with the pieces of their words."""
    with MongoClient(mongodb_uri) as client:
        collection = client["test_query_filters"]["posts"]
        collection.insert_many([document(post) | {"pieces": sorted(Searchable(post).pieces)} for post in POSTS])
        yield collection
        client.drop_database("test_query_filters")


@pytest.mark.parametrize("words", [None, "pieces"])
@pytest.mark.parametrize(("query", "exact"), QUERIES.items())
def test_mongo_filter__in_a_real_mongodb(stored, query, exact, words):
    made = mongo_filter(parse_search(query), words=words)
    found = {row["_id"] for row in stored.find(made.filter)}
    matching = {post.id for post in POSTS if parse_search(query).find(post) is not None}
    assert matching, "the query should match something, or nothing is tested"
    assert matching <= found
    assert made.exact == exact
    assert not exact or found == matching


@pytest.mark.parametrize(
    ("query", "most"), [("東京", 1), ("climat* lang:de", 0), ("café OR 東京", 2), ("from:bob@y.org", 1), ("domain:x.org", 2)]
)
def test_mongo_filter__narrows_what_has_to_be_looked_at(stored, query, most):
    assert stored.count_documents(dict(mongo_filter(parse_search(query), words="pieces").filter)) <= most
