"""Topics and the versions of their queries."""

import asyncio
from dataclasses import replace

import pytest

from monitor.errors import UsageError
from monitor.store.connection import Store
from monitor.topic import Topic

TEA = Topic(id="tea", name="Tea", query="#tea", platforms=("mastodon",))


async def test_a_topic_is_stored_and_read_back(store: Store) -> None:
    assert await store.topics.add(TEA) == TEA
    assert await store.topics.get("tea") == TEA
    assert await store.topics.list_all() == [TEA]
    assert await store.topics.versions("tea") == [TEA]


async def test_what_a_topic_asks_of_its_posts_is_kept__and_changes_make_no_version(store: Store) -> None:
    private = replace(TEA, every_s=600, every_on=(("lemmy", 60),), authors="pseudonymise", redact=("email",), tags=("drinks",))
    assert await store.topics.add(private) == private == await store.topics.get("tea")
    edited = await store.topics.edit("tea", authors="keep", redact=(), every_s=None, every_on=())
    assert edited == replace(TEA, tags=("drinks",)) == await store.topics.get("tea")


async def test_a_topic_of_an_earlier_release_has_none_of_it(store: Store) -> None:
    await store.topics.add(TEA)
    gone = dict.fromkeys(("every_s", "every_on", "authors", "redact", "tags"), "")
    await store.database["topics"].update_one({"_id": "tea"}, {"$unset": gone})
    assert await store.topics.get("tea") == TEA


async def test_a_new_topic_begins_at_version_1(store: Store) -> None:
    added = await store.topics.add(Topic(id="tea", name="Tea", query="#tea", version=7))
    assert added.version == 1


async def test_an_id_that_is_taken_is_refused(store: Store) -> None:
    await store.topics.add(TEA)
    with pytest.raises(UsageError, match="already"):
        await store.topics.add(TEA)
    assert await store.topics.versions("tea") == [TEA]


async def test_another_query_is_another_version__another_name_is_not(store: Store) -> None:
    await store.topics.add(TEA)
    assert (await store.topics.edit("tea", name="Tea time")).version == 1
    assert (await store.topics.edit("tea", query="#tea")).version == 1
    edited = await store.topics.edit("tea", query="#chai", platforms=("hackernews",))
    assert (edited.version, edited.name, edited.platforms) == (2, "Tea time", ("hackernews",))
    assert await store.topics.get("tea") == edited
    assert [(old.version, old.query) for old in await store.topics.versions("tea")] == [(1, "#tea"), (2, "#chai")]


async def test_of_two_that_edit_at_once_each_version_has_one_query(store: Store) -> None:
    """8 edit; those that came too late are told so, and no version is lost or has two queries."""
    await store.topics.add(TEA)
    edits = await asyncio.gather(
        *(store.topics.edit("tea", query=f"#tea{number}") for number in range(8)), return_exceptions=True
    )
    made = [edit for edit in edits if isinstance(edit, Topic)]
    assert all(isinstance(edit, Topic | UsageError) for edit in edits)
    versions = await store.topics.versions("tea")
    assert [version.version for version in versions] == list(range(1, len(made) + 2))
    assert {version.query for version in versions} == {"#tea"} | {edit.query for edit in made}
    assert await store.topics.get("tea") == versions[-1]


async def test_what_is_not_there_cannot_be_edited(store: Store) -> None:
    assert await store.topics.get("none") is None
    with pytest.raises(UsageError, match="no topic none"):
        await store.topics.edit("none", query="x")
