"""What is read for the methods of a selection: as of a moment, with the versions and sources of then."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor import clock
from monitor.errors import UsageError
from monitor.methods.gathering import Methods, frozen, read_methods
from monitor.post import Author, Match, Post
from monitor.query.parse import parse
from monitor.scope import Scope
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.imports import File
from monitor.topic import Topic

DAY = datetime(2026, 11, 10, tzinfo=UTC)
AS_OF = DAY + timedelta(days=3)
TEA = Scope(topics=("tea",), begin="2026-11-10", end="2026-11-11")


def post(number: int, at: datetime, **changes: Any) -> Post:
    known: dict[str, Any] = {
        "id": f"x:{number}", "native_id": str(number), "platform": "mastodon", "url": None, "text": f"Tea {number}",
        "created_at": at, "fetched_at": at, "author": Author(id="a"), "topics": (Match(id="tea", version=1),), "seen_on": ("x",),
    }  # fmt: skip
    return Post(**known | changes)


def source(kind: str, topics: tuple[str, ...] = ("tea",), platform: str = "mastodon", **parameters: str) -> Source:
    return Source(platform=platform, kind=kind, parameters=parameters, topics=topics)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock by which topics and sources are made."""

    def is_now(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return is_now


async def gathered(store: Store, scope: Scope = TEA, *, as_of: datetime = AS_OF) -> Methods:
    still, moment = frozen(scope, as_of)
    return await read_methods(store, still, moment)


# ---- a scope that stands still


def test_frozen__relative_moments__become_those_of_now() -> None:
    still, as_of = frozen(Scope(begin="-2d", end="now"), DAY + timedelta(days=4))
    assert as_of == DAY + timedelta(days=4)
    assert still.between(datetime(2030, 1, 1, tzinfo=UTC)) == (DAY + timedelta(days=2), DAY + timedelta(days=4))


@pytest.mark.parametrize(("as_of", "refused"), [(-1, False), (0, False), (1, True)])
def test_frozen__as_of_is_kept_and_may_not_lie_ahead(as_of: int, refused: bool) -> None:
    scope = Scope(as_of=(DAY + timedelta(seconds=as_of)).isoformat())
    if refused:
        with pytest.raises(UsageError, match="lies in the future"):
            frozen(scope, DAY)
    else:
        assert frozen(scope, DAY) == (scope, DAY + timedelta(seconds=as_of))


# ---- what is read


async def test_read__posts_of_the_scope_that_were_there_by_then(store: Store) -> None:
    await store.posts.upsert([post(number, DAY + timedelta(hours=number)) for number in range(3)])
    await store.posts.upsert([post(7, DAY, fetched_at=AS_OF + timedelta(hours=1)), post(8, DAY, topics=())])
    await store.posts.upsert([post(9, DAY - timedelta(days=1))])
    found = await gathered(store)
    assert (found.selection.posts, found.as_of, found.simulated) == (3, AS_OF, False)
    assert (found.selection.first_at, found.selection.last_at) == (DAY, DAY + timedelta(hours=2))
    assert str(found.query) == str(found.scope.asks(AS_OF))
    assert found.command == f"monitor methods '{found.scope}'"


async def test_read__period__is_what_was_asked_for_up_to_then_and_from_the_first_post_on(store: Store) -> None:
    await store.posts.upsert([post(number, DAY + timedelta(hours=number)) for number in (5, 9)])
    cases = [
        ("2026-11-10", "2026-11-11", 0, 24),
        ("2026-11-10", None, 0, 72),
        ("2026-11-10", "2026-12-01", 0, 72),
        (None, "2026-11-11", 5, 24),
        (None, None, 5, 72),
    ]
    for begin, end, from_hour, to_hour in cases:
        found = await gathered(store, Scope(topics=("tea",), begin=begin, end=end))
        edges = [(edge - DAY) / timedelta(hours=1) for edge in (found.period.start, found.period.end)]
        assert edges == [from_hour, to_hour], (begin, end)


async def test_read__versions_of_then__with_what_they_say_and_privacy_as_it_is_now(
    store: Store, at: Callable[[datetime], None]
) -> None:
    at(DAY)
    await store.topics.add(Topic(id="tea", name="Tea", query="tea"))
    at(DAY + timedelta(days=1))
    await store.topics.edit("tea", query="tea OR chai")
    at(AS_OF + timedelta(days=1))
    await store.topics.edit("tea", query="coffee", authors="pseudonymise", redact=("email",))
    (topic,) = (await gathered(store)).topics
    assert [(one.number, one.query, one.since) for one in topic.versions] == [
        (1, "tea", DAY),
        (2, "tea OR chai", DAY + timedelta(days=1)),
    ]
    assert topic.versions[0].english == 'posts that say "tea"'
    assert (topic.pseudonymised, topic.redacted) == (True, ("email",))


async def test_read__a_query_that_cannot_be_read_any_more__has_no_english(store: Store, at: Callable[[datetime], None]) -> None:
    at(DAY)
    await store.topics.add(Topic(id="tea", name="Tea", query="tea OR"))
    (topic,) = (await gathered(store)).topics
    assert [(one.query, one.english) for one in topic.versions] == [("tea OR", None)]


async def test_read__topic_that_is_gone_or_excluded__is_told_all_the_same(store: Store, at: Callable[[datetime], None]) -> None:
    at(DAY)
    await store.topics.add(Topic(id="tea", name="Tea", query="tea", authors="pseudonymise"))
    await store.topics.remove("tea")
    found = await gathered(store, Scope(topics=("!tea", "milk"), begin="2026-11-10"))
    assert [(one.id, len(one.versions), one.pseudonymised) for one in found.topics] == [("tea", 1, False), ("milk", 0, False)]


async def test_read__sources_of_then__and_files_by_themselves(store: Store, at: Callable[[datetime], None]) -> None:
    at(DAY)
    tag = source("tag", tag="tea", instance="a.example")
    file = File(name="a.jsonl", sha256="0", format="twarc").source("mastodon", topics=("tea",))
    for each in (tag, file, source("tag", ("milk",), tag="milk", instance="a.example")):
        await store.sources.ensure(each)
    at(AS_OF + timedelta(hours=1))
    await store.sources.ensure(source("tag", tag="later", instance="a.example"))
    found = await gathered(store)
    assert [one.id for one in found.then.sources] == [tag.id]
    assert [one.id for one in found.then.files] == [file.id]
    assert found.then.coverage.whole.sources == 1


async def test_read__relations__are_those_of_what_the_query_would_be_asked_as(
    store: Store, at: Callable[[datetime], None]
) -> None:
    """A tag is asked for by its own query, and was by an earlier version; what was named by hand has none."""
    at(DAY)
    await store.topics.add(Topic(id="tea", name="Tea", query="#chai"))
    await store.topics.edit("tea", query="#tea")
    asked = [source("tag", tag=tag, instance="a.example") for tag in ("tea", "chai", "milk")]
    for each in asked:
        await store.sources.ensure(each)
    found = await gathered(store)
    assert set(found.relations) == {asked[0].id, asked[1].id}
    assert set(found.relations.values()) <= {"exact", "broader", "unsupported"}


async def test_read__no_post_and_no_topic__is_empty_and_not_an_error(store: Store) -> None:
    found = await gathered(store, Scope(query="tea", begin="2026-11-10", end="2026-11-11"))
    assert (found.selection.posts, found.topics, found.then.sources, found.relations) == (0, (), (), {})
    assert found.query is not None
    assert found.query != parse("tea")
