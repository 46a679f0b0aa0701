"""The launcher: a process per job, of the egg's code; ended in order when its job is cancelled, lost, or the node ends."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.python.failure import Failure

from monitor.config import load
from monitor.errors import StoreUnavailableError
from monitor.fleet import assignment
from monitor.fleet.launcher import CLOSE_S, LOGS_KEPT, NOTICE_S, FleetLauncher, crawl_arguments
from monitor.fleet.look import Ended, Seen
from monitor.store.eggs import Egg

EGG = Egg(
    project="monitor", version="1.0", sha256="0", size=1, requires=(), spiders=("mastodon",),
    deployed_at=datetime(2026, 11, 20, tzinfo=UTC), order="1",
)  # fmt: skip
MESSAGE = {"_project": "monitor", "_spider": "mastodon", "_job": "j", "tag": "tea", "settings": {"LOG_LEVEL": "DEBUG"}}


@dataclass
class Started:
    """A process that was started, and the signals it was sent."""

    protocol: Any
    args: list[str]
    env: Mapping[str, str]
    signals: list[str] = field(default_factory=list)
    over: bool = False

    def signalProcess(self, signal: str) -> None:  # noqa: N802 (Twisted's name)
        if self.over:
            raise ProcessExitedAlready
        self.signals.append(signal)

    def end(self, code: int = 0, *, signal: int | None = None) -> None:
        self.over = True
        well = code == 0 and signal is None
        self.protocol.processEnded(Failure(ProcessDone(0) if well else ProcessTerminated(code or None, signal)))


@dataclass
class Later:
    """What is to be done after some seconds."""

    after_s: float
    work: Callable[[], object]
    due: bool = True

    def active(self) -> bool:
        return self.due

    def cancel(self) -> None:
        self.due = False


@dataclass
class Machine:
    """Takes the place of reactor, threads and clock."""

    started: list[Started] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    held: list[Callable[[], None]] | None = None  # work in threads, where it is to wait
    now_s: float = 1000.0

    def spawnProcess(self, protocol: Any, _executable: str, **told: Any) -> Any:  # noqa: N802 (Twisted's name)
        self.started.append(Started(protocol, told["args"], told["env"]))
        protocol.transport = self.started[-1]
        return SimpleNamespace(pid=4000 + len(self.started))

    def callLater(self, after_s: float, work: Callable[..., object], *args: object) -> Later:  # noqa: N802 (Twisted's name)
        self.later.append(Later(after_s, lambda: work(*args)))
        return self.later[-1]

    def callFromThread(self, work: Callable[..., None], *args: Any) -> None:  # noqa: N802 (Twisted's name)
        work(*args)

    def callInThreadWithCallback(  # noqa: N802 (Twisted's name)
        self, told: Callable[..., None], work: Callable[..., object], *args: Any, **more: Any
    ) -> None:
        def run() -> None:
            try:
                told(True, work(*args, **more))
            except Exception:  # noqa: BLE001 (as Twisted's threads do)
                told(False, Failure())

        if self.held is None:
            run()
        else:
            self.held.append(run)


@dataclass
class Jobs:
    """Takes the place of the poller, and of the collection `jobs`."""

    waiting: list[Deferred[dict[str, Any]]] = field(default_factory=list)
    ends: list[Ended] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)
    noted: list[tuple[str, int, str]] = field(default_factory=list)
    away: bool = False
    stopped: bool = False
    on_look: Callable[[Seen], None] = lambda _seen: None

    def next(self) -> Deferred[dict[str, Any]]:
        self.waiting.append(Deferred())
        return self.waiting[-1]

    def give(self, **more: Any) -> None:
        self.waiting.pop(0).callback({**MESSAGE, **more})

    def ended(self, ended: Ended) -> None:
        self.ends.append(ended)

    def give_back(self, job: str) -> None:
        self.given_back.append(job)

    def stop(self) -> Deferred[None]:
        self.stopped = True
        return succeed(None)

    def start(self, job: str, *, boot: str, pid: int, ran: str) -> bool:
        if self.away:
            raise StoreUnavailableError("MongoDB does not answer.")
        self.noted.append((job, pid, ran))
        return True


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr("monitor.fleet.launcher.time", SimpleNamespace(monotonic=lambda: made.now_s))
    return made


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def node(tmp_path: Path, jobs: Jobs) -> Any:
    return SimpleNamespace(
        name="a", boot="a1", max_proc=2, folder=tmp_path, logs=tmp_path / "logs", config=load({}), jobs=jobs,
        eggs=SimpleNamespace(find=lambda _project, _version: EGG), files=SimpleNamespace(code=lambda _egg: Path("/one.egg")),
    )  # fmt: skip


@pytest.fixture
def launcher(node: Any, machine: Machine, jobs: Jobs) -> FleetLauncher:
    made = FleetLauncher(node, jobs, machine, machine)  # type: ignore[arg-type]
    made.startService()
    return made


def test_start__every_slot_waits_for_a_job(launcher: FleetLauncher, jobs: Jobs, node: Any) -> None:
    assert len(jobs.waiting) == node.max_proc


def test_job__is_begun_with_the_eggs_code_and_noted(launcher: FleetLauncher, jobs: Jobs, machine: Machine, node: Any) -> None:
    jobs.give()
    (process,) = machine.started
    log = node.logs / "monitor" / "mastodon" / "j.log"
    assert process.args[1:] == [
        "-P", "-m", "monitor.fleet.runner", "crawl", "mastodon", "-s", "LOG_LEVEL=DEBUG", "-s", f"LOG_FILE={log}", "-a", "_job=j",
        "-a", "tag=tea",
    ]  # fmt: skip
    assert assignment.read(process.env) == assignment.Assignment(egg="/one.egg", parent=os.getpid(), node="a", boot="a1")
    assert log.parent.is_dir()
    assert jobs.noted == [("j", 4001, "1.0")]
    assert [each.job for each in launcher.processes.values()] == ["j"]


def test_job__no_such_version__is_over_and_says_why__and_the_slot_waits_again(
    launcher: FleetLauncher, jobs: Jobs, machine: Machine, node: Any
) -> None:
    node.eggs.find = lambda _project, _version: None
    jobs.give(_version="0.9")
    (ended,) = jobs.ends
    assert (ended.job, ended.exit_code, ended.given_back) == ("j", 2, False)
    assert "There is no version 0.9 any more" in ended.said
    assert (machine.started, len(jobs.waiting)) == ([], 1)
    machine.later[0].work()
    assert len(jobs.waiting) == 2


@pytest.mark.parametrize("error", [OSError("no space left"), StoreUnavailableError("away"), RuntimeError("a fault of ours")])
def test_job__cannot_be_begun_here__is_given_back__and_the_slot_waits_again_after_a_pause(
    launcher: FleetLauncher, jobs: Jobs, machine: Machine, node: Any, error: Exception
) -> None:
    def broken(_egg: Egg) -> Path:
        raise error

    node.files.code = broken
    jobs.give()
    assert (jobs.given_back, jobs.ends, len(jobs.waiting)) == (["j"], [], 1)
    assert machine.later[0].after_s > 0
    machine.later[0].work()
    assert len(jobs.waiting) == 2


def test_job__its_start_cannot_be_noted__runs_all_the_same(
    launcher: FleetLauncher, jobs: Jobs, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    jobs.away = True
    jobs.give()
    assert "event=start_not_noted job=j" in caplog.text
    assert (len(launcher.processes), machine.started[0].signals, jobs.given_back) == (1, [], [])


@pytest.mark.parametrize(("code", "signal", "told"), [(0, None, 0), (6, None, 6), (0, 9, -9)])
def test_process__ends__is_told_with_its_code__and_the_slot_waits_again(
    launcher: FleetLauncher, jobs: Jobs, machine: Machine, code: int, signal: int | None, told: int
) -> None:
    jobs.give()
    machine.started[0].end(code, signal=signal)
    assert [(ended.job, ended.exit_code, ended.given_back) for ended in jobs.ends] == [("j", told, False)]
    assert (launcher.processes, len(jobs.waiting)) == ({}, 2)


# ---- ending what has to end


def signals_by_time(machine: Machine, jobs: Jobs, seen: Seen, *, until_s: float) -> list[tuple[float, str]]:
    """The signals to the only process, each with the seconds since the first of looks that come every second."""
    process, found = machine.started[-1], list[tuple[float, str]]()
    for second in range(int(until_s) + 1):
        jobs.on_look(seen)
        found += [(float(second), signal) for signal in process.signals[len(found) :]]
        machine.now_s += 1
    return found


def test_cancelled__elsewhere__is_told_at_once_and_killed_when_it_hangs(
    launcher: FleetLauncher, jobs: Jobs, machine: Machine
) -> None:
    jobs.give()
    told = signals_by_time(machine, jobs, Seen(cancelled=frozenset({"j"})), until_s=2 * CLOSE_S)
    assert told == [(0, "INT"), (CLOSE_S, "KILL")]


def test_lost__has_time_to_notice_by_itself__then_is_told__then_killed(
    launcher: FleetLauncher, jobs: Jobs, machine: Machine
) -> None:
    jobs.give()
    told = signals_by_time(machine, jobs, Seen(lost=frozenset({"j"})), until_s=2 * (NOTICE_S + CLOSE_S))
    assert told == [(NOTICE_S, "TERM"), (NOTICE_S + CLOSE_S, "KILL")]


def test_cancelled__at_this_node__is_told_once__with_the_signal_that_was_asked_for(
    launcher: FleetLauncher, jobs: Jobs, machine: Machine
) -> None:
    jobs.give()
    launcher.cancel("another", "INT")
    for _ in range(2):
        launcher.cancel("j", "TERM")
    told = signals_by_time(machine, jobs, Seen(cancelled=frozenset({"j"})), until_s=2 * CLOSE_S)
    assert told == [(0, "TERM"), (CLOSE_S, "KILL")]


def test_signal__to_a_process_that_has_ended_just_now__is_no_error(
    launcher: FleetLauncher, jobs: Jobs, machine: Machine
) -> None:
    jobs.give()
    machine.started[0].over = True
    launcher.cancel("j", "TERM")
    assert machine.started[0].signals == []


def test_look__jobs_that_are_well__are_left_alone(launcher: FleetLauncher, jobs: Jobs, machine: Machine) -> None:
    jobs.give()
    assert signals_by_time(machine, jobs, Seen(cancelled=frozenset({"x"}), lost=frozenset({"y"})), until_s=60) == []


def test_stop__tells_all_processes__and_waits_for_them__and_gives_back_what_was_cut_short(
    launcher: FleetLauncher, jobs: Jobs, machine: Machine
) -> None:
    for name in ("cut", "done"):
        jobs.give(_job=name)
    done: list[object] = []
    launcher.stopService().addCallback(done.append)
    cut, whole = machine.started
    assert (cut.signals, whole.signals) == (["TERM"], ["TERM"])
    cut.end(130)
    assert (done, jobs.stopped) == ([], False)
    whole.end(0)
    assert (len(done), jobs.stopped) == (1, True)
    assert {ended.job: ended.given_back for ended in jobs.ends} == {"cut": True, "done": False}
    assert not any(each.due for each in machine.later), "no signal may reach another process that has this number by then"
    assert jobs.waiting == [], "no slot takes another job"


def test_stop__a_process_hangs__is_killed(launcher: FleetLauncher, jobs: Jobs, machine: Machine) -> None:
    jobs.give()
    launcher.stopService()
    (killing,) = machine.later
    assert killing.after_s == CLOSE_S
    killing.work()
    assert machine.started[0].signals == ["TERM", "KILL"]


def test_stop__a_cancelled_process_that_was_told_already__is_not_told_twice(
    launcher: FleetLauncher, jobs: Jobs, machine: Machine
) -> None:
    """By a second signal Scrapy ends without finishing its pages."""
    jobs.give()
    jobs.on_look(Seen(cancelled=frozenset({"j"})))
    launcher.stopService()
    assert machine.started[0].signals == ["INT"]


def test_stop__a_look_that_is_under_way_finds_a_process_cancelled__it_is_not_told_twice(
    launcher: FleetLauncher, jobs: Jobs, machine: Machine
) -> None:
    jobs.give()
    launcher.stopService()
    jobs.on_look(Seen(cancelled=frozenset({"j"})))
    assert machine.started[0].signals == ["TERM"]


def test_stop__a_lost_process_that_was_not_told_yet__is_told(launcher: FleetLauncher, jobs: Jobs, machine: Machine) -> None:
    """No look comes any more that would."""
    jobs.give()
    jobs.on_look(Seen(lost=frozenset({"j"})))
    launcher.stopService()
    assert machine.started[0].signals == ["TERM"]


def test_stop__while_a_job_is_prepared__it_is_given_back_and_not_begun(
    launcher: FleetLauncher, jobs: Jobs, machine: Machine
) -> None:
    machine.held = []
    jobs.give()
    launcher.stopService()
    for run in machine.held:
        run()
    assert (machine.started, jobs.given_back) == ([], ["j"])


# ---- logs


def test_arguments__a_setting_does_not_move_the_log(tmp_path: Path) -> None:
    found = crawl_arguments({**MESSAGE, "settings": {"LOG_FILE": "/etc/passwd"}}, tmp_path / "j.log")
    assert [word for word in found if word.startswith("LOG_FILE")] == [f"LOG_FILE={tmp_path / 'j.log'}"]


def test_logs__of_many_jobs__the_oldest_are_forgotten(launcher: FleetLauncher, jobs: Jobs, node: Any) -> None:
    folder = node.logs / "monitor" / "mastodon"
    folder.mkdir(parents=True)
    for number in range(LOGS_KEPT + 5):
        (folder / f"{number}.log").touch()
        os.utime(folder / f"{number}.log", (number, number))
    jobs.give()
    assert sorted(int(path.stem) for path in folder.glob("*.log")) == [*range(5, LOGS_KEPT + 5)]
