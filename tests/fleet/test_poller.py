"""The poller: one look at a time, whatever fails; what ended is told until it is written down; a stop leaves no job behind."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.python.failure import Failure

from monitor.errors import StoreUnavailableError
from monitor.fleet.look import Ended, Seen
from monitor.fleet.poller import FleetPoller
from monitor.store.jobs import Job


class Looks:
    """Takes the place of reactor and threads: what goes to a thread is under way until `answer` says what came of it."""

    def __init__(self) -> None:
        self.under_way: list[tuple[Callable[..., None], tuple[Any, ...], dict[str, Any]]] = []

    def callInThreadWithCallback(  # noqa: N802 (Twisted's name)
        self, told: Callable[..., None], _work: object, *args: Any, **asked: Any
    ) -> None:
        self.under_way.append((told, args, asked))

    def callFromThread(self, work: Callable[..., None], *args: Any) -> None:  # noqa: N802 (Twisted's name)
        work(*args)

    @property
    def asked(self) -> dict[str, Any]:
        """With what the one that is under way was sent."""
        (only,) = self.under_way
        return only[2]

    def answer(self, found: Seen | BaseException | None) -> None:
        told, _, _ = self.under_way.pop(0)
        told(False, Failure(found)) if isinstance(found, BaseException) else told(True, found)


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def poller(looks: Looks, tmp_path: Path) -> FleetPoller:
    node: Any = SimpleNamespace(logs=tmp_path)
    threads: Any = looks
    return FleetPoller(node, threads, threads)


def job(name: str = "j", **more: Any) -> Job:
    return Job(id=name, project="monitor", spider="mastodon", state="leased", **more)


def ended(name: str = "j", *, code: int = 0) -> Ended:
    return Ended(job=name, exit_code=code, log=Path("none"))


def slots(poller: FleetPoller, count: int) -> list[dict[str, Any]]:
    """What slots get that wait from now on."""
    got: list[dict[str, Any]] = []
    for _ in range(count):
        poller.next().addCallback(got.append)
    return got


def hold(poller: FleetPoller, looks: Looks, *names: str) -> None:
    slots(poller, len(names))
    poller.poll()
    looks.answer(Seen(claimed=tuple(map(job, names))))
    assert set(poller.held) >= set(names)


def test_poll__asks_for_as_many_jobs_as_slots_wait__and_each_gets_one_in_scrapyds_words(
    poller: FleetPoller, looks: Looks
) -> None:
    got = slots(poller, 2)
    poller.poll()
    assert looks.asked["free"] == 2
    looks.answer(Seen(claimed=(job("a", args={"tag": "tea"}, settings={"LOG_LEVEL": "DEBUG"}), job("b", version="1.9"))))
    plain = {"_project": "monitor", "_spider": "mastodon"}
    assert got == [
        {**plain, "_job": "a", "tag": "tea", "settings": {"LOG_LEVEL": "DEBUG"}},
        {**plain, "_job": "b", "settings": {}, "_version": "1.9"},
    ]
    poller.poll()
    assert (looks.asked["free"], sorted(looks.asked["running"])) == (0, ["a", "b"])


def test_poll__while_a_look_is_under_way__is_made_up_for_once(poller: FleetPoller, looks: Looks) -> None:
    under_way = []
    for _ in range(5):
        poller.poll()
    for _ in range(2):
        under_way.append(len(looks.under_way))
        looks.answer(Seen())
    assert (under_way, looks.under_way) == ([1, 1], [])


@pytest.mark.parametrize("error", [StoreUnavailableError("MongoDB does not answer."), RuntimeError("a fault of ours")])
def test_poll__the_look_fails__the_next_one_comes_and_slots_wait_on(
    poller: FleetPoller, looks: Looks, error: Exception
) -> None:
    got = slots(poller, 1)
    poller.poll()
    looks.answer(error)
    poller.poll()
    assert looks.asked["free"] == 1
    looks.answer(Seen(claimed=(job(),)))
    assert [message["_job"] for message in got] == ["j"]


def test_poll__who_is_told_of_looks_breaks__the_log_says_so_and_the_next_one_comes(
    poller: FleetPoller, looks: Looks, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_seen: Seen) -> None:
        raise RuntimeError("a fault of ours")

    poller.on_look = broken
    poller.poll()
    looks.answer(Seen())
    assert "event=look_broken" in caplog.text
    poller.poll()
    assert len(looks.under_way) == 1


def test_ended__is_looked_at_once__and_told_again_until_it_is_written_down(poller: FleetPoller, looks: Looks) -> None:
    hold(poller, looks, "j", "other")
    poller.ended(ended(code=6))
    told = [(looks.asked["ended"]["j"].exit_code, looks.asked["running"])]
    looks.answer(StoreUnavailableError("MongoDB does not answer."))
    poller.poll()
    told.append((looks.asked["ended"]["j"].exit_code, looks.asked["running"]))
    looks.answer(Seen(recorded=frozenset({"j"})))
    poller.poll()
    assert told == [(6, ["other"])] * 2
    assert (looks.asked["ended"], looks.asked["running"]) == ({}, ["other"])


def test_ended__during_a_look__is_told_by_the_one_after_it(poller: FleetPoller, looks: Looks) -> None:
    hold(poller, looks, "j")
    poller.poll()
    poller.ended(ended())
    assert (looks.asked["ended"], looks.asked["running"]) == ({}, ["j"])
    looks.answer(Seen())
    assert (set(looks.asked["ended"]), looks.asked["running"]) == ({"j"}, [])


def test_give_back__the_look_that_writes_it_down_claims_it_again__it_is_held_anew(poller: FleetPoller, looks: Looks) -> None:
    hold(poller, looks, "j")
    poller.give_back("j")
    got = slots(poller, 1)
    poller.poll()
    assert looks.asked["ended"]["j"].given_back
    looks.answer(Seen(recorded=frozenset({"j"}), claimed=(job(),)))
    assert [message["_job"] for message in got] == ["j"]
    poller.poll()
    assert (looks.asked["ended"], looks.asked["running"]) == ({}, ["j"])


def test_stop__during_a_look_that_claims__gives_what_it_claimed_back_and_writes_down_what_ended(
    poller: FleetPoller, looks: Looks
) -> None:
    hold(poller, looks, "over")
    got, done = slots(poller, 1), list[object]()
    poller.poll()
    poller.ended(ended("over"))
    poller.stop().addCallback(done.append)
    assert len(looks.under_way) == 1, "one look at a time"
    looks.answer(Seen(claimed=(job("late"),)))
    ((_, args, asked),) = looks.under_way
    assert ([set(each) for each in args], asked) == ([{"over"}], {"unstarted": ["late"]})
    assert (got, done) == ([], [])
    looks.answer(None)
    assert done == [None]
    poller.poll()
    assert looks.under_way == []


def test_stop__mongodb_is_away__ends_all_the_same(poller: FleetPoller, looks: Looks) -> None:
    done: list[object] = []
    poller.stop().addCallback(done.append)
    looks.answer(StoreUnavailableError("MongoDB does not answer."))
    assert done == [None]
