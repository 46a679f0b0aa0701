"""The project as an egg on a stock scrapyd: built and sent by plain scrapyd-deploy, run against the simulator."""

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
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pymongo import MongoClient

import spiders
from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST
from monitor.simulator.process import log_of, simulated

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PLATFORMS = sorted(path.stem for path in (ROOT / "spiders").glob("*.py") if path.stem != "__init__")
PROJECT = "monitor"
# A version that is installed nowhere, and a data file that lies nowhere else: by them the egg's own code is known.
DEPLOYED = "0.0.1+deployed"
DATA = "monitor/stages/templates/deployed.txt"
JOB = "0123456789abcdef"
PATIENCE_S = 40.0
LOOK_S = 0.1


@dataclass(frozen=True, kw_only=True)
class Node:
    """A running scrapyd: its address, and the folder it keeps everything in."""

    address: str
    folder: Path

    def ask(self, path: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A call of scrapyd's API, POST where there is a form; fails on anything but ok."""
        body = None if form is None else urlencode(form).encode()
        with urllib.request.urlopen(f"{self.address}/{path}", data=body, timeout=30) as reply:
            told: dict[str, Any] = json.load(reply)
        assert told["status"] == "ok", told
        return told

    def answers(self) -> bool:
        try:
            return bool(self.ask("daemonstatus.json"))
        except urllib.error.URLError:
            return False

    def finished(self) -> list[dict[str, Any]]:
        jobs: list[dict[str, Any]] = self.ask(f"listjobs.json?project={PROJECT}")["finished"]
        return jobs


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a finished job left behind: the job as scrapyd lists it, the simulator's log, and what is in the database."""

    listed: Mapping[str, Any]
    shown: Mapping[str, Any]
    posts: list[dict[str, Any]]
    runs: list[dict[str, Any]]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git knows or would add, since scrapyd-deploy leaves its traces where it builds; with our marks in it."""
    copy = tmp_path_factory.mktemp("tree")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    change(copy / "monitor" / "__init__.py", "__version__ = ", f'__version__ = "{DEPLOYED}"')
    (copy / DATA).parent.mkdir(parents=True, exist_ok=True)
    (copy / DATA).write_text("read me")
    return copy


@pytest.fixture(scope="module")
def database(mongodb_uri: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    yield name
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        client.drop_database(name)


@pytest.fixture(scope="module")
def scrapyd(mongodb_uri: str, database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A stock scrapyd on loopback, whose folder holds no project and no settings but these."""
    folder = tmp_path_factory.mktemp("scrapyd")
    port = free_port()
    (folder / "scrapyd.conf").write_text(f"[scrapyd]\nhttp_port = {port}\npoll_interval = 0.1\nmax_proc = 2\n")
    environment = plain_environment(folder) | {"MONGODB_URI": mongodb_uri, "MONITOR_DATABASE": database}
    with (folder / "scrapyd.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapyd"], cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    node = Node(address=f"http://127.0.0.1:{port}", folder=folder)
    try:
        wait_for(node.answers, or_say=(folder / "scrapyd.log").read_text)
        yield node
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its jobs too, which a scrapyd that ends leaves running
        process.wait()


@pytest.fixture(scope="module")
def egg(tree: Path, scrapyd: Node, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The egg as scrapyd keeps it, after a plain scrapyd-deploy."""
    change(tree / "scrapy.cfg", "url = ", f"url = {scrapyd.address}/")
    command = [BIN / "scrapyd-deploy", "-v", "r1"]
    done = subprocess.run(
        command, cwd=tree, env=plain_environment(tmp_path_factory.mktemp("home")), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return scrapyd.folder / "eggs" / PROJECT / "r1.egg"


@pytest.fixture(scope="module")
def job(egg: Path, scrapyd: Node, mongodb_uri: str, database: str) -> Job:
    """A crawl that scrapyd was told to run, after its end."""
    with simulated(["--days", "6", "--posts", "3000"]) as addresses:
        arguments = {
            "tag": "python",
            "instance": LOCAL_HOST,
            "since": "-3d",
            "base_url": addresses["mastodon"],
            "setting": "MONITOR_PACE_S=0",
        }
        schedule = {"project": PROJECT, "spider": "mastodon", "jobid": JOB, **arguments}
        assert scrapyd.ask("schedule.json", schedule)["jobid"] == JOB
        wait_for(scrapyd.finished, or_say=(scrapyd.folder / "logs" / PROJECT / "mastodon" / f"{JOB}.log").read_text)
        shown = log_of(addresses)
    with MongoClient[dict[str, Any]](mongodb_uri, tz_aware=True) as client:
        stored = client[database]
        return Job(
            listed=scrapyd.finished()[0], shown=shown, posts=list(stored["posts"].find()), runs=list(stored["runs"].find())
        )


def test_deployed_project__lists_every_platform(egg: Path, scrapyd: Node) -> None:
    assert egg.exists()
    assert sorted(scrapyd.ask(f"listspiders.json?project={PROJECT}")["spiders"]) == PLATFORMS


def test_job__ends_and_stores_exactly_what_the_platform_showed(job: Job) -> None:
    result = compare(job.shown["posts"], job.posts)
    print(f"shown {result.shown}, stored {result.stored}")
    assert result.shown > 20
    assert result.exact, result.examples


def test_job__is_recorded_under_the_id_that_scrapyd_gave_it(job: Job) -> None:
    (run,) = job.runs
    assert {"name": "_job", "value": JOB} in run["arguments"]
    assert (job.listed["id"], run["reason"], run["failures"]) == (JOB, "finished", [])


def test_job__runs_the_deployed_code_and_not_an_installed_copy(job: Job) -> None:
    (run,) = job.runs
    agents = {request["user_agent"].partition(" ")[0] for request in job.shown["requests"]}
    assert (run["version"], agents) == (DEPLOYED, {f"SocialMonitor/{DEPLOYED}"})


def test_egg__holds_every_file_of_the_packages(egg: Path, tree: Path) -> None:
    packages = [tree / name for name in ("monitor", "spiders", "pipelines")]
    files = {str(path.relative_to(tree)) for package in packages for path in package.rglob("*") if path.is_file()}
    assert DATA in files
    assert files - set(zipfile.ZipFile(egg).namelist()) == set()


def test_egg__stays_packed_and_everything_is_imported_and_read_from_it(egg: Path, tmp_path: Path) -> None:
    """Nothing here is found by its place in a folder, which a module in an egg does not have."""
    script = f"""
import importlib, importlib.resources, pkgutil, sys
sys.path.insert(0, {str(egg)!r})
import monitor, spiders, pipelines
found = []
for package in (monitor, spiders, pipelines):
    found += [package.__name__, *(m.name for m in pkgutil.walk_packages(package.__path__, package.__name__ + "."))]
for name in found:
    if not name.endswith("__main__"):
        assert importlib.import_module(name).__file__.startswith({str(egg)!r}), name
print(len(found), importlib.resources.files("monitor").joinpath({DATA.removeprefix("monitor/")!r}).read_text())
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=tmp_path,
        env=plain_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules, _, data = done.stdout.strip().partition(" ")
    assert int(modules) > 50
    assert data == "read me"


def test_scrapy_list__in_the_checkout_and_elsewhere_by_the_settings_module(tmp_path: Path) -> None:
    elsewhere = plain_environment(tmp_path) | {"SCRAPY_SETTINGS_MODULE": "monitor.settings"}
    for folder, environment in ((ROOT, plain_environment(tmp_path)), (tmp_path, elsewhere)):
        listed = subprocess.run(
            [BIN / "scrapy", "list"], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        assert listed.stdout.split() == PLATFORMS


def test_spiders__is_our_package_and_not_another_project_in_this_environment() -> None:
    assert Path(spiders.__file__ or "").is_relative_to(ROOT)


def plain_environment(home: Path) -> dict[str, str]:
    """No settings of the person's own, by variables or by files in the home folder."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "MONITOR_HOME": str(home / "monitor")}


def change(path: Path, start: str, line: str) -> None:
    """Replace the one line of a file that begins so."""
    lines = path.read_text().splitlines()
    (place,) = [number for number, old in enumerate(lines) if old.startswith(start)]
    path.write_text("\n".join([*lines[:place], line, *lines[place + 1 :], ""]))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(reached: Callable[[], object], *, or_say: Callable[[], str]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < until, or_say()
        time.sleep(LOOK_S)
