"""Commands as they are typed, on this test's own database; and the simulated platforms."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any

import pytest
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from click.testing import CliRunner, Result
from pymongo import MongoClient

from monitor.cli import monitor
from monitor.config import Config
from monitor.simulator.process import simulated
from monitor.store.connection import Store, open_store


@pytest.fixture(scope="session")
def simulator() -> Iterator[Mapping[str, Any]]:
    """The addresses of a small simulated world that takes its time."""
    with simulated(["--seed", "11", "--days", "2", "--posts", "400", "--delay", "300"]) as addresses:
        yield addresses


@pytest.fixture
def own_database(config: Config, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Let commands of this test, and the processes that they start, find this test's database."""
    assert config.mongodb_uri is not None
    monkeypatch.setenv("MONGODB_URI", config.mongodb_uri.reveal())
    monkeypatch.setenv("MONITOR_DATABASE", config.database)
    monkeypatch.setenv("MONITOR_PRIVATE_HOSTS", "127.0.0.1")
    return config


@pytest.fixture
def command(own_database: Config) -> Callable[..., Result]:
    """Type `monitor ...` on this test's database."""
    return lambda *words: CliRunner().invoke(monitor, list(words))


@pytest.fixture
def with_store(config: Config) -> Callable[[Callable[[Store], Coroutine[Any, Any, Any]]], Any]:
    """Do something with the open store of this test's database and return what it gives."""

    def run(work: Callable[[Store], Coroutine[Any, Any, Any]]) -> Any:
        async def opened() -> Any:
            store = await open_store(config)
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(opened())

    return run


@pytest.fixture(scope="session")
def _kept() -> dict[str, dict[str, list[RawBSONDocument]]]:
    return {}


@pytest.fixture
def remembered(own_database: Config, _kept: dict[str, dict[str, list[RawBSONDocument]]]) -> Callable[..., None]:
    """Fill this test's database by what is told; the next test that asks for the same gets a copy of all documents instead."""
    assert own_database.mongodb_uri is not None
    uri, options = own_database.mongodb_uri.reveal(), CodecOptions(document_class=RawBSONDocument)

    def filled(name: str, fill: Callable[[], None]) -> None:
        with MongoClient[Any](uri) as client:
            database = client.get_database(own_database.database, options)
            if name not in _kept:
                fill()
                _kept[name] = {each: list(database[each].find()) for each in database.list_collection_names() if each != "meta"}
                return
            for each, documents in _kept[name].items():
                if documents:
                    database[each].insert_many(documents)

    return filled
