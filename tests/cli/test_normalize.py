"""`monitor normalize`: output, complaints and exit codes."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from monitor.cli import main

STATUS = {
    "id": "115590000000000001",
    "created_at": "2026-11-20T08:00:00.123Z",
    "uri": "https://birds.example/users/wren/statuses/1",
    "content": "<p>A wren &amp; a t\u00eate</p>",
    "account": {"id": "77", "acct": "wren"},
}


@dataclass
class Ended:
    returncode: int
    stdout: bytes
    stderr: bytes


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ended]:
    """Call the command line in this process."""

    def called(*arguments: str, body: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "argv", ["monitor", "normalize", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(body)))
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Ended(code, *capsysbinary.readouterr())

    return called


def test_normalize__as_a_program_without_a_database_or_a_utf8_terminal():
    ended = subprocess.run(
        [sys.executable, "-m", "monitor", "normalize", "mastodon"],
        input=json.dumps([STATUS]).encode(),
        env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PATH": "/nonexistent", "MONITOR_HOME": "/nonexistent"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert json.loads(ended.stdout.decode("utf-8"))["text"] == "A wren & a tête"


def test_normalize__prints_one_post_per_line(run):
    body = json.dumps([STATUS, STATUS | {"id": "2", "uri": "https://birds.example/2"}]).encode()
    ended = run(
        "mastodon", "-", "--url", "https://birds.example/api/v1/timelines/public", "--at", "2026-11-22T08:00:00Z", body=body
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    first, second = map(json.loads, ended.stdout.decode("utf-8").splitlines())
    assert (first["text"], first["created_at"]) == ("A wren & a tête", "2026-11-20T08:00:00.123Z")
    assert first["fetched_at"] == "2026-11-22T08:00:00.000Z"
    assert first["author"]["handle"] == "wren@birds.example"
    assert second["id"] == "https://birds.example/2"


def test_normalize__file_and_headers__are_read(run, tmp_path):
    path = tmp_path / "feed.xml"
    path.write_bytes(
        '<rss version="2.0"><channel><item><title>Größe</title><guid>1</guid></item></channel></rss>'.encode("latin-1")
    )
    ended = run(
        "feeds", str(path), "--url", "https://a.example/f", "--header", "Content-Type: application/rss+xml; charset=latin-1"
    )
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["title"] == "Größe"


def test_normalize__some_rows_are_refused__the_others_are_printed_and_the_exit_is_6(run):
    broken = {name: value for name, value in STATUS.items() if name != "created_at"}
    ended = run("mastodon", body=json.dumps([broken, STATUS]).encode())
    assert ended.returncode == 6
    assert len(ended.stdout.splitlines()) == 1
    assert b"created_at is missing" in ended.stderr
    assert b"1 of 2 rows were refused." in ended.stderr


@pytest.mark.parametrize(
    ("platform", "body"),
    [
        ("mastodon", b"<html>no</html>"),
        ("mastodon", b'[{"id":'),
        ("mastodon", b""),
        ("mastodon", b'{"error": "Record not found"}'),
        ("mastodon", b'[{"id": "1", "acct": "wren"}]'),
        ("hackernews", b'{"unheard": "of"}'),
        ("feeds", b"no feed"),
    ],
)
def test_normalize__no_reply_of_that_platform__is_a_sentence_and_the_exit_is_1(run, platform, body):
    ended = run(platform, body=body)
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert ended.stderr.endswith(b".\n")
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonesuch"], b"There are: bluesky, "),
        (["mastodon", "--at", "yesterday"], b"2026-11-22T08:00:00Z"),
        (["mastodon", "--header", "no colon"], b"Name: value"),
        (["mastodon", "/no/such/file"], b"/no/such/file"),
    ],
)
def test_normalize__wrong_usage__is_a_sentence_and_the_exit_is_2(run, arguments, said):
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert said in ended.stderr
    assert b"Traceback" not in ended.stderr
