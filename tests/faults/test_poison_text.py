"""Whatever text a platform sends, the database holds it cleaned, the changes are counted, and the row is kept as it was sent."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.crawl.enrich import enrich
from monitor.crawl.normalize import normalize
from monitor.crawl.raw import unpack
from monitor.page import Reply
from monitor.post import Author, Media, Post
from monitor.store.connection import open_store
from monitor.text.clean import LONGEST_TEXT_BYTES, clean
from monitor.text.tolerant import decoded

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
EXAMPLES, BATCH = 5000, 500
MEGABYTE = 1_000_000
FIELDS = 5  # of a post that hold the text

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
# NUL, other controls, bidi overrides and isolates, zero-width signs, halves of pairs in both orders, marks without a letter.
PIECES = [
    "\0", "\x01", "\x1b[2J", "\x7f", "\x85", "\t", "\r\n", "\u202e", "\u2066", "\u2069", "\u200b" * 50, "\u200d", "\ufeff",
    "\ufffe", "\U0010ffff", "\ud800", "\udfff", "\ud83d\ude00", "\ude00\ud83d", "\ud83d\0\ude00", "\u0301" * 40, "😀", "#tag",
    "@ann", "https://a.org/b", "$IBM", "a", " ",
]  # fmt: skip
POISON = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
FLOODS = ["\0", "\u200b", "\u202e", "\ud800", "\u0301", "é", "😀", "\x1b[2J", "#a ", "@a ", "a.org/ ", "<"]


class Echo:
    """A platform whose rows are one text, which its posts hold in all places."""

    def post(self, row, reply):
        number, text = row["number"], row["text"]
        return Post(
            id=f"echo:{number}",
            platform="echo",
            native_id=f"{number}",
            url=None,
            created_at=NOW,
            text=text,
            title=text,
            summary=text,
            author=Author(id="1", name=text),
            media=(Media(kind="image", alt=text),),
        )


@pytest.fixture
async def store(config):
    opened = await open_store(config)
    yield opened
    await opened.close()


def drawn(strategy, count):
    """Examples of a strategy; Hypothesis begins with small ones and goes on to what it finds different."""
    found = []

    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def take(text):
        found.append(text)

    take()
    return found


async def taken_in(store, first, texts):
    """The way of a page from its bytes to the store; what it said by number, and how many changes were counted."""
    body = json.dumps([{"number": number, "text": text} for number, text in enumerate(texts, first)]).encode("ascii")
    rows = decoded(body)
    made = normalize(Echo(), rows, Reply(200, {}, body, "https://echo.example/", NOW), seen_on="echo")
    assert made.refused == []
    outcome = await store.posts.upsert([enrich(post, ()) for post in made.posts])
    assert outcome.refused == ()
    return {row["number"]: row for row in rows}, made.changes


async def test_any_text__is_stored_and_read_back_as_cleaned(store):
    texts = [
        *drawn(ANY_TEXT, EXAMPLES // 2),
        *drawn(POISON, EXAMPLES // 2),
        *(flood * (MEGABYTE // len(flood)) for flood in FLOODS),
    ]
    changed = counted = read = 0
    for first in range(0, len(texts), BATCH):
        said, changes = await taken_in(store, first, texts[first : first + BATCH])
        cleaned = {number: clean(row["text"]) for number, row in said.items()}
        assert changes == FIELDS * sum(each for _, each in cleaned.values())
        counted += changes
        changed += sum(each > 0 for _, each in cleaned.values())
        async for stored in store.database["posts"].find({"_id": {"$in": [f"echo:{each}" for each in said]}}):
            row = said[int(stored["native_id"])]
            expected, _ = cleaned[row["number"]]
            held = [
                stored["text"],
                stored["title"],
                stored["summary"],
                stored["author"].get("name"),
                stored["media"][0].get("alt"),
            ]
            assert held == [expected] * FIELDS
            assert len(expected.encode()) <= LONGEST_TEXT_BYTES
            assert unpack(stored["raw"]) == row
            read += 1
    print(
        f"\n{len(texts)} texts, {changed} of them cleaned, {counted} changes counted, {read} read back equal, {len(FLOODS)} of 1 MB"
    )
    assert read == len(texts) == await store.posts.count()
    assert read >= EXAMPLES
    assert changed >= EXAMPLES // 5
