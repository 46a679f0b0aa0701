"""What needs somebody, in sentences."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from monitor.field_drop import Filled
from monitor.fleet.advice import advice
from monitor.store.fleet_view import EggView, FleetView, NodeView, SourceView
from monitor.store.processes import Process

NOW = datetime(2026, 11, 20, tzinfo=UTC)
NODE = NodeView(name="a", version="1.0", egg="9", running=1, max_proc=2, draining=False, silent_s=1)
PLANNER = Process(id="p", role="planner", host="a", pid=1, version="1.0", started_at=NOW)
DUE = SourceView(
    id="mastodon/tag?tag=tea", platform="mastodon", topics=("tea",), word="never ran", reason=None, polled_s=None, waits_s=5,
    worked_on=False, gaps=0, per_hour=None, interval_s=None,
)  # fmt: skip


def said(**told: Any) -> str:
    whole = {"nodes": (NODE,), "processes": (PLANNER,), "jobs": {}, **told}
    return " ".join(each.says for each in advice(FleetView(now=NOW, **whole)))


def test_advice__all_is_well__none() -> None:
    assert said(sources=(DUE,)) == ""


def test_advice__sources_are_due_and_nobody_works() -> None:
    assert said(sources=(DUE,), nodes=(), processes=()) == "1 sources are due, and no node and no crawl is at work."


def test_advice__nodes_without_a_planner() -> None:
    assert said(processes=()) == "Nodes run, and no planner: nothing is queued for them."
    assert "no planner" in said(processes=(replace(PLANNER, silent_s=100.0),))


def test_advice__a_silent_node() -> None:
    assert "Node b has given no sign of life for 90 s" in said(nodes=(NODE, replace(NODE, name="b", silent_s=90)))


def test_advice__jobs_wait_for_long() -> None:
    assert said(pending_s=10.0) == ""
    assert said(pending_s=600.0) == "A job has waited for 10 minutes: the nodes have no room."


def test_advice__mixed_versions__are_named_with_who_runs_them() -> None:
    mixed = said(nodes=(NODE, replace(NODE, name="b", version="1.1")))
    assert mixed == "Mixed versions of this program run: 1.0 (node a, planner on a); 1.1 (node b)."


def test_advice__nodes_that_know_different_eggs() -> None:
    assert said(nodes=(NODE, replace(NODE, name="b", egg="10"))) == "Nodes have seen different deployed versions: 10, 9."


def test_advice__a_stopped_version__with_the_reason() -> None:
    egg = EggView(version="10", deployed_at=NOW, stopped="the field language of mastodon is gone")
    assert said(eggs=(egg,)) == "The deployed version 10 is stopped: the field language of mastodon is gone."


def test_advice__a_field_that_a_platform_took_away() -> None:
    days = [
        Filled(platform="mastodon", version="9", day="2026-11-19", posts=1000, known={"language": 900}),
        Filled(platform="mastodon", version="9", day="2026-11-20", posts=1000),
    ]
    told = said(filled=days, eggs=(EggView(version="9", deployed_at=NOW, stopped=None),))
    assert told == (
        "In version 9 the field language of mastodon is known in 0% of posts, and was in 90% on earlier days: the platform has changed."
    )


def test_advice__a_job_that_was_given_up() -> None:
    assert said(dead=[("mastodon", "lost 5 times")]) == "A job of mastodon was given up: lost 5 times."
