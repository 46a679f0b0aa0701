"""Looks of real nodes at a real MongoDB: what is taken, held, given back, written down and left to others."""

import os
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.config import Config
from monitor.errors import StoreUnavailableError
from monitor.fleet.local_node import LocalNode, open_node
from monitor.fleet.look import TAIL_BYTES, Ended, Looker, Seen, tail
from monitor.store.connection import open_store
from monitor.store.jobs import Job, Jobs

AWAY = StoreUnavailableError("MongoDB does not answer.")


@dataclass
class Looking:
    """A node and its looks."""

    node: LocalNode
    looker: Looker

    def look(self, *running: str, free: int = 0, ended: Sequence[Ended] = ()) -> Seen:
        return self.looker.look(free=free, running=running, ended={each.job: each for each in ended})

    def claims(self, *running: str) -> list[str]:
        return [job.id for job in self.look(*running, free=1).claimed]

    def add(self, *names: str) -> None:
        for name in names:
            self.node.jobs.add(name, project="monitor", spider="mastodon", args={}, settings={})
            time.sleep(0.002)  # their order is by milliseconds

    def deploy(self, version: str, *requires: str) -> None:
        self.node.eggs.put(
            version.encode(), project="monitor", version=version, order=version, requires=requires, spiders=["mastodon"]
        )

    def job(self, name: str) -> Job:
        found = self.node.jobs.find(name)
        assert found is not None
        return found

    def lose(self) -> None:
        """Let the leases of this node run out."""
        past = {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": 1}}
        self.node.jobs.database["jobs"].update_many({"boot": self.node.boot}, [{"$set": {"until": past}}])

    def told(self) -> Any:
        return next(node for node in self.node.nodes.list_all() if node.name == self.node.name)


@pytest.fixture
async def looking(config: Config) -> AsyncIterator[Callable[..., Looking]]:
    """Make a node, or another life of one, and its looks."""
    await (await open_store(config)).close()  # makes the indexes
    made: list[Looking] = []

    def make(name: str = "a") -> Looking:
        node = open_node(config, name=name)
        made.append(Looking(node, Looker(node)))
        return made[-1]

    yield make
    for each in made:
        each.node.jobs.database.client.close()


@pytest.fixture
def a(looking: Callable[..., Looking]) -> Looking:
    """A node with a version to run."""
    made = looking()
    made.deploy("1")
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The clock of this machine; it stands still."""
    made = SimpleNamespace(now_s=1000.0)
    monkeypatch.setattr("monitor.fleet.look.time", SimpleNamespace(monotonic=lambda: made.now_s))
    return made


def away(_project: str) -> None:
    raise AWAY


def ended(name: str, *, code: int = 0, log: Path = Path("none"), given_back: bool = False) -> Ended:
    return Ended(job=name, exit_code=code, log=log, given_back=given_back)


# ---- what is taken


def test_look__takes_as_many_jobs_as_there_is_room_for(a: Looking) -> None:
    a.add("j1", "j2", "j3")
    assert [job.id for job in a.look(free=2).claimed] == ["j1", "j2"]
    assert a.look("j1", "j2").claimed == ()
    assert (a.job("j2").node, a.job("j3").state) == ("a", "pending")


def test_look__nothing_is_deployed__takes_nothing(looking: Callable[..., Looking]) -> None:
    made = looking()
    made.add("j")
    assert made.claims() == []
    made.deploy("1")
    assert made.claims() == ["j"]


def test_look__is_to_be_drained__takes_no_more_and_holds_what_it_has(a: Looking) -> None:
    a.add("j1", "j2")
    assert a.claims() == ["j1"]
    a.node.nodes.drain("a", draining=True)
    assert (a.claims("j1"), a.look("j1").lost) == ([], frozenset())
    a.node.nodes.drain("a", draining=False)
    assert a.claims("j1") == ["j2"]


def test_look__the_newest_version_needs_what_is_not_here__says_so_and_takes_nothing_until_another_comes(a: Looking) -> None:
    a.deploy("2", "no-such-package>=2")
    a.add("j")
    assert a.claims() == []
    assert a.told().problem == "version 2 requires no-such-package>=2 (not installed)"
    a.deploy("3", "scrapy>=2")
    assert (a.claims(), a.told().problem) == (["j"], None)


def test_look__another_process_has_the_name__this_one_takes_no_more(a: Looking, looking: Callable[..., Looking]) -> None:
    a.add("j1", "j2")
    assert a.claims() == ["j1"]
    a.node.jobs.start("j1", boot=a.node.boot, pid=os.getpid(), ran="1")
    later = looking("a")
    assert later.look().claimed == ()
    assert (a.claims("j1"), a.look("j1").lost) == ([], frozenset())
    assert later.claims() == ["j2"]


def test_look__the_second_claim_fails__the_first_is_not_forgotten(a: Looking) -> None:
    class Unsure(Jobs):
        claims = 0

        def claim(self, *args: Any, **more: Any) -> Job | None:
            self.claims += 1
            if self.claims > 1:
                raise AWAY
            return super().claim(*args, **more)

    a.add("j1", "j2")
    node = replace(a.node, jobs=Unsure(a.node.jobs.database))
    assert [job.id for job in Looker(node).look(free=2, running=(), ended={}).claimed] == ["j1"]


# ---- what is held, lost and cancelled


def test_look__a_job_of_which_it_has_no_process__is_queued_again(a: Looking) -> None:
    """The claim whose answer never came."""
    a.add("unheard", "heard")
    for _ in range(2):
        a.node.jobs.claim("monitor", node="a", boot=a.node.boot, host=a.node.host, lease_s=60)
    a.look("heard")
    assert {name: (a.job(name).state, a.job(name).attempts) for name in ("unheard", "heard")} == {
        "unheard": ("pending", 0),
        "heard": ("leased", 1),
    }


def test_look__tells_what_was_cancelled_and_what_is_anothers(a: Looking, looking: Callable[..., Looking]) -> None:
    a.add("kept", "cancelled", "lost")
    assert len(a.look(free=3).claimed) == 3
    a.node.jobs.cancel("cancelled", project="monitor")
    a.node.jobs.database["jobs"].update_one({"_id": "lost"}, {"$set": {"boot": "b1", "node": "b"}})
    seen = a.look("kept", "cancelled", "lost")
    assert (seen.cancelled, seen.lost) == (frozenset({"cancelled"}), frozenset({"lost"}))


def test_look__a_job_is_lost_while_its_process_is_here__it_is_left_to_others_until_that_has_ended(
    a: Looking, looking: Callable[..., Looking]
) -> None:
    """Else the end of the old process would be taken for that of the new one: both are of one life of the node."""
    a.add("j")
    assert a.claims() == ["j"]
    a.lose()
    a.node.jobs.requeue_lost()
    seen = a.look("j", free=1)
    assert (seen.claimed, seen.lost) == ((), frozenset({"j"}))
    seen = a.look(free=1, ended=[ended("j", code=-9)])
    assert ([job.id for job in seen.claimed], seen.recorded) == (["j"], frozenset({"j"}))
    assert (a.job("j").state, a.job("j").exit_code, a.job("j").attempts) == ("leased", None, 2)
    a.lose()
    a.node.jobs.requeue_lost()
    other = looking("b")
    assert (a.claims("j"), other.claims()) == ([], ["j"])


@pytest.mark.parametrize(
    ("away_s", "waits"),
    [
        pytest.param(None, False, id="no break"),
        pytest.param(0.3, False, id="shorter than leases are renewed"),
        pytest.param(0.4, True, id="longer"),
    ],
)
def test_look__what_nobody_holds__is_queued_again_after_a_lease_without_a_long_break(
    a: Looking,
    looking: Callable[..., Looking],
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
    away_s: float | None,
    waits: bool,
) -> None:
    """After a break in which leases ran out, whoever holds them gets a turn to renew them first."""
    a.add("j")
    assert a.claims() == ["j"]
    a.lose()
    b = looking("b")
    b.look()
    clock.now_s += b.node.lease_s / 2
    b.look()
    if away_s is not None:
        clock.now_s += b.node.lease_s * away_s
        with monkeypatch.context() as patched:
            patched.setattr(b.node.eggs, "find", away)
            with pytest.raises(StoreUnavailableError):
                b.look()
        b.look()
    clock.now_s += b.node.lease_s / 2
    b.look()
    assert a.job("j").state == ("leased" if waits else "pending")
    clock.now_s += b.node.lease_s / 2
    assert b.claims() == ["j"]


def test_look__the_first_of_a_life__queues_what_the_last_one_held_where_its_process_is_gone(
    a: Looking, looking: Callable[..., Looking]
) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    a.add("gone", "here", "elsewhere")
    assert len(a.look(free=3).claimed) == 3
    for name, pid in (("gone", gone.pid), ("here", os.getpid()), ("elsewhere", gone.pid)):
        a.node.jobs.start(name, boot=a.node.boot, pid=pid, ran="1")
    a.node.jobs.database["jobs"].update_one({"_id": "elsewhere"}, {"$set": {"host": f"not-{socket.gethostname()}"}})
    looking("a").look()
    assert {name: a.job(name).state for name in ("gone", "here", "elsewhere")} == {
        "gone": "pending",
        "here": "leased",
        "elsewhere": "leased",
    }


# ---- what is written down


def test_look__what_ended__is_written_down_with_the_end_of_its_log(a: Looking, tmp_path: Path) -> None:
    (tmp_path / "j.log").write_text("first\nlast", encoding="utf-8")
    a.add("j", "given")
    assert len(a.look(free=2).claimed) == 2
    seen = a.look(ended=[ended("j", code=6, log=tmp_path / "j.log"), ended("given", given_back=True)])
    assert seen.recorded == frozenset({"j", "given"})
    assert (a.job("j").state, a.job("j").exit_code, a.node.jobs.log_tail("j")) == ("finished", 6, "first\nlast")
    assert (a.job("given").state, a.job("given").attempts) == ("pending", 0)


def test_look__what_ended_is_anothers_by_now__changes_nothing_and_is_told_no_more(
    a: Looking, looking: Callable[..., Looking], caplog: pytest.LogCaptureFixture
) -> None:
    a.add("j")
    assert a.claims() == ["j"]
    a.lose()
    a.node.jobs.requeue_lost()
    b = looking("b")
    assert b.claims() == ["j"]
    assert a.look(ended=[ended("j", code=1)]).recorded == frozenset({"j"})
    assert (a.job("j").state, a.job("j").boot, a.job("j").exit_code) == ("leased", b.node.boot, None)
    assert "event=late_finish job=j" in caplog.text


def test_leave__writes_down_what_ended__gives_the_rest_back__and_is_forgotten(a: Looking) -> None:
    a.add("over", "unstarted")
    assert len(a.look(free=2).claimed) == 2
    a.looker.leave({"over": ended("over")}, unstarted=["unstarted"])
    assert (a.job("over").state, a.job("unstarted").state, a.job("unstarted").attempts) == ("finished", "pending", 0)
    assert a.node.nodes.list_all() == []


@pytest.mark.parametrize("size", [0, 10, TAIL_BYTES, TAIL_BYTES + 1])
def test_tail__is_the_end_of_a_log_and_no_longer_than_is_kept(tmp_path: Path, size: int) -> None:
    content = "".join(chr(ord("a") + number % 26) for number in range(size))
    (tmp_path / "log").write_text(content, encoding="utf-8")
    assert tail(tmp_path / "log") == content[-TAIL_BYTES:]


def test_tail__of_no_log_or_of_one_cut_inside_a_letter__is_text(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\xbf" + "ü".encode())
    assert (tail(tmp_path / "none"), tail(tmp_path / "log")) == ("", "\N{REPLACEMENT CHARACTER}ü")
