"""Jobs: one holder at a time by the server's clock, queued again when it is lost, given up after too many tries."""

import asyncio
import threading
import time
from typing import Any

import pytest

from monitor.config import Config
from monitor.errors import UsageError
from monitor.store.connection import open_store
from monitor.store.job_lease import JobLease
from monitor.store.jobs import MOST_ATTEMPTS, Jobs
from monitor.store.synchronous import connect

LEASE_S = 60.0
GONE_S = 0.05


@pytest.fixture
async def jobs(config: Config) -> Any:
    await (await open_store(config)).close()  # makes the indexes
    database = connect(config, answer_s=10)
    yield Jobs(database)
    database.client.close()


def add(jobs: Jobs, job_id: str, *, priority: float = 0.0, version: str | None = None) -> None:
    jobs.add(
        job_id, project="monitor", spider="mastodon", version=version, args={"shift": "10m"}, settings={}, priority=priority
    )


def claim(jobs: Jobs, *, node: str = "a", boot: str = "a1", lease_s: float = LEASE_S) -> Any:
    return jobs.claim("monitor", node=node, boot=boot, host="h", lease_s=lease_s)


def lose(jobs: Jobs, boot: str = "a1") -> None:
    """Let the leases of a boot run out."""
    past = {"$dateSubtract": {"startDate": "$$NOW", "unit": "millisecond", "amount": 1}}
    jobs.database["jobs"].update_many({"boot": boot, "state": "leased"}, [{"$set": {"until": past}}])


def test_claim__takes_the_highest_priority__then_the_oldest(jobs: Jobs) -> None:
    for number, priority in enumerate((0, 5, 0, 5)):
        add(jobs, f"j{number}", priority=priority)
        time.sleep(0.002)
    assert [job.id for job in jobs.waiting("monitor")] == ["j1", "j3", "j0", "j2"]
    assert [claim(jobs).id for _ in range(4)] == ["j1", "j3", "j0", "j2"]
    assert claim(jobs) is None


def test_claim__besides_some__leaves_them_to_others(jobs: Jobs) -> None:
    add(jobs, "first", priority=1)
    add(jobs, "second")
    claimed = jobs.claim("monitor", node="a", boot="a1", host="h", lease_s=LEASE_S, besides=["first"])
    assert claimed is not None
    assert (claimed.id, claim(jobs).id) == ("second", "first")


def test_add__of_an_id_that_is_there__changes_nothing(jobs: Jobs) -> None:
    add(jobs, "j")
    assert claim(jobs).id == "j"
    with pytest.raises(UsageError, match="There is a job j already"):
        add(jobs, "j")
    assert jobs.counts() == {"leased": 1}


def test_add__values_that_look_like_operators__are_stored_as_they_are(jobs: Jobs) -> None:
    jobs.add("j", project="monitor", spider="mastodon", args={"query": "$$NOW", "tag": "$state"}, settings={})
    assert claim(jobs).args == {"query": "$$NOW", "tag": "$state"}


def test_claim__by_16_threads_at_once__gives_each_job_to_one(jobs: Jobs) -> None:
    for number in range(40):
        add(jobs, f"j{number}")
    won: list[str] = []

    def work(boot: str) -> None:
        while (job := claim(jobs, node=boot, boot=boot)) is not None:
            won.append(job.id)

    threads = [threading.Thread(target=work, args=(f"b{number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == sorted(f"j{number}" for number in range(40))


def test_requeue__of_a_lost_job__lets_another_node_have_it__and_the_first_changes_nothing_more(jobs: Jobs) -> None:
    add(jobs, "j")
    claim(jobs)
    lose(jobs)
    assert (jobs.requeue_lost(), jobs.requeue_lost()) == (1, 0)
    again = claim(jobs, node="b", boot="b1")
    assert (again.attempts, again.requeued, again.node) == (2, 1, "b")
    assert jobs.renew(["j"], boot="a1", lease_s=LEASE_S) == {}
    assert not jobs.finish("j", boot="a1", exit_code=0, log_tail="late")
    assert not jobs.start("j", boot="a1", pid=1, ran="1")
    assert jobs.give_back(["j"], boot="a1") == 0
    assert (jobs.find("j").state, jobs.find("j").boot, jobs.log_tail("j")) == ("leased", "b1", None)  # type: ignore[union-attr]
    assert jobs.finish("j", boot="b1", exit_code=0, log_tail="done")
    assert (jobs.find("j").state, jobs.log_tail("j")) == ("finished", "done")  # type: ignore[union-attr]


def test_renew__of_a_lease_that_ran_out_and_that_nobody_took__holds_it_again(jobs: Jobs) -> None:
    add(jobs, "j")
    claim(jobs)
    lose(jobs)
    assert jobs.renew(["j"], boot="a1", lease_s=LEASE_S) == {"j": False}
    assert jobs.requeue_lost() == 0


def test_job__lost_as_often_as_is_tried__is_dead_and_frees_its_slot(jobs: Jobs) -> None:
    add(jobs, "j")
    jobs.database["jobs"].update_one({"_id": "j"}, {"$set": {"slot": "s", "live_slot": "s"}})
    for number in range(MOST_ATTEMPTS):
        assert claim(jobs, boot=f"b{number}").attempts == number + 1
        lose(jobs, f"b{number}")
        assert jobs.requeue_lost() == 1
    dead = jobs.find("j")
    assert dead is not None
    assert (dead.state, dead.reason) == (
        "dead", "lost 5 times: its node or its process died, or could not reach MongoDB, each time",
    )  # fmt: skip
    assert claim(jobs) is None
    assert "live_slot" not in jobs.database["jobs"].find_one({"_id": "j"})  # type: ignore[operator]


def test_give_back__counts_as_not_tried(jobs: Jobs) -> None:
    add(jobs, "j")
    claim(jobs)
    assert jobs.give_back(["j"], boot="a1") == 1
    assert (jobs.find("j").state, jobs.find("j").attempts) == ("pending", 0)  # type: ignore[union-attr]


def test_give_back_strangers__returns_what_was_claimed_without_being_heard_of(jobs: Jobs) -> None:
    add(jobs, "heard")
    add(jobs, "unheard")
    claim(jobs)
    claim(jobs)
    assert jobs.give_back_strangers(["heard"], boot="a1") == 1
    assert [job.id for job in jobs.waiting("monitor")] == ["unheard"]


def test_cancel__of_a_pending_job_at_once__of_a_running_one_by_its_node(jobs: Jobs) -> None:
    add(jobs, "running")
    claim(jobs)
    add(jobs, "waiting")
    assert [jobs.cancel(name, project="monitor") for name in ("waiting", "running", "none")] == ["pending", "leased", None]
    assert (jobs.find("waiting").state, jobs.find("running").state) == ("cancelled", "leased")  # type: ignore[union-attr]
    assert jobs.renew(["running"], boot="a1", lease_s=LEASE_S) == {"running": True}
    assert jobs.finish("running", boot="a1", exit_code=130, log_tail="")
    assert jobs.find("running").state == "cancelled"  # type: ignore[union-attr]
    assert jobs.cancel("running", project="monitor") is None


def test_cancel__of_a_job_whose_node_died__does_not_run_it_again(jobs: Jobs) -> None:
    add(jobs, "j")
    claim(jobs)
    jobs.cancel("j", project="monitor")
    lose(jobs)
    assert jobs.requeue_lost() == 1
    assert jobs.find("j").state == "cancelled"  # type: ignore[union-attr]


async def test_job_that_has_fallen_silent__is_spoken_for_no_more(jobs: Jobs, config: Config) -> None:
    """The node speaks for a job that starts, and for one that has spoken lately; not for a process that is stuck."""
    add(jobs, "starts")
    add(jobs, "spoke")
    add(jobs, "stuck")
    names = [claim(jobs, lease_s=GONE_S).id for _ in range(3)]
    store = await open_store(config)
    assert await JobLease(store.database, job="spoke", boot="a1").renew(lease_s=GONE_S)
    assert not await JobLease(store.database, job="spoke", boot="other").renew(lease_s=GONE_S)
    await store.close()
    ago = {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": 10}}
    jobs.database["jobs"].update_one({"_id": "stuck"}, [{"$set": {"alive_at": ago}}])
    assert jobs.renew(names, boot="a1", lease_s=2.0).keys() == set(names)
    await asyncio.sleep(2 * GONE_S)
    assert jobs.requeue_lost() == 1
    assert [job.id for job in jobs.waiting("monitor")] == ["stuck"]


@pytest.mark.parametrize(("attempts", "state"), [(1, "pending"), (MOST_ATTEMPTS, "dead")])
async def test_job_that_lets_go__is_queued_again_at_once__but_not_for_ever(
    jobs: Jobs, config: Config, attempts: int, state: str
) -> None:
    add(jobs, "j")
    claim(jobs)
    jobs.database["jobs"].update_one({"_id": "j"}, {"$set": {"attempts": attempts}})
    store = await open_store(config)
    assert not await JobLease(store.database, job="j", boot="other").let_go()
    assert await JobLease(store.database, job="j", boot="a1").let_go()
    assert not await JobLease(store.database, job="j", boot="a1").let_go()
    await store.close()
    found = jobs.find("j")
    assert found is not None
    assert (found.state, found.attempts, found.until) == (state, attempts, None)


def test_slot__that_is_live__takes_no_second_job(jobs: Jobs) -> None:
    stored = jobs.database["jobs"]
    base = {"project": "monitor", "spider": "mastodon", "state": "pending"}
    stored.insert_one({**base, "_id": "a", "live_slot": "s"})
    for _ in range(2):
        with pytest.raises(Exception, match="E11000"):
            stored.insert_one({**base, "_id": "b", "live_slot": "s"})
    stored.insert_one({**base, "_id": "c"})
    stored.insert_one({**base, "_id": "d"})
