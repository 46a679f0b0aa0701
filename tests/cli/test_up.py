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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monitor.cli.up import PARTS
from monitor.config import Config

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
    assert re.search(r"^\d\d:\d\d:\d\d planner  \| 0 of 0 sources due", said, re.MULTILINE), said
    assert said.rstrip().endswith("all parts have ended")
    assert "Traceback" not in said


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
