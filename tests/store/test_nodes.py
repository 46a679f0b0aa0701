"""Nodes: what each last told, by the server's clock."""

from typing import Any

import pytest

from monitor.config import Config
from monitor.store.nodes import Nodes
from monitor.store.synchronous import connect

TOLD = {
    "address": "http://127.0.0.1:6800/",
    "version": "1",
    "egg": None,
    "max_proc": 4,
    "running": 0,
    "problem": None,
    "host": "h",
}


@pytest.fixture
def nodes(config: Config) -> Any:
    database = connect(config, answer_s=10)
    yield Nodes(database)
    database.client.close()


def test_beat__tells_a_drain__until_the_node_is_started_again(nodes: Nodes) -> None:
    nodes.start("a", boot="1", told=TOLD)
    assert nodes.beat("a", boot="1", told=TOLD) is False
    assert nodes.drain("a", draining=True)
    assert nodes.beat("a", boot="1", told=TOLD | {"running": 3}) is True
    (found,) = nodes.list_all()
    assert (found.draining, found.running, found.age_s < 60) == (True, 3, True)
    nodes.start("a", boot="2", told=TOLD)
    assert nodes.beat("a", boot="2", told=TOLD) is False
    assert not nodes.drain("b", draining=True)


def test_beat__of_a_node_whose_name_another_process_took__says_so(nodes: Nodes) -> None:
    nodes.start("a", boot="1", told=TOLD)
    nodes.start("a", boot="2", told=TOLD)
    assert nodes.beat("a", boot="1", told=TOLD) is None
    nodes.remove("a", boot="1")
    assert [node.boot for node in nodes.list_all()] == ["2"]
