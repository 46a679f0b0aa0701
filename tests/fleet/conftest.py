"""What the fleet's tests share: the egg, real nodes as processes of their own, and the simulator.

MONITOR_SOAK=1 makes the long tests longer. Leases are four seconds here, so that what happens after them can be waited for.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from monitor.config import load
from monitor.simulator.process import simulated
from monitor.store.jobs import Jobs
from monitor.store.synchronous import connect

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SOAKED = os.environ.get("MONITOR_SOAK") == "1"
LEASE_S = 4.0
PATIENCE_S = 90.0  # of a busy machine
LOOK_S = 0.05

BOUNDARY = "boundary-of-the-test"

Document = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What a node answered, and after how long."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    took_s: float

    @property
    def told(self) -> Document:
        found: Document = json.loads(self.body)
        return found


@dataclass
class FleetNode:
    """A node under way."""

    name: str
    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def upload(self, egg: bytes, *, project: str = "monitor", version: str = "1") -> Reply:
        """addversion.json, as scrapyd-deploy sends it."""
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in (("project", project), ("version", version))
        ]
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="egg"; filename="project.egg"\r\n\r\n'.encode()
        body = b"".join([*parts, head, egg, f"\r\n--{BOUNDARY}--\r\n".encode()])
        return self.call("addversion.json", body, headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})

    def call(
        self,
        path: str,
        form: Mapping[str, str] | list[tuple[str, str]] | bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
        timeout_s: float = 120.0,
    ) -> Reply:
        """Any call, POST where there is a form, with whatever answer it gets."""
        body = form if form is None or isinstance(form, bytes) else urlencode(form).encode()
        request = urllib.request.Request(f"{self.address}/{path}", data=body, headers=dict(headers or {}), method=method)
        begun = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as reply:
                found = reply.status, reply.read(), dict(reply.headers)
        except urllib.error.HTTPError as refused:
            found = refused.code, refused.read(), dict(refused.headers)
        return Reply(*found, time.monotonic() - begun)

    def ask(self, path: str, form: Mapping[str, str] | list[tuple[str, str]] | None = None) -> Document:
        """A call that has to go well."""
        reply = self.call(path, form)
        assert reply.status == 200, (reply, self.said())
        assert reply.told["status"] == "ok", (reply.told, self.said())
        return reply.told

    def answers(self) -> bool:
        assert self.process.poll() is None, self.said()
        try:
            return self.call("daemonstatus.json", timeout_s=5).status in {200, 401}
        except OSError:
            return False

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-6000:]

    def children(self) -> list[int]:
        """The processes of its jobs."""
        return [pid for pid, parent in _parents().items() if parent == self.process.pid]

    def kill(self) -> None:
        """SIGKILL of the node alone, as when it runs out of memory."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_machine(self) -> None:
        """SIGKILL of the node and of all its jobs at once, as when the power fails."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self, *, within_s: float = 40.0) -> int:
        """SIGTERM, and the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill_machine()
            pytest.fail(f"{self.name} has not ended after {within_s} s: {self.said()}")


@dataclass
class Fleet:
    """Starts nodes on one database, and reads what is in it by the driver alone."""

    uri: str = field(repr=False)
    name: str
    folder: Path
    tree: Path
    client: MongoClient[Document] = field(repr=False)
    nodes: dict[str, FleetNode] = field(default_factory=dict)
    others: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def database(self) -> Any:
        return self.client[self.name]

    @property
    def jobs(self) -> Jobs:
        return Jobs(connect(self.config))

    @property
    def config(self) -> Any:
        return load({"MONGODB_URI": self.uri, "MONITOR_DATABASE": self.name, "MONITOR_HOME": str(self.folder / "home")})

    def start(self, name: str, *, uri: str | None = None, max_proc: int = 2, **environment: str) -> FleetNode:
        """Start a node and return at once; `answers` tells when it does."""
        port, home = free_port(), self.folder / name
        home.mkdir(exist_ok=True)
        env = {
            **plain_environment(home),
            "MONGODB_URI": uri or self.uri,
            "MONITOR_DATABASE": self.name,
            "MONITOR_JOB_LEASE_S": str(LEASE_S),
            **environment,
        }
        command = [sys.executable, "-P", "-m", "monitor", "fleet", "node", "--name", name, "--port", str(port)]
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*command, "--max-proc", str(max_proc)], cwd=home, env=env, stdout=output, stderr=output, start_new_session=True
            )
        self.nodes[name] = FleetNode(name, f"http://127.0.0.1:{port}", process, log)
        return self.nodes[name]

    def started(self, name: str, **more: Any) -> FleetNode:
        """Start a node and wait until it answers."""
        node = self.start(name, **more)
        self.wait(node.answers, or_say=node.said)
        return node

    def job(self, job_id: str) -> Document:
        found: Document | None = self.database["jobs"].find_one({"_id": job_id})
        assert found is not None
        return found

    def posts(self) -> list[Document]:
        return list(self.database["posts"].find({}, {"raw": 0}))

    def sources(self) -> dict[str, Document]:
        return {found["_id"]: found for found in self.database["sources"].find()}

    def deploy(self, node: FleetNode, version: str, *, netrc: tuple[str, str] | None = None) -> str:
        """Deploy by plain scrapyd-deploy, its target in scrapy.cfg; returns what it says."""
        target = f"[settings]\ndefault = monitor.settings\n\n[deploy]\nurl = {node.address}/\nproject = monitor\n"
        (self.tree / "scrapy.cfg").write_text(target, encoding="utf-8")
        home = self.folder / "operator"
        home.mkdir(exist_ok=True)
        if netrc is not None:
            (home / ".netrc").write_text(f"machine 127.0.0.1\nlogin {netrc[0]}\npassword {netrc[1]}\n", encoding="utf-8")
            (home / ".netrc").chmod(0o600)
        command = [BIN / "scrapyd-deploy", "-v", version]
        done = subprocess.run(command, cwd=self.tree, env=plain_environment(home), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr + node.said()
        return done.stdout

    def monitor(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """Run a command of ours on the fleet's database; returns what it prints."""
        env = self._environment(environment)
        command = [sys.executable, "-P", "-m", "monitor", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def begin(self, *arguments: str, **environment: str) -> Path:
        """Start a command of ours that goes on until the test ends; returns the file with what it says."""
        log = self.folder / f"{'-'.join(arguments)}.log"
        command = [sys.executable, "-P", "-m", "monitor", *arguments]
        with log.open("ab") as output:
            env = self._environment(environment)
            self.others.append(subprocess.Popen(command, cwd=self.folder, env=env, stdout=output, stderr=output))
        return log

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return plain_environment(self.folder) | {"MONGODB_URI": self.uri, "MONITOR_DATABASE": self.name, **more}

    @staticmethod
    def wait(reached: Callable[[], object], *, or_say: Callable[[], object], within_s: float = PATIENCE_S) -> float:
        """Seconds until it was reached; fails after `within_s`."""
        begun = time.monotonic()
        while not reached():
            assert time.monotonic() - begun < within_s, or_say()
            time.sleep(LOOK_S)
        return time.monotonic() - begun

    @staticmethod
    def alive(pid: int) -> bool:
        """Whether a process runs; one that has ended and was not waited for does not."""
        return state_of(pid) not in {None, "Z", "X"}

    @staticmethod
    def starved_s(pid: int) -> float:
        """For how long a process wanted a processor and had none, since it began; 0 once it has ended."""
        try:
            return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
        except (OSError, IndexError):
            return 0.0

    def end(self) -> None:
        """End all at once, however they are."""
        for node in self.nodes.values():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(node.process.pid, signal.SIGKILL)
            node.process.wait()
        for other in self.others:
            other.kill()
            other.wait()


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git knows or would add, since scrapyd-deploy leaves its traces where it builds."""
    copy = tmp_path_factory.mktemp("project")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file() and not name.startswith(("tests/", "docs/")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="session")
def egg(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as an egg, made by scrapyd-deploy."""
    path = tmp_path_factory.mktemp("egg") / "project.egg"
    done = subprocess.run(
        [BIN / "scrapyd-deploy", "--build-egg", path],
        cwd=tree,
        env=plain_environment(path.parent),
        capture_output=True,
        text=True,
        check=False,
    )
    assert path.is_file(), done.stdout + done.stderr
    return path


@pytest.fixture
def fleet_on(tree: Path, tmp_path: Path) -> Iterator[Callable[[str], Fleet]]:
    """A fleet on any server; its nodes end with the test, and its database goes."""
    made: list[Fleet] = []

    def make(uri: str) -> Fleet:
        client: MongoClient[Document] = MongoClient(uri, tz_aware=True, timeoutMS=20_000)
        made.append(Fleet(uri, f"test_{os.urandom(8).hex()}", tmp_path, tree, client))
        return made[-1]

    yield make
    for each in made:
        each.end()
        with suppress(PyMongoError):  # the server may have ended with the test
            each.client.drop_database(each.name)
        each.client.close()


@pytest.fixture
def fleet(mongodb_uri: str, fleet_on: Callable[[str], Fleet]) -> Fleet:
    """A fleet on a database of this test's own."""
    return fleet_on(mongodb_uri)


@pytest.fixture
def soak() -> bool:
    return SOAKED


@pytest.fixture
def simulate() -> Iterator[Callable[..., Mapping[str, Any]]]:
    """Start a simulator with the options of `monitor simulate`; it ends with the test."""
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(simulated(options))


def plain_environment(home: Path) -> dict[str, str]:
    """No settings of the person's own, by variables or by files in the home folder."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "MONITOR_HOME": str(home / "monitor"),
        "MONITOR_CONFIG": os.devnull,
    }


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def state_of(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return None


def _parents() -> dict[int, int]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError, IndexError):
                found[int(folder.name)] = int((folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
    return found
