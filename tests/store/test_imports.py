"""Imported files: where one goes on, what the ledger and the sources say of it, and that saying it twice changes nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.imports import File, Imports, Posts, Progress

FILE = File(name="a.jsonl", sha256="ab" * 32, format="twarc")
AT = datetime(2021, 6, 1, tzinfo=UTC)
HALF = Progress(lines=2, rows=5, new=3, unchanged=1, set_aside=1, platforms={"x": Posts(count=4, first_at=AT, last_at=AT)})


@pytest.fixture
def imports(store: Store) -> Imports:
    return Imports(store.database)


async def test_a_file_that_was_cut_short__goes_on__and_one_that_is_done_begins_again(imports: Imports) -> None:
    assert await imports.begin(FILE) == Progress()
    await imports.keep(FILE, HALF)
    assert await imports.begin(FILE) == HALF
    assert await imports.begin(replace(FILE, name="renamed.jsonl")) == HALF
    await imports.keep(FILE, replace(HALF, done=True))
    assert await imports.begin(FILE) == Progress()


@pytest.mark.parametrize("other", [{"sha256": "cd" * 32}, {"format": "4cat"}, {"columns": "{}"}])
async def test_another_content_or_way_of_reading__is_another_file(imports: Imports, other: dict[str, str]) -> None:
    await imports.keep(FILE, HALF)
    assert await imports.begin(replace(FILE, **other)) == Progress()


async def test_the_ledger__has_one_entry_that_grows_with_what_is_read(store: Store, imports: Imports) -> None:
    grown = HALF + Progress(platforms={"x": Posts(count=2, first_at=AT - timedelta(days=1), last_at=AT + timedelta(days=1))})
    for progress in (HALF, grown, grown, HALF):
        await imports.keep(FILE, progress)
    (entry,) = await store.database["ledger"].find().to_list()
    assert (entry["state"], entry["posts"]) == ("imported", 6)
    assert (entry["from"], entry["to"]) == (AT - timedelta(days=1), AT + timedelta(days=1, milliseconds=1))
    (standing,) = await store.sources.list_all()
    assert standing.source == FILE.source("x")
    assert await store.sources.list_all(polled=True) == []
    assert (standing.state, standing.owner) == ("ok", None)


async def test_a_file_for_a_topic__serves_it__and_a_second_import_without_does_not_take_it_away(
    store: Store, imports: Imports
) -> None:
    await imports.keep(FILE, HALF, topics=("tea",))
    await imports.keep(FILE, HALF)
    (standing,) = await store.sources.list_all()
    assert standing.source.topics == ("tea",)
    assert not standing.due(datetime(2099, 1, 1, tzinfo=UTC))


async def test_the_map_of_a_table__is_remembered_for_replays(imports: Imports) -> None:
    table = replace(FILE, format="csv", columns='{"columns": {}}')
    await imports.keep(table, HALF)
    assert await imports.columns(table.source("x")) == '{"columns": {}}'
    assert await imports.columns(FILE.source("x")) is None


def test_the_source_of_a_file__can_be_read_from_its_id() -> None:
    source = File(name="ü & b?.csv", sha256="ab", format="csv").source("x")
    assert source.id == "x/import?file=%C3%BC%20%26%20b%3F.csv&format=csv&sha256=ab"
    assert source.imported
    assert not Source(platform="x", kind="search").imported
