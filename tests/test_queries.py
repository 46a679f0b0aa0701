"""The queries of docs/queries.md are run as they stand there: each gives what it promises, both ways, by the index it names."""

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient, monitoring
from pymongo.database import Database

from monitor.config import load
from monitor.post import FIELDS, Author, Counts, Match, Post, Revision, Score
from monitor.store.connection import open_store
from monitor.store.hour_count import HourCount
from monitor.store.schema import COLLECTIONS
from monitor.text.link_identity import domains, link_identities

PAGE = (Path(__file__).parents[1] / "docs" / "queries.md").read_text(encoding="utf-8")
HN = "https://news.ycombinator.com/item?id="
MASTODON = "https://chatter.example/users/ada/statuses/"

GOOD = Score(scorer="vader", version="3.3.2", label="positive", compound=0.5, positive=0.4, neutral=0.6, negative=0.0)
BAD = Score(scorer="vader", version="3.3.2", label="negative", compound=-0.1, positive=0.0, neutral=0.7, negative=0.3)
GERMAN = Score(scorer="vader", version="3.3.2", reason="language de")

BOTH = (Match(id="python", version=1), Match(id="rust", version=3))
TEA = (Match(id="tea", version=1),)

TAG = "mastodon/tag?instance=chatter.example&tag=python"
LEDGER = (
    {"_id": f"{TAG}:1:0", "source": TAG, "version": 1, "n": 0, "from": datetime(2026, 11, 19, tzinfo=UTC),
     "to": datetime(2026, 11, 21, tzinfo=UTC), "state": "covered", "reason": None},
    {"_id": f"{TAG}:2:0", "source": TAG, "version": 2, "n": 0, "from": datetime(2026, 11, 20, 12, tzinfo=UTC),
     "to": datetime(2026, 11, 20, 18, tzinfo=UTC), "state": "capped", "reason": "beyond what the platform keeps reachable"},
    {"_id": f"{TAG}:3:0", "source": TAG, "version": 3, "n": 0, "from": datetime(2026, 11, 23, tzinfo=UTC),
     "to": datetime(2026, 11, 24, tzinfo=UTC), "state": "covered", "reason": None},
    *({"_id": f"other{number}:1:0", "source": f"other{number}", "version": 1, "n": 0, "from": datetime(2026, 11, 20, tzinfo=UTC),
       "to": datetime(2026, 11, 21, tzinfo=UTC), "state": "covered", "reason": None} for number in range(50)),
)  # fmt: skip

Rows = list[dict[str, Any]]


def sections() -> dict[str, str]:
    """The worked queries by their number."""
    parts = re.split(r"^### (\d+)\. .*$", PAGE.partition("## Worked queries")[2].partition("\n## ")[0], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


SECTIONS = sections()


def block(number: str, language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", SECTIONS[number], flags=re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"query {number} has one block in {language}"
    return str(found[0])


def post(day: int, hour: int = 12, *, id: str, platform: str = "mastodon", by: str = "ada", **fields: Any) -> Post:  # noqa: A002
    at = datetime(2026, 11, day, hour, tzinfo=UTC)
    author = Author(id=by, handle=f"{by}@chatter.example")
    link_ids = link_identities(fields.get("links", ()))
    said = {"text": "Python.", "language": "en", "sentiment": GOOD, "topics": (Match(id="python", version=1),)} | fields
    said |= {"link_ids": link_ids, "domains": domains(link_ids)}
    return Post(id=id, platform=platform, native_id=id, url=id, created_at=at, fetched_at=at, author=author, **said)


def hackernews(number: int, day: int, hour: int = 12, **fields: Any) -> Post:
    return post(day, hour, id=f"{HN}{number}", platform="hackernews", **fields)


POSTS = (
    post(20, id=f"{MASTODON}1", counts=Counts(likes=7, reposts=2), links=("https://www.python.example/a?b", "ftp://x")),
    post(20, id=f"{MASTODON}2", by="eve", kind="repost", repost_of=f"{MASTODON}1"),
    post(20, id=f"{MASTODON}3", by="bob", language="de", sentiment=GERMAN, counts=Counts(likes=0)),
    post(
        21, 23, id=f"{MASTODON}4", links=("https://Python.example:443/c", "http://other.example/"), topics=BOTH,
        first_seen=datetime(2026, 11, 22, 3, tzinfo=UTC),
    ),
    post(
        22, id=f"{MASTODON}5", text="I never said that.", sentiment=BAD, edited_at=datetime(2026, 11, 22, 13, tzinfo=UTC),
        revisions=(Revision(text="I said that.", seen_at=datetime(2026, 11, 22, 12, tzinfo=UTC)),),
    ),
    post(22, 23, id=f"{MASTODON}6", topics=(), language=None),
    hackernews(41000001, 20, title="A story", text="", counts=Counts(score=40, replies=2)),
    hackernews(41000002, 20, 13, kind="reply", thread=f"{HN}41000001", reply_to=f"{HN}41000001", sentiment=BAD, topics=BOTH),
    hackernews(
        41000003, 21, kind="reply", thread=f"{HN}41000001", reply_to=f"{HN}41000002", links=("http://python.example/a?b&utm_source=hn",)
    ),
    hackernews(41000004, 21, kind="reply", thread=f"{HN}41000009", reply_to=f"{HN}41000009"),
    hackernews(41000005, 20, text="", deleted_at=datetime(2026, 11, 22, 6, tzinfo=UTC)),
    post(20, id="tea-1", topics=TEA, tags=("herbal", "milk")),
    post(20, id="tea-2", topics=TEA, tags=("herbal",)),
    post(12, id="tea-3", topics=TEA, tags=("milk",)),
)  # fmt: skip


class Listener(monitoring.CommandListener):
    """Keeps the queries that were sent, for explain."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in {"aggregate", "find"}:
            unwanted = {"lsid", "$db", "$clusterTime", "$readPreference", "cursor"}
            self.sent.append({name: value for name, value in event.command.items() if name not in unwanted})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture(scope="module")
def filled(spares: Any) -> Iterator[str]:
    """The name of a database with the posts above, and many of others, so that an index is worth more than reading all.

    Its tests only read.
    """
    name = spares.take()
    others = [
        post(10, id=f"other-{number}", platform="feeds", by=f"by{number}", topics=(), deleted_at=None) for number in range(200)
    ]

    async def fill() -> None:
        store = await open_store(load({"MONGODB_URI": spares.uri, "MONITOR_DATABASE": name}))
        try:
            outcome = await store.posts.upsert([*POSTS, *others])
            assert outcome.refused == ()
        finally:
            await store.close()

    asyncio.run(fill())
    spares.client[name]["ledger"].insert_many([dict(entry) for entry in LEDGER])
    yield name
    spares.idle.append(name)


@pytest.fixture
def db(filled: str, mongodb_uri: str, listener: Listener) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongodb_uri, tz_aware=True, event_listeners=[listener]) as client:
        yield client[filled]


def pymongo_rows(number: str, db: Database[dict[str, Any]]) -> Rows:
    names: dict[str, Any] = {"db": db, "datetime": datetime, "UTC": UTC}
    exec(compile(block(number, "python"), f"query {number}", "exec"), names)
    return list(names["rows"])


def mongosh_rows(number: str, db: Database[dict[str, Any]]) -> Rows:
    """The mongosh form, read as the Python that means the same."""
    text = re.sub(r"([{,]\s*)([$A-Za-z_]\w*)\s*:", r'\1"\2":', block(number, "js"))
    text = re.sub(r'ISODate\("([^"]+)"\)', r'datetime.fromisoformat("\1")', text)
    for theirs, ours in (("findOne", "find_one"), ("null", "None"), ("true", "True"), ("false", "False")):
        text = re.sub(rf"\b{theirs}\b", ours, text)
    text = re.sub(r"\broot\.(\w+)", r'root["\1"]', text)
    start = text.rindex("db.") if "findOne" not in block(number, "js") else text.index("db.posts.find(")
    names: dict[str, Any] = {"db": db, "datetime": datetime}
    exec(text[:start], names)
    return list(eval(text[start:].strip(), names))


def ids(rows: Rows) -> set[str]:
    return {row["_id"].removeprefix(HN).removeprefix(MASTODON) for row in rows}


def by_id(rows: Rows) -> dict[Any, Any]:
    return {row["_id"]: row for row in rows}


def is_posts_per_day(rows: Rows) -> None:
    assert [(row["_id"].day, row["posts"]) for row in rows] == [(20, 6), (21, 3), (22, 1)]


def is_sentiment_by_platform(rows: Rows) -> None:
    mastodon = by_id(rows)["mastodon"]
    assert {name: mastodon[name] for name in ("positive", "neutral", "negative", "unscored")} == {
        "positive": 3,
        "neutral": 0,
        "negative": 1,
        "unscored": 1,
    }
    assert mastodon["mean"] == pytest.approx((3 * 0.5 - 0.1) / 4)


def is_top_authors(rows: Rows) -> None:
    told = [(row["_id"]["platform"], row["_id"]["author"], row["posts"]) for row in rows]
    assert told == [("hackernews", "ada", 4), ("mastodon", "ada", 3), ("mastodon", "bob", 1)]


def is_most_engaged(rows: Rows) -> None:
    told = [(row["_id"].removeprefix(HN).removeprefix(MASTODON), row["engagement"]) for row in rows]
    assert told == [("41000001", 42), ("1", 9), ("3", 0)]


def is_languages(rows: Rows) -> None:
    assert [(row["_id"], row["posts"]) for row in rows] == [("en", 212), ("de", 1), ("unknown", 1)]


def is_edited(rows: Rows) -> None:
    assert [(row["text"], row["revisions"][0]["text"]) for row in rows] == [("I never said that.", "I said that.")]


def is_unscored(rows: Rows) -> None:
    assert [(row["_id"], row["posts"]) for row in rows] == [({"platform": "mastodon", "reason": "language de"}, 1)]


def is_hours_of_berlin(rows: Rows) -> None:
    assert rows == [{"posts": 1, "hour": "2026-11-22 00:00"}, {"posts": 1, "hour": "2026-11-22 13:00"}]


def is_deleted(rows: Rows) -> None:
    assert rows == [{"_id": datetime(2026, 11, 22, tzinfo=UTC), "posts": 1, "hours": 42}]


def is_share_of_voice(rows: Rows) -> None:
    told = [(row["_id"]["day"].day, row["_id"]["topic"], row["posts"], round(row["share"], 3)) for row in rows]
    assert told == [
        (20, "python", 6, 0.857),
        (20, "rust", 1, 0.143),
        (21, "python", 3, 0.75),
        (21, "rust", 1, 0.25),
        (22, "python", 1, 1.0),
    ]


def is_ledger(rows: Rows) -> None:
    assert [(row["state"], row["from"].day, row["version"]) for row in rows] == [("capped", 20, 2), ("covered", 19, 1)]


def is_stories(rows: Rows) -> None:
    (story,) = rows
    assert (story["posts"], story["first_on"], sorted(story["platforms"])) == (2, "mastodon", ["hackernews", "mastodon"])
    assert (story["first"].day, story["last"].day) == (20, 21)


def is_authors_of_both(rows: Rows) -> None:
    told = [(row["_id"]["platform"], row["_id"]["author"], row["matches"]) for row in rows]
    assert told == [("hackernews", "ada", 5), ("mastodon", "ada", 4)]


def is_rising(rows: Rows) -> None:
    assert [(row["_id"], row["now"], row["before"], row["times"]) for row in rows] == [
        ("herbal", 2, 0, 3.0),
        ("milk", 1, 1, 1.0),
    ]


def is_week(rows: Rows) -> None:
    told = {(row["_id"]["weekday"], row["_id"]["hour"]): row["posts"] for row in rows}
    assert told == {(5, 13): 5, (5, 14): 1, (6, 13): 2, (7, 0): 1, (7, 13): 1}


def is_by_scorer(rows: Rows) -> None:
    (row,) = rows
    assert (row["_id"], row["posts"], row["scored"]) == ({"scorer": "vader", "version": "3.3.2"}, 10, 9)
    assert row["mean"] == pytest.approx((7 * 0.5 - 2 * 0.1) / 9)


def is_percentiles(rows: Rows) -> None:
    told = [(row["_id"], row["posts"], row["median"], row["p90"], row["most"]) for row in rows]
    assert told == [("hackernews", 1, 42, 42, 42), ("mastodon", 2, 0, 0, 9)]


EXPECTED: dict[str, Callable[[Rows], None]] = {
    "1": is_posts_per_day,
    "2": is_sentiment_by_platform,
    "3": is_top_authors,
    "4": is_most_engaged,
    "5": lambda rows: assert_ids(rows, {"41000001", "41000002", "41000003"}),
    "6": lambda rows: assert_ids(rows, {"2"}),
    "7": is_languages,
    "8": is_edited,
    "9": is_unscored,
    "10": is_hours_of_berlin,
    "11": is_deleted,
    "12": lambda rows: assert_sites(rows, {"python.example": 3, "other.example": 1}),
    "13": is_share_of_voice,
    "14": is_ledger,
    "15": lambda rows: assert_ids(rows, {"4"}),
    "16": is_stories,
    "17": is_authors_of_both,
    "18": is_rising,
    "19": is_week,
    "20": is_by_scorer,
    "21": lambda rows: assert_ids(rows, {"4", "41000002"}),
    "22": is_percentiles,
}


def assert_ids(rows: Rows, expected: set[str]) -> None:
    assert ids(rows) == expected


def assert_sites(rows: Rows, expected: dict[str, int]) -> None:
    assert {row["_id"]: row["posts"] for row in rows} == expected


each_query = pytest.mark.parametrize("number", EXPECTED)


def test_there_are_twenty_queries_and_each_is_expected_here() -> None:
    assert len(SECTIONS) >= 20
    assert set(EXPECTED) == set(SECTIONS)


@each_query
def test_pymongo_query_gives_what_it_promises(number: str, db: Database[dict[str, Any]]) -> None:
    EXPECTED[number](pymongo_rows(number, db))


@each_query
def test_mongosh_query_gives_the_same(number: str, db: Database[dict[str, Any]]) -> None:
    assert mongosh_rows(number, db) == pymongo_rows(number, db)


@each_query
def test_query_uses_the_index_that_the_page_names(number: str, db: Database[dict[str, Any]], listener: Listener) -> None:
    named = re.search(r"Uses\s+the\s+index\s+`([^`]+)`", SECTIONS[number])
    assert named, f"query {number} names no index"
    pymongo_rows(number, db)
    query = listener.sent[-1]
    if "aggregate" in query:
        query |= {"cursor": {}}
    stages = list(plan_stages(db.command("explain", query, verbosity="queryPlanner")))
    assert named[1] in {stage.get("indexName") for stage in stages}
    assert "COLLSCAN" not in {stage.get("stage") for stage in stages}


def plan_stages(explained: Any) -> Iterator[dict[str, Any]]:
    """Every stage of the winning plan, wherever explain hides it; rejected plans are left out."""
    if isinstance(explained, dict):
        if "stage" in explained:
            yield explained
        for name, value in explained.items():
            if name != "rejectedPlans":
                yield from plan_stages(value)
    elif isinstance(explained, list):
        for value in explained:
            yield from plan_stages(value)


# ---- the tables of the page


def first_column(heading: str) -> set[str]:
    """The names in backticks in the first cell of each row of the table under a heading."""
    table = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_field_of_a_post_is_described() -> None:
    described = first_column("The stored post")
    parts: dict[str, type[Author | Counts | Score]] = {"author": Author, "counts": Counts, "sentiment": Score}
    expected = {"_id", *(name for name in FIELDS if name not in {"id", *parts})}
    expected |= {f"{name}.{field}" for name, kind in parts.items() for field in kind.__slots__}
    assert described == expected


def test_stored_documents_hold_what_is_described_and_nothing_else(db: Database[dict[str, Any]]) -> None:
    described = {name.partition(".")[0] for name in first_column("The stored post")} | {"digests", "writes"}
    stored = {name for document in db.posts.find() for name in document}
    assert stored <= described
    assert {"topics", "sentiment", "counts", "revisions"} <= stored


def test_every_field_of_the_rollups_is_described() -> None:
    count = HourCount(datetime(2026, 11, 20, tzinfo=UTC))
    count.add({"platform": "x", "created_at": count.hour, "author": {"id": "ada"}})
    assert first_column("Rollups") == {name for made in (*count.rollups(), *count.tops()) for name in made} - {"_id"}


def test_every_index_is_described() -> None:
    assert first_column("Indexes") == {index.name for index in COLLECTIONS["posts"].indexes}


def test_every_collection_is_named() -> None:
    assert first_column("Other collections") == (set(COLLECTIONS) | {"meta"}) - {"posts"}
