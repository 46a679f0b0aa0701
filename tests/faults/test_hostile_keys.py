"""Keys that mean something to a database or to JavaScript, anywhere in a row: the stored document keeps its own keys alone."""

import copy
import random
from datetime import UTC, datetime

import pytest

from monitor.crawl.enrich import enrich
from monitor.crawl.normalize import normalize
from monitor.crawl.platforms import platform
from monitor.crawl.raw import unpack
from monitor.page import Reply
from monitor.store.connection import open_store

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
HOST = "chatter.example"
PAYLOADS = 200

KEYS = (
    "$where", "$ne", "$gt", "$set", "$$ROOT", "$", "a.b", "counts.likes", ".", "", " ", "__proto__", "constructor", "toString",
    "_id", "raw", "writes", "digests", "seen_on", "topics", "a\0b", "\ud800", "x" * 5000,
)  # fmt: skip
VALUES = (1, "x", None, True, {"$gt": ""}, {"a.b": {"": [{"$ne": 1}]}}, [{"$where": "sleep(1000)"}], {"_id": "another"})
# The parts of a row that are read, each a path to an object.
PLACES = (
    (),
    ("account",),
    ("tags", 0),
    ("mentions", 0),
    ("media_attachments", 0),
    ("media_attachments", 0, "meta"),
    ("card",),
    ("poll",),
)


def row(number):
    uri = f"https://{HOST}/{number}"
    author = {"id": "1", "username": "ann", "acct": "ann", "url": f"https://{HOST}/@ann", "display_name": "Ann", "bot": False}
    return {
        "id": f"{(int(NOW.timestamp() * 1000) << 16) + number}",
        "uri": uri,
        "url": uri,
        "created_at": NOW.isoformat(),
        "visibility": "public",
        "language": "en",
        "content": "<p>Tea first, and then the harbour.</p>",
        "account": {**author, "followers_count": 3},
        "favourites_count": 1,
        "tags": [{"name": "tea", "url": f"https://{HOST}/tags/tea"}],
        "mentions": [{"id": "2", "acct": "ben", "username": "ben", "url": f"https://{HOST}/@ben"}],
        "media_attachments": [{"id": "3", "type": "image", "url": f"https://{HOST}/3.png", "description": "A pot", "meta": {}}],
        "card": {"url": "https://atlas.example/", "title": "Atlas"},
        "poll": {"id": "4", "options": [{"title": "tea"}]},
    }


def hostile(number, draw):
    """A row with up to four foreign keys, and where they are."""
    made, added = row(number), set()
    for _ in range(draw.choice((1, 1, 2, 4))):
        place, key = draw.choice(PLACES), draw.choice(KEYS)
        target = made
        for step in place:
            target = target[step]
        target[key] = copy.deepcopy(draw.choice(VALUES))
        added.add((place, key))
    return made, added


def shape(value):
    """Every key of a document with the kinds of its values, lists as their entries' kinds."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value).__name__


@pytest.fixture
async def store(config):
    opened = await open_store(config)
    yield opened
    await opened.close()


async def taken_in(store, rows):
    made = normalize(platform("mastodon"), rows, Reply(200, {}, b"[]", f"https://{HOST}/api", NOW), seen_on="mastodon")
    assert made.refused == []
    outcome = await store.posts.upsert([enrich(post, ()) for post in made.posts])
    assert outcome.refused == ()
    return [await store.database["posts"].find_one({"_id": each["uri"]}) for each in rows]


async def test_hostile_keys__leave_the_stored_document_as_it_would_be_without_them(store, seed):
    draw = random.Random(seed)
    collections = set(await store.database.list_collection_names())
    [plain] = await taken_in(store, [row(0)])
    made = [hostile(number, draw) for number in range(1, PAYLOADS + 1)]
    stored = await taken_in(store, [each for each, _ in made])
    unchanged = sum(shape(found) == shape(plain) for found in stored)
    kept = sum(unpack(found["raw"]) == each for found, (each, _) in zip(stored, made, strict=True))
    used = {key for _, added in made for _, key in added}
    print(
        f"\nseed {seed}: {PAYLOADS} rows with {sum(len(added) for _, added in made)} hostile keys, {len(used)} kinds in "
        f"{len({place for _, added in made for place, _ in added})} places; {unchanged} documents of the same shape, {kept} rows kept"
    )
    assert used == set(KEYS)
    assert unchanged == kept == PAYLOADS
    assert await store.posts.count() == PAYLOADS + 1
    assert set(await store.database.list_collection_names()) == collections
