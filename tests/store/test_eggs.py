"""Versions in MongoDB: the newest that is not stopped is used, and a version that is replaced is another egg."""

from typing import Any

import pytest

from monitor.config import Config
from monitor.fleet.version import order
from monitor.store.eggs import Eggs
from monitor.store.synchronous import connect


@pytest.fixture
def eggs(config: Config) -> Any:
    database = connect(config, answer_s=10)
    yield Eggs(database)
    database.client.close()


def put(eggs: Eggs, version: str, egg: bytes = b"egg") -> Any:
    return eggs.put(egg, project="monitor", version=version, order=order(version), requires=["scrapy>=2"], spiders=["mastodon"])


def test_find__gives_the_newest__whatever_was_deployed_last(eggs: Eggs) -> None:
    for version in ("1.9", "1.10", "1.2"):
        put(eggs, version)
    assert [egg.version for egg in eggs.list_all("monitor")] == ["1.2", "1.9", "1.10"]
    assert eggs.find("monitor").version == "1.10"  # type: ignore[union-attr]
    assert eggs.find("monitor", "1.9").requires == ("scrapy>=2",)  # type: ignore[union-attr]
    assert (eggs.find("monitor", "3"), eggs.find("other")) == (None, None)


def test_stop__lets_the_one_before_it_be_used__until_it_is_deployed_anew(eggs: Eggs) -> None:
    put(eggs, "1")
    put(eggs, "2")
    eggs.database["eggs"].update_one({"_id": "monitor:2"}, {"$set": {"stopped": {"reason": "text is gone"}}})
    assert eggs.find("monitor").version == "1"  # type: ignore[union-attr]
    assert eggs.find("monitor", "2").stopped == "text is gone"  # type: ignore[union-attr]
    put(eggs, "2", b"mended")
    assert eggs.find("monitor").version == "2"  # type: ignore[union-attr]


def test_read__gives_exactly_the_egg_that_was_found__or_nothing(eggs: Eggs) -> None:
    first = put(eggs, "1", b"first")
    assert eggs.read(first) == b"first"
    second = put(eggs, "1", b"second")
    assert (eggs.read(first), eggs.read(second), second.size) == (None, b"second", 6)


def test_delete__of_one_version_and_of_all(eggs: Eggs) -> None:
    for version in ("1", "2", "3"):
        put(eggs, version)
    assert (eggs.delete("monitor", "2"), eggs.delete("monitor", "2")) == (1, 0)
    assert eggs.delete("monitor") == 2
    assert eggs.find("monitor") is None
