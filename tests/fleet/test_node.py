"""Two nodes and what people do with them: deploy to one, schedule at the other, cancel, drain, stop, read what became of it."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.fleet import runner
from monitor.simulator.people import LOCAL_HOST

# A version that is installed nowhere: by it the egg's own code is known.
DEPLOYED = "0.0.1+deployed"
SECRET = "s3cret-canary-of-this-test"
SETTINGS = {"MONITOR_PACE_S": "0", "MONITOR_INTERVAL_S": "2", "MONITOR_LEASE_S": "10"}


def schedule(node: Any, job: str, addresses: Mapping[str, Any], **arguments: str) -> None:
    given = [("project", "monitor"), ("spider", "mastodon"), ("jobid", job), ("base_url", addresses["mastodon"])]
    given += [("setting", f"{name}={value}") for name, value in SETTINGS.items()]
    assert node.ask("schedule.json", [*given, *arguments.items()])["jobid"] == job


@dataclass
class Two:
    """Two nodes, and what was seen of them on the way."""

    fleet: Any
    addresses: Mapping[str, Any]
    first: Any
    second: Any
    places: dict[str, str] = field(default_factory=dict)

    def said(self) -> tuple[str, str]:
        return self.first.said(), self.second.said()

    def deploy_both_versions(self) -> None:
        tree = Path(shutil.copytree(self.fleet.tree, self.fleet.folder / "changed"))
        module = tree / "monitor" / "__init__.py"
        lines = [line for line in module.read_text(encoding="utf-8").splitlines() if not line.startswith("__version__")]
        module.write_text("\n".join([*lines, f'__version__ = "{DEPLOYED}"', ""]), encoding="utf-8")
        self.fleet.tree = tree
        self.fleet.deploy(self.first, "1.9")
        self.fleet.deploy(self.second, "1.10")
        assert self.first.ask("listversions.json?project=monitor")["versions"] == ["1.9", "1.10"]
        assert len(self.second.ask("listspiders.json?project=monitor")["spiders"]) == 10
        assert self.second.ask("listprojects.json")["projects"] == ["monitor"]

    def run_one_to_its_end(self) -> None:
        """The newest version's own code runs, whatever is installed."""
        schedule(self.second, "once", self.addresses, tag="python", instance=LOCAL_HOST)
        self.fleet.wait(
            lambda: self.fleet.job("once")["state"] == "finished", or_say=lambda: (self.fleet.job("once"), self.said())
        )
        once = self.fleet.job("once")
        (run,) = self.fleet.database["runs"].find()
        assert (run["version"], once["ran"], once["reason"], once["run"]) == (DEPLOYED, "1.10", "finished", run["_id"])
        assert once["exit_code"] == 4, "the simulated Mastodon refuses this token"
        assert "wants a sign-in or another token" in self.fleet.monitor("fleet", "logs", "once")

    def cancel_at_the_other(self) -> tuple[str, float]:
        """Two jobs go on, one on each node; a cancel sent to one node reaches the other. Returns the job that goes on."""
        for name in ("a", "b"):
            schedule(self.first, name, self.addresses, shift="10m")
        speaking = lambda: {self.fleet.job(name)["node"] for name in ("a", "b") if "alive_at" in self.fleet.job(name)}  # noqa: E731
        self.fleet.wait(lambda: speaking() == {"first", "second"}, or_say=self.said)
        listed = {node.name: node.ask("listjobs.json?project=monitor") for node in (self.first, self.second)}
        assert (
            {job["id"] for job in listed["first"]["running"]}
            == {job["id"] for job in listed["second"]["running"]}
            == {"a", "b"}
        )
        pids = [pid for node in (self.first, self.second) for pid in node.children()]
        self.places["listings"] = str(listed)
        self.places["command lines"] = "".join(Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8") for pid in pids)
        for environment in (Path(f"/proc/{pid}/environ").read_text(encoding="utf-8") for pid in pids):
            assert f"MASTODON_TOKEN={SECRET}" in environment
            assert "BLUESKY_PASSWORD" not in environment
        mine, others = sorted(("a", "b"), key=lambda name: str(self.fleet.job(name)["node"]))
        assert self.first.ask("cancel.json", {"project": "monitor", "job": others})["prevstate"] == "running"
        return mine, self.fleet.wait(lambda: self.fleet.job(others)["state"] == "cancelled", or_say=self.said, within_s=30)

    def end_the_first(self, job: str) -> None:
        """A node that is told to end gives its job to the other, and counts it as not tried."""
        children = self.first.children()
        assert self.first.end() == 0
        assert not any(map(self.fleet.alive, children))
        self.fleet.wait(
            lambda: self.fleet.job(job)["node"] == "second" and self.fleet.job(job)["state"] == "leased", or_say=self.said
        )
        assert (self.fleet.job(job)["attempts"], self.fleet.job(job)["requeued"]) == (1, 1)


def test_two_nodes__one_deploy__every_call_works_at_either(fleet: Any, simulate: Callable[..., Mapping[str, Any]]) -> None:
    """Credentials are in no listing, log, command line or database."""
    addresses = simulate("--posts", "800")
    started = [fleet.start(name, max_proc=1, MASTODON_TOKEN=SECRET, BLUESKY_PASSWORD=SECRET) for name in ("first", "second")]
    two = Two(fleet, addresses, *started)
    for node in started:
        fleet.wait(node.answers, or_say=node.said)
    two.deploy_both_versions()
    two.run_one_to_its_end()
    job, took_s = two.cancel_at_the_other()
    two.end_the_first(job)
    told = json.loads(fleet.monitor("fleet", "status", "--json"))
    assert [(node["name"], node["state"]) for node in told["nodes"]] == [("second", "ok")]
    assert (told["version"], told["jobs"]["leased"], told["jobs"]["cancelled"]) == ("1.10", 1, 1)
    two.places["page"] = two.second.call("jobs").body.decode()
    assert all(name in two.places["page"] for name in ("once", "a", "b"))
    assert "takes no more jobs; 1 run still" in fleet.monitor("fleet", "drain", "second")
    fleet.wait(lambda: json.loads(fleet.monitor("fleet", "nodes", "--json"))[0]["state"] == "draining", or_say=two.said)
    two.places["database"] = str([list(fleet.database[name].find()) for name in fleet.database.list_collection_names()])
    two.places["logs"] = "".join(path.read_text(encoding="utf-8", errors="replace") for path in fleet.folder.rglob("*.log"))
    found = [place for place, text in two.places.items() if SECRET in text]
    print(
        f"\ncancel at another node took {took_s:.1f} s; the canary secret was found in {len(found)} of {len(two.places)} places"
    )
    assert found == []
    assert all(two.places.values())


def test_orphan__of_a_node_with_many_threads__is_told_to_end_once() -> None:
    """By a second signal a crawl ends without giving back what it holds; each thread of a node that dies would send one."""
    counting = (
        "import os, signal, time\n"
        "from monitor.fleet import assignment, runner\n"
        "told = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: told.append(1))\n"
        "runner.end_with(assignment.read(os.environ))\n"
        "print(os.getpid(), flush=True)\n"
        "until = time.monotonic() + 30\n"
        "while not told and time.monotonic() < until: time.sleep(0.01)\n"
        "time.sleep(0.1)\n"
        "print(len(told), flush=True)\n"
    )
    node = (
        "import os, subprocess, sys, json, threading, time\n"
        "os.environ['MONITOR_JOB'] = json.dumps({'egg': '', 'parent': os.getpid()})\n"
        "for _ in range(64): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        f"subprocess.Popen([sys.executable, '-c', {counting!r}]).wait()\n"
    )
    times = []
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", node], stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            parent.stdout.readline()
            parent.kill()
            parent.wait()
            times.append(int(parent.stdout.readline()))
    assert times == [1] * 5


def test_orphan__of_a_node_that_is_killed__ends_by_itself__also_when_it_cannot() -> None:
    """A job that hangs in its end, or ignores the signal, is ended all the same. Its grace is shorter here, so that the machine has
    the rest of ten seconds; the real one leaves it room too."""
    assert runner.GRACE_S < 10
    stubborn = (
        "import signal, sys, time\n"
        "from monitor.fleet import assignment, runner\n"
        "import os\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "runner.GRACE_S = 1\n"
        "runner.end_with(assignment.read(os.environ))\n"
        "print('ready', flush=True)\n"
        "time.sleep(120)\n"
    )
    node = (
        "import os, subprocess, sys, json\n"
        "os.environ['MONITOR_JOB'] = json.dumps({'egg': '', 'parent': os.getpid()})\n"
        f"job = subprocess.Popen([sys.executable, '-c', {stubborn!r}], stdout=subprocess.PIPE)\n"
        "job.stdout.readline()\n"
        "print(job.pid, flush=True)\n"
        "job.wait()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", node], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    job = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    begun = time.monotonic()
    while (
        Path(f"/proc/{job}").exists()
        and Path(f"/proc/{job}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    ):
        assert time.monotonic() - begun < 15
        time.sleep(0.1)
    print(f"\na job that ignores SIGTERM was gone {time.monotonic() - begun:.1f} s after its node")
    assert time.monotonic() - begun < 10
