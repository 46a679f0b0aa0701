"""Every example of docs/query-language.md does what it says."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.post import COUNTED, Author, Counts, Match, Media, Post, Score
from monitor.query.english import english
from monitor.query.fields import NAMES
from monitor.query.parse import parse, parse_search
from monitor.query.refusal import QueryError
from monitor.query.searchable import Searchable
from monitor.query.watch import Watch
from monitor.topic import Topic

DOCUMENT = (Path(__file__).parents[2] / "docs" / "query-language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(query|search)\nquery: (.*?)\n(.*?)^```", DOCUMENT, flags=re.MULTILINE | re.DOTALL)
EXAMPLES = [(kind, query, *line.partition(":")[::2]) for kind, query, lines in BLOCKS for line in lines.splitlines()]
REFUSED = [
    line.rpartition(" | ")[::2]
    for block in re.findall(r"^```refused\n(.*?)^```", DOCUMENT, flags=re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
ESCAPES = {"\\n": "\n", "\\u0301": "\u0301"}


def told(line: str) -> Post:
    """The post of an example: a text, and behind | what else is known of it."""
    for escape, sign in ESCAPES.items():
        line = line.replace(escape, sign)
    text, _, facts = f"{line} ".partition(" | ")
    known = dict(fact.split("=", 1) for fact in shlex.split(facts))
    counts = {name: int(known.pop(name)) for name in COUNTED if name in known}
    lists = {name: tuple(known.pop(name, "").split(",")) for name in ("tags", "mentions", "links") if name in known}
    media = Media(kind=known.pop("media", "image"), alt=known.pop("alt")) if "alt" in known else None
    media = media or (Media(kind=known.pop("media")) if "media" in known else None)
    sentiment = (
        Score(scorer="s", label=known.pop("sentiment"), compound=float(known.pop("compound"))) if "sentiment" in known else None
    )
    followers = int(known.pop("followers")) if "followers" in known else None
    author = Author(id="7", handle=known.pop("handle", None), bot=known.pop("bot", None) == "true", followers=followers)
    created_at = datetime.fromisoformat(known.pop("created_at", "2026-11-01"))
    edited_at = datetime.fromisoformat(known.pop("edited_at")).replace(tzinfo=UTC) if "edited_at" in known else None
    topics = tuple(Match(id=name, version=1) for name in known.pop("topics", "").split(",") if name)
    return Post(
        id="sample:1",
        platform=known.pop("platform", "sample"),
        native_id="1",
        url=None,
        text=text.strip(" "),
        created_at=created_at if created_at.tzinfo else created_at.replace(tzinfo=UTC),
        edited_at=edited_at,
        author=author,
        counts=Counts(**counts),
        media=(media,) if media else (),
        sentiment=sentiment,
        topics=topics,
        sensitive=known.pop("sensitive", None) == "true",
        **lists,
        **known,
    )


def read(kind: str, query: str):
    return parse_search(query) if kind == "search" else parse(query)


def test_the_document_has_a_hundred_queries_and_a_text_for_and_against_each() -> None:
    assert len(BLOCKS) >= 100
    assert all({"yes", "no"} == {line.partition(":")[0] for line in lines.splitlines()} for _, _, lines in BLOCKS)


@pytest.mark.parametrize(("kind", "query", "answer", "line"), EXAMPLES)
def test_example(kind: str, query: str, answer: str, line: str) -> None:
    """It matches or not, the failing clauses say so too, and an index over many topics leads to it."""
    parsed, post = read(kind, query), told(line)
    assert (parsed.find(post) is not None) == (answer == "yes")
    assert (parsed.failing(post) == ()) == (answer == "yes")
    others = [(Topic(id=f"t{number}", name="x", query="x"), read(*block[:2])) for number, block in enumerate(BLOCKS)]
    candidates = [each for _, each in Watch([*others]).candidates(Searchable(post))]
    assert answer == "no" or parsed in candidates


@pytest.mark.parametrize(("kind", "query"), sorted({block[:2] for block in BLOCKS}))
def test_example__printed__reads_as_the_same_query_and_has_a_sentence(kind: str, query: str) -> None:
    parsed = read(kind, query)
    assert read(kind, str(parsed)) == parsed
    assert re.fullmatch(r"posts that \S.*\S", english(parsed))


@pytest.mark.parametrize(("query", "why"), REFUSED)
def test_refused_example(query: str, why: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert why in caught.value.what
    assert 1 <= caught.value.position <= len(query) + 1
    assert caught.value.suggestion


def test_the_table_of_fields_names_them_all() -> None:
    table = DOCUMENT.partition("## Fields\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z_]+~?):`", table.replace("\n| `", "\n`"))) == set(NAMES)
