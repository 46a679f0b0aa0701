"""A node that is killed alone: its jobs end by themselves, and say so, so that others have them long before the lease is over."""

from collections.abc import Callable
from typing import Any

LEASE_S = 180.0
SOON_S = LEASE_S / 3  # of a busy machine


def test_kill__of_a_node_alone__another_runs_its_job_before_the_lease_is_over(fleet: Any, shifts: Callable[..., Any]) -> None:
    polling = shifts(fleet)
    for name in ("one", "two"):
        fleet.start(name, max_proc=1, MONITOR_JOB_LEASE_S=str(LEASE_S))
    for node in fleet.nodes.values():
        fleet.wait(node.answers, or_say=node.said)
    fleet.deploy(fleet.nodes["one"], "1.0")
    polling.watch(5)
    polling.schedule(fleet.nodes["one"], "shift")
    polling.await_running()
    fleet.wait(lambda: len(polling.finished()) == 5, or_say=polling.finished)
    victim = fleet.nodes.pop(fleet.job("shift")["node"])
    other = next(iter(fleet.nodes.values()))
    at = polling.now()
    victim.kill()
    fleet.nodes[victim.name] = victim
    fleet.wait(lambda: fleet.job("shift")["attempts"] == 2, or_say=lambda: fleet.job("shift"), within_s=SOON_S)
    assert fleet.job("shift")["node"] == other.name
    polling.await_all_polled(after=at, within_s=SOON_S)
    assert fleet.job("shift")["requeued"] == 1
    polling.cancel(other)
    compared, _ = polling.compared()
    assert compared.exact, compared.examples
