"""`monitor simulate` as a process of its own."""

import json
import signal
import subprocess
import sys
import urllib.request

import pytest


@pytest.fixture
def start():
    """Start `monitor simulate` with these options; what still runs at the end is ended."""
    started = []

    def run(*options):
        command = [sys.executable, "-m", "monitor", "simulate", *options]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_simulate__prints_one_line_when_ready_and_stops_cleanly(start, number):
    process = start("--days", "2", "--posts", "200", "--now", "2026-11-22T10:00:00Z")
    addresses = json.loads(process.stdout.readline())
    with urllib.request.urlopen(f"{addresses['mastodon']}/api/v1/timelines/public", timeout=10) as reply:
        assert len(json.loads(reply.read())) > 10
    assert set(addresses) >= {"mastodon", "hackernews", "feeds", "control"}
    process.send_signal(number)
    rest, complaints = process.communicate(timeout=10)
    assert (process.returncode, rest) == (0, "")
    assert "Traceback" not in complaints


@pytest.mark.parametrize(
    "options",
    [
        ("--fault", "nothing"),
        ("--fault", "500:much"),
        ("--limit", "many"),
        ("--limit", "0/1"),
        ("--now", "today"),
        ("--endless", "0"),
    ],
)
def test_simulate__nonsense__is_a_sentence_and_exit_code_2(start, options):
    process = start(*options)
    out, complaint = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert options[0] in complaint
    assert "Traceback" not in complaint
