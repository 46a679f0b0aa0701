"""`monitor fleet` commands as they are typed, on what nodes and jobs left in the database."""

import json
from collections.abc import Callable, Iterator

import pytest
from click.testing import Result

from monitor.config import Config
from monitor.fleet.version import order
from monitor.store.eggs import Eggs
from monitor.store.jobs import Jobs
from monitor.store.nodes import Nodes
from monitor.store.synchronous import connect

Command = Callable[..., Result]
TOLD = {
    "address": "http://127.0.0.1:6800/",
    "version": "1",
    "egg": "1",
    "max_proc": 4,
    "running": 1,
    "problem": None,
    "host": "h",
}


@pytest.fixture
def jobs(command: Command, config: Config) -> Iterator[Jobs]:
    """One job that failed, one that runs, one that waits, one that is dead; a node for each state."""
    assert command("fleet", "status").exit_code == 0  # makes the schema
    database = connect(config, answer_s=10)
    jobs, nodes, eggs = Jobs(database), Nodes(database), Eggs(database)
    for name in ("failed", "runs", "dead", "waits"):
        jobs.add(
            name,
            project="monitor",
            spider="mastodon",
            args={"tag": "a"},
            settings={},
            priority=-"failed runs dead waits".index(name),
        )
    for name in ("failed", "runs", "dead"):
        found = jobs.claim("monitor", node="one", boot="1", host="h", lease_s=60)
        assert found is not None
        assert found.id == name
    jobs.finish("failed", boot="1", exit_code=4, log_tail="refused\n")
    database["jobs"].update_one({"_id": "dead"}, {"$set": {"until": found.created_at, "attempts": 5}})
    assert jobs.requeue_lost() == 1
    for name in ("one", "old"):
        nodes.start(name, boot="1", told=TOLD)
    database["nodes"].update_one({"_id": "old"}, {"$set": {"seen_at": found.created_at, "version": "0"}})
    database["nodes"].update_one(
        {"_id": "old"}, [{"$set": {"seen_at": {"$dateSubtract": {"startDate": "$$NOW", "unit": "hour", "amount": 1}}}}]
    )
    eggs.put(b"x", project="monitor", version="1", order=order("1"), requires=[], spiders=["mastodon"])
    eggs.put(b"y", project="monitor", version="2", order=order("2"), requires=[], spiders=["mastodon"])
    database["eggs"].update_one({"_id": "monitor:2"}, {"$set": {"stopped": {"reason": "the field text is gone"}}})
    yield jobs
    database.client.close()


def test_status__of_an_empty_fleet__says_what_to_do(command: Command) -> None:
    said = command("fleet", "status").output
    assert "Nothing is deployed yet" in said
    assert "start one with: monitor fleet node" in said


def test_status__tells_nodes_versions_jobs_and_what_went_wrong(command: Command, jobs: Jobs) -> None:
    told = json.loads(command("fleet", "status", "--json").output)
    assert [(node["name"], node["state"]) for node in told["nodes"]] == [("old", "silent"), ("one", "ok")]
    assert told["version"] == "1"
    assert told["versions"] == [{"version": "1", "stopped": None}, {"version": "2", "stopped": "the field text is gone"}]
    assert told["jobs"] == {"pending": 1, "leased": 1, "finished": 1, "cancelled": 0, "dead": 1}
    assert {each["job"]: each["outcome"].partition(":")[0] for each in told["bad"]} == {
        "failed": "credentials are missing or refused", "dead": "given up",
    }  # fmt: skip
    assert "Stopped version 2: the field text is gone" in command("fleet", "status").output


def test_jobs__tells_how_each_stands(command: Command, jobs: Jobs) -> None:
    told = json.loads(command("fleet", "jobs", "--json").output)
    assert [(job["id"], job["state"]) for job in told][:2] == [("runs", "leased"), ("waits", "pending")]
    assert {job["id"] for job in told} == {"failed", "runs", "dead", "waits"}
    assert (
        "failed" in command("fleet", "jobs", "--limit", "1").output or "dead" in command("fleet", "jobs", "--limit", "1").output
    )


def test_nodes__drain_and_its_undoing(command: Command, jobs: Jobs) -> None:
    assert "1 run still" in command("fleet", "drain", "one").output
    assert {node["name"]: node["state"] for node in json.loads(command("fleet", "nodes", "--json").stdout)} == {
        "old": "silent", "one": "draining",
    }  # fmt: skip
    assert "takes jobs again" in command("fleet", "drain", "one", "--undo").output
    refused = command("fleet", "drain", "none")
    assert "There is no node none. There are: old, one." in str(refused.exception)


def test_logs__of_a_job_that_ended__and_of_one_without(command: Command, jobs: Jobs) -> None:
    assert command("fleet", "logs", "failed").output == "refused\n"
    assert "There is no log of waits here: it is pending." in str(command("fleet", "logs", "waits").exception)
    assert "There is no job other" in str(command("fleet", "logs", "other").exception)


def test_deploy__of_what_is_no_egg__is_refused(command: Command, tmp_path: object) -> None:
    refused = command("fleet", "deploy", "--egg", __file__)
    assert "The egg is not a zip file" in str(refused.exception)
