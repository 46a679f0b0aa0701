"""The schema: made on an empty database, checked at each opening, migrated step by step."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from monitor.config import Config
from monitor.errors import SchemaError
from monitor.post import Post
from monitor.store import schema
from monitor.store.connection import Store, migrate, open_store
from monitor.store.schema import Migration


@pytest.fixture
def database_name(empty_database: str) -> str:
    """Here the schema is made by what is tested."""
    return empty_database


async def test_16_that_open_an_empty_database_make_one_schema(config: Config) -> None:
    stores = await asyncio.gather(*(open_store(config) for _ in range(16)))
    names = set(await stores[0].database.list_collection_names())
    for store in stores:
        await store.close()
    assert names == {*schema.COLLECTIONS, "meta"}


async def test_the_stores_own_queries_have_an_index(store: Store) -> None:
    """The newest posts of a topic, a platform, a tag, an author: none reads the collection through."""
    for wanted in ({}, {"topics.id": "x"}, {"platform": "x"}, {"tags": "x"}, {"author.id": "x"}):
        plan = await store.database["posts"].find(wanted).sort("created_at", -1).limit(50).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
        assert "'SORT'" not in str(plan["queryPlanner"]["winningPlan"])


async def test_a_document_that_is_no_post_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="failed validation"):
        await store.database["posts"].insert_one({"_id": "x", "text": 5})


async def test_a_missing_unique_index_refuses_to_open__and_is_named(store: Store, config: Config) -> None:
    await store.database["topic_versions"].drop_index("topic_1_version_1")
    with pytest.raises(SchemaError, match=r"topic_versions .* topic_1_version_1.*monitor db migrate"):
        await open_store(config)
    assert await migrate(config) == ["Made the index topic_1_version_1 of topic_versions."]
    await (await open_store(config)).close()


async def test_an_index_of_that_name_that_is_not_unique_counts_as_missing(store: Store, config: Config) -> None:
    await store.database["topic_versions"].drop_index("topic_1_version_1")
    await store.database["topic_versions"].create_index([("topic", 1), ("version", 1)])
    with pytest.raises(SchemaError, match="topic_1_version_1"):
        await open_store(config)


async def test_doubles_that_stand_against_a_unique_index_are_told(store: Store, config: Config) -> None:
    await store.database["topic_versions"].drop_index("topic_1_version_1")
    await store.database["topic_versions"].insert_many([{"topic": "tea", "version": 1}, {"topic": "tea", "version": 1}])
    with pytest.raises(SchemaError, match="doubles by topic, version"):
        await migrate(config)


async def test_a_missing_plain_index_is_logged_and_no_more(
    store: Store, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    await store.database["posts"].drop_index("tags_1_created_at_-1")
    with caplog.at_level(logging.WARNING):
        await (await open_store(config)).close()
    assert "tags_1_created_at_-1" in caplog.text


async def test_an_older_schema_names_the_command(store: Store, config: Config) -> None:
    await store.database["meta"].update_one({"_id": "schema"}, {"$set": {"version": 0}})
    with pytest.raises(SchemaError, match=r"version 0.*monitor db migrate"):
        await open_store(config)


async def test_a_newer_schema_asks_for_a_newer_program(store: Store, config: Config) -> None:
    await store.database["meta"].update_one({"_id": "schema"}, {"$set": {"version": schema.VERSION + 1}})
    with pytest.raises(SchemaError, match="Upgrade this program"):
        await open_store(config)
    with pytest.raises(SchemaError, match="Upgrade this program"):
        await migrate(config)


async def test_somebody_elses_database_is_left_alone(store: Store, config: Config) -> None:
    await store.database["meta"].delete_many({})
    await store.database["topics"].insert_one({"_id": "x", "name": "x", "query": "x", "version": 1})
    with pytest.raises(SchemaError, match="MONITOR_DATABASE"):
        await open_store(config)


async def test_a_creation_that_died_half_way_is_completed(store: Store, config: Config) -> None:
    await store.database["meta"].delete_many({})
    await store.database["posts"].drop_indexes()
    again = await open_store(config)
    assert len(await (await again.database["posts"].list_indexes()).to_list()) == 1 + len(schema.COLLECTIONS["posts"].indexes)
    await again.close()


async def test_migrating_what_is_up_to_date_does_nothing(store: Store, config: Config) -> None:
    assert await migrate(config) == []


async def test_migrating_an_empty_database_makes_the_schema(config: Config) -> None:
    assert await migrate(config) == [f"Made the schema, version {schema.VERSION}."]
    await (await open_store(config)).close()


def renaming(old: str, new: str) -> Callable[[AsyncDatabase[dict[str, Any]]], Any]:
    async def run(database: AsyncDatabase[dict[str, Any]]) -> None:
        await database["posts"].update_many({old: {"$exists": True}}, {"$rename": {old: new}})

    return run


async def test_steps_run_in_order_and_once(store: Store, a_post: Callable[..., Post]) -> None:
    """Two made-up versions: the post's text is renamed twice, whatever the order the steps are listed in."""
    now, first, second = schema.VERSION, schema.VERSION + 1, schema.VERSION + 2
    steps = (Migration(second, "b becomes c", renaming("b", "c")), Migration(first, "a becomes b", renaming("a", "b")))
    await store.posts.upsert([a_post()])
    await store.database["posts"].update_many({}, {"$set": {"a": 1}})
    with pytest.raises(SchemaError, match=f"version {now}, this program needs {second}"):
        await schema.check(store.database, version=second)
    assert await schema.migrate(store.database, steps=steps, version=second) == [
        f"Version {first}: a becomes b",
        f"Version {second}: b becomes c",
    ]
    await schema.check(store.database, version=second)
    assert await store.database["posts"].count_documents({"c": 1}) == 1
    assert await schema.migrate(store.database, steps=steps, version=second) == []


async def test_an_interrupted_migration_goes_on_where_it_stopped(store: Store) -> None:
    calls: list[int] = []
    first, second = schema.VERSION + 1, schema.VERSION + 2

    def step(to: int, *, dies: bool = False) -> Migration:
        async def run(_database: AsyncDatabase[dict[str, Any]]) -> None:
            calls.append(to)
            if dies:
                raise RuntimeError("power cut")

        return Migration(to, f"step {to}", run)

    with pytest.raises(RuntimeError, match="power cut"):
        await schema.migrate(store.database, steps=(step(first), step(second, dies=True)), version=second)
    steps = (step(first), step(second))
    assert await schema.migrate(store.database, steps=steps, version=second) == [f"Version {second}: step {second}"]
    assert calls == [first, second, second]


def test_there_is_a_step_to_each_version() -> None:
    assert [step.to for step in schema.MIGRATIONS] == list(range(2, schema.VERSION + 1))


async def test_version_1__its_hours_are_marked_for_rollups(store: Store, config: Config, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert([a_post()])
    for name in ("roll_hour", "roll_top_hour"):
        await store.database.drop_collection(name)
    await store.database["dirty"].delete_many({})
    await store.database["meta"].update_one({"_id": "schema"}, {"$set": {"version": 1}})
    assert (await migrate(config))[0] == "Version 2: added rollups of every hour; `monitor rollup` counts them."
    assert await store.database["dirty"].count_documents({}) == 1
    assert {"roll_hour", "roll_top_hour"} <= set(await store.database.list_collection_names())
    await (await open_store(config)).close()
