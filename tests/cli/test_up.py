"""`monitor up` as a real process: all parts run, one that is killed comes back, and a stop leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from monitor.cli.up import PARTS
from monitor.config import Config
from monitor.mongod.server import free_port
from monitor.source import Source

WITHIN_S = 60.0  # a start of five interpreters on a busy machine


@contextmanager
def up(log: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        command = [sys.executable, "-m", "monitor", "up", "--port", "0", *options]
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_for(true: Callable[[], Any], *, log: Path, what: str) -> Any:
    begun = time.monotonic()
    while not (found := true()):
        assert time.monotonic() - begun < WITHIN_S, f"still not: {what}\n{log.read_text()[-3000:]}"
        time.sleep(0.1)
    return found


def address(log: Path) -> str | None:
    found = re.search(r"(http://127\.0\.0\.1:\d+)/healthz", log.read_text())
    return found[1] if found else None


def health(at: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{at}/healthz", timeout=10) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_up__a_part_is_killed__comes_back__and_sigterm_ends_all(own_database: Config, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with up(log, "--without", "node") as process:
        at = wait_for(lambda: address(log), log=log, what="it says where it answers")
        wait_for(lambda: health(at)[0] == 200, log=log, what="all parts run")
        told = health(at)[1]
        assert set(told["parts"]) == set(PARTS) - {"node"}
        pids = {name: part["pid"] for name, part in told["parts"].items()}
        planned = re.compile(r"^\d\d:\d\d:\d\d planner  \| 0 of 0 sources due", re.MULTILINE)
        wait_for(lambda: planned.search(log.read_text()), log=log, what="the planner acts, and its lines are passed on")
        os.kill(pids["score"], signal.SIGKILL)
        wait_for(lambda: health(at)[1]["parts"]["score"]["starts"] == 2, log=log, what="the part is started again")
        pids["score again"] = health(at)[1]["parts"]["score"]["pid"]
        with urllib.request.urlopen(f"{at}/metrics", timeout=10) as reply:
            assert b"monitor_processes{" in reply.read()
        process.send_signal(signal.SIGTERM)
        code = process.wait(WITHIN_S)
    said = log.read_text()
    assert code == 130, said[-3000:]
    assert {name for name, pid in pids.items() if alive(pid)} == set()
    assert re.search(
        r"^\d\d:\d\d:\d\d score    \| ended with signal SIGKILL; it is started again in 1 s$", said, re.MULTILINE
    ), said
    assert said.rstrip().endswith("all parts have ended")
    assert "Traceback" not in said


def test_up__with_a_node__deploys_the_installed_program_plans_a_shift_and_collects(
    own_database: Config,
    simulator: Mapping[str, Any],
    with_store: Callable[[Any], Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """From a source that is due to its posts in MongoDB, without anybody doing more than typing `monitor up`."""
    monkeypatch.setenv("MONITOR_SHIFT", "5s")
    log, feed = tmp_path / "log", Source(platform="feeds", kind="url", parameters={"url": simulator["feeds"][0]}, topics=("t",))
    with_store(lambda store: store.sources.ensure(feed))
    assert own_database.mongodb_uri is not None
    with MongoClient[dict[str, Any]](own_database.mongodb_uri.reveal()) as client:
        stored = client[own_database.database]
        options = ("--node-port", str(free_port()), "--without", "rollup", "--without", "index")
        with up(log, *options) as process:
            wait_for(lambda: stored["posts"].count_documents({}), log=log, what="posts are stored")
            job = wait_for(lambda: stored["jobs"].find_one({"state": "finished"}), log=log, what="a shift has ended")
            process.send_signal(signal.SIGTERM)
            assert process.wait(WITHIN_S) == 130, log.read_text()[-3000:]
        assert (job["spider"], job["exit_code"], job["slot"]) == ("feeds", 0, "feeds/feeds:/0")
        egg = stored["eggs"].find_one({"_id": f"monitor:{job['ran']}"}, {"version": 1})
        assert egg is not None
        counted = stored["field_counts"].find_one({"platform": "feeds", "version": egg["version"]})
        assert counted is not None, "which fields posts had is counted for the deployed version"
        assert counted["posts"] == stored["posts"].count_documents({})
        new = stored["counters"].find_one({"name": "posts", "labels.fate": "new"})
        assert new is not None
        assert new["value"] == counted["posts"]


def test_up__is_killed__its_parts_end_too(own_database: Config, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with up(log, "--without", "node", "--without", "index", "--without", "rollup") as process:
        at = wait_for(lambda: address(log), log=log, what="it says where it answers")
        wait_for(lambda: health(at)[0] == 200, log=log, what="all parts run")
        pids = [part["pid"] for part in health(at)[1]["parts"].values()]
        process.kill()
        process.wait()
        wait_for(lambda: not any(alive(pid) for pid in pids), log=log, what="no part is left")


def test_up__its_port_is_taken__says_so(own_database: Config, tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "up", "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=WITHIN_S,
        )
    assert done.returncode == 2
    assert f"The port {port} of 127.0.0.1 cannot be used" in done.stderr
