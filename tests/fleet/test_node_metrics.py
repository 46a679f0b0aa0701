"""What a node tells Prometheus of itself."""

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.fleet.launcher import OUTCOMES, outcome
from monitor.fleet.node_metrics import exposition


def told(text: str) -> dict[tuple[str, str], float]:
    """Values by name and outcome."""
    families = text_string_to_metric_families(text)
    return {(sample.name, sample.labels.get("outcome", "")): sample.value for each in families for sample in each.samples}


def test_exposition__jobs_slots_ends_and_the_process() -> None:
    found = told(exposition(running=2, max_proc=4, ended={"well": 7, "failed": 1, "killed": 0}).decode())
    assert found["monitor_node_jobs", ""] == 2
    assert found["monitor_node_slots", ""] == 4
    assert {word: found["monitor_node_jobs_ended_total", word] for word in OUTCOMES} == {"well": 7, "failed": 1, "killed": 0}
    assert found["process_resident_memory_bytes", ""] > 1e6


@pytest.mark.parametrize(("code", "word"), [(0, "well"), (1, "failed"), (130, "failed"), (-9, "killed"), (-15, "killed")])
def test_outcome(code: int, word: str) -> None:
    assert outcome(code) == word


def test_metrics__of_a_node__by_http__while_mongodb_is_not_asked(fleet: Any) -> None:
    node = fleet.started("told", max_proc=3)
    reply = node.call("metrics")
    assert (reply.status, reply.headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
    found = told(reply.body.decode())
    assert (found["monitor_node_slots", ""], found["monitor_node_jobs", ""]) == (3, 0)
    assert all(found["monitor_node_jobs_ended_total", word] == 0 for word in OUTCOMES)
