"""Canaries for every credential, through the commands that people type, crawls that fail among them; then a search for them.

Looked through: what each command said, the log, the exported files, each document of each collection with its raw rows unpacked, and
the command lines of all processes while they ran. That the canaries were really used is what the servers tell, which got them.
"""

import base64
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import zstandard
from pymongo import MongoClient

ROOT = Path(__file__).parents[2]
HOST = "chatter.example"
# Every credential that docs/configuration.md names, which a test below compares; hosts as a person would name them.
CANARIES = {
    "MASTODON_TOKEN": "canaryMastodonToken7131",
    "MASTODON_TOKEN__OTHER_EXAMPLE": "canaryOtherToken7132",
    "BLUESKY_PASSWORD": "canaryBlueskyPassword7133",
    "GITHUB_TOKEN": "canaryGithubToken7134",
    "LEMMY_TOKEN__CHATTER_EXAMPLE": "canaryLemmyToken7135",
    "DISCOURSE_USER_API_KEY__CHATTER_EXAMPLE": "canaryDiscourseKey7136",
    "STACKEXCHANGE_KEY": "canaryStackexchangeKey7137",
}
ACCESS, REFRESH, URI_PASSWORD = "canaryAccess7138", "canaryRefresh7139", "canaryUriPassword7140"
AT_ONCE = 3


@dataclass
class Server:
    """A platform of any kind; `behaves` says how it answers, `got` keeps the secrets that reached it."""

    behaves: str
    got: set[str] = field(default_factory=set)
    address: str = ""

    def answer(self, path: str, sent: str) -> tuple[int, str, str]:
        self.got |= {name for name, canary in CANARIES.items() if canary in sent}
        if self.behaves == "hanging":
            time.sleep(3)
        if self.behaves in {"closed", "broken"}:  # and it throws back what it was sent, as pages for developers do
            return {"closed": 401, "broken": 500}[self.behaves], "text/html", f"<pre>{sent}</pre>"
        if "createSession" in path:
            return 200, "application/json", json.dumps({"accessJwt": ACCESS, "refreshJwt": REFRESH, "did": "did:plc:wren"})
        if "searchPosts" in path:
            return 200, "application/json", json.dumps({"posts": []})
        rows = [] if "min_id" in path or "max_id" in path else [status(number) for number in (3, 2, 1)]
        return 200, "application/json", json.dumps({"statuses": rows} if "/search" in path else rows)


def status(number: int) -> dict[str, Any]:
    account = {"id": "1", "acct": "ann", "url": f"https://{HOST}/@ann"}
    row = {"id": f"{1100 + number}{'0' * 14}", "uri": f"https://{HOST}/{number}", "created_at": "2023-03-01T08:00:00Z"}
    return {**row, "content": {} if number == 2 else "<p>What a wonderful cup of tea.</p>", "account": account}


@contextmanager
def served(behaves: str) -> Iterator[Server]:
    known = Server(behaves)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            code, kind, told = known.answer(self.path, f"{self.path} {self.headers} {body}")
            with_length = {"Content-Type": kind, "Content-Length": str(len(told.encode()))}
            try:
                self.send_response(code)
                for name, value in with_length.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(told.encode())
            except OSError:
                return  # the crawl waited long enough

        do_POST = do_GET  # noqa: N815 (the library's names)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    known.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Search:
    """Where canaries were looked for, and where one was."""

    forms: dict[str, bytes]
    places: dict[str, int] = field(default_factory=dict)
    hits: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, secrets: Mapping[str, str]) -> "Search":
        plain = {name: secret.encode() for name, secret in secrets.items()}
        return cls(plain | {f"{name} in base64": base64.b64encode(secret).rstrip(b"=")[:-1] for name, secret in plain.items()})

    def look(self, kind: str, where: str, found: bytes) -> None:
        self.places[kind] = self.places.get(kind, 0) + 1
        self.hits |= {f"{name} in {kind} {where}" for name, form in self.forms.items() if form in found}


def test_canaries__are_those_of_the_documents() -> None:
    told = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z]+_(?:TOKEN|PASSWORD|KEY|SECRET|USER_API_KEY|API_KEY)(?:__[A-Z_]+)?)`", told))
    assert {name.partition("__")[0] for name in named} <= {name.partition("__")[0] for name in CANARIES}
    assert len(named) >= 5


def test_search__finds_a_canary_as_it_is__in_base64_and_in_a_kept_row() -> None:
    search = Search.of({"x": ACCESS})
    kept = {"raw": zstandard.ZstdCompressor().compress(f'{{"a": "{ACCESS}"}}'.encode()), "list": [1, None, {"deep": "tea"}]}
    search.look("stdout", "a", f"token {ACCESS}.".encode())
    search.look("stderr", "b", base64.b64encode(ACCESS.encode()))
    search.look("documents", "c", b"\n".join(unpacked(kept)))
    search.look("files", "d", b"nothing of it")
    assert search.hits == {"x in stdout a", "x in base64 in stderr b", "x in documents c"}


@pytest.fixture
def servers() -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        yield {behaves: stack.enter_context(served(behaves)) for behaves in ("well", "closed", "broken", "hanging")}


def crawl(platform: str, server: Server, folder: Path, **arguments: str) -> list[str]:
    """A crawl as it is typed, with all that it can be made to say, on stderr or in a log file."""
    words = [
        "scrapy",
        "crawl",
        platform,
        "-L",
        "DEBUG",
        "-s",
        "MONITOR_PACE_S=0",
        "-s",
        "RETRY_TIMES=1",
        "-s",
        "DOWNLOAD_TIMEOUT=1",
    ]
    words += [word for name, value in arguments.items() for word in ("-a", f"{name}={value}")]
    number = len(list(folder.glob("*")))
    written = ["-O", f"{folder}/{number}.jsonl", "-O", f"{folder}/{number}.csv"] if server.behaves == "well" else []
    logged = ["--logfile", f"{folder}/{number}.log"] if server.behaves == "broken" else []
    (folder / f"{number}").touch()
    return [*words, "-a", f"base_url={server.address}", *written, *logged]


def commands(servers: Mapping[str, Server], folder: Path) -> list[list[str]]:
    """First what fills the database, and at the same time what fails."""
    well, closed, broken, hanging = (servers[name] for name in ("well", "closed", "broken", "hanging"))
    return [
        crawl("mastodon", well, folder, tag="tea", instance=HOST),
        crawl("mastodon", well, folder, query="tea", instance="other.example"),
        crawl("bluesky", well, folder, query="tea"),
        crawl("mastodon", closed, folder, account="ann", instance=HOST),
        crawl("github", closed, folder, community="ann/tea"),
        crawl("lemmy", broken, folder, instance=HOST),
        crawl("discourse", closed, folder, instance=HOST),
        crawl("stackexchange", broken, folder, community="stackoverflow"),
        crawl("mastodon", hanging, folder, tag="slow", instance=HOST),
        ["scrapy", "probe", "mastodon", "-a", f"instance={HOST}", "-a", f"base_url={closed.address}"],
    ]


def looks() -> list[list[str]]:
    """What is typed afterwards, on what was collected."""
    return [
        ["monitor", *words]
        for words in (
            ["doctor", "--json"], ["sources", "--json"], ["score", "--rescore"], ["quarantine", "list"], ["quarantine", "replay"],
            ["raw", f"https://{HOST}/1"], ["why", f"https://{HOST}/1"], ["collect", "--dry-run"],
        )
    ]  # fmt: skip


@dataclass
class Typist:
    """Types commands, some at a time, and looks at all they say and at the command lines of all processes meanwhile."""

    environment: dict[str, str]
    search: Search
    codes: list[int] = field(default_factory=list)

    def type(self, lines: list[list[str]], **environment: str) -> None:
        over = threading.Event()
        watching = threading.Thread(target=self._watch, args=(over,))
        watching.start()
        try:
            with ThreadPoolExecutor(AT_ONCE) as places:
                list(places.map(lambda words: self._run(words, environment), lines))
        finally:
            over.set()
            watching.join()

    def _run(self, words: list[str], environment: Mapping[str, str]) -> None:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            timeout=60,
            check=False,
        )
        name = " ".join(words)
        self.codes.append(done.returncode)
        self.search.look("stdout", name, done.stdout)
        self.search.look("stderr", name, done.stderr)

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(0.1):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.search.look("command lines", process.parent.name, process.read_bytes())
                except OSError:
                    continue  # it has ended meanwhile


def unpacked(value: Any) -> Iterator[bytes]:
    """Everything in a document as bytes, and compressed bytes once more as what they hold."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield str(name).encode()
            yield from unpacked(each)
    elif isinstance(value, list):
        for each in value:
            yield from unpacked(each)
    elif isinstance(value, bytes):
        yield value
        if value.startswith(b"\x28\xb5\x2f\xfd"):
            yield zstandard.ZstdDecompressor().decompress(value, max_output_size=1 << 24)
    else:
        yield str(value).encode("utf-8", "backslashreplace")


def test_canaries__through_commands_that_work_and_fail__are_nowhere(servers, mongodb_uri, database_name, tmp_path) -> None:
    begun, folder = time.monotonic(), tmp_path / "written"
    folder.mkdir()
    secrets = {
        **CANARIES, "access token": ACCESS, "refresh token": REFRESH, "password of an address": URI_PASSWORD,
        "password of MongoDB": str(urlsplit(mongodb_uri).password),
    }  # fmt: skip
    search = Search.of(secrets)
    own = {**CANARIES, "BLUESKY_IDENTIFIER": "ann.example", "MONGODB_URI": mongodb_uri, "MONITOR_DATABASE": database_name}
    typist = Typist({**os.environ, **own, "MONITOR_HOME": str(tmp_path / "home")}, search)
    typist.type(commands(servers, folder))
    typist.type(looks())
    away = f"mongodb://monitor:{URI_PASSWORD}@127.0.0.1:1/?serverSelectionTimeoutMS=500"
    typist.type(
        [["monitor", "doctor"], ["monitor", "sources"], crawl("mastodon", servers["well"], folder, tag="tea", instance=HOST)],
        MONGODB_URI=away,
    )
    wrong = f"mongodb://monitor:{URI_PASSWORD}@{'x' * 300}:port/"
    typist.type([["monitor", "sources"]], MONGODB_URI=wrong)
    for path in folder.iterdir():
        search.look("files", path.name, path.read_bytes())
    kept: dict[str, int] = {}
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        for name in client[database_name].list_collection_names():
            for document in client[database_name][name].find():
                kept[name] = kept.get(name, 0) + 1
                search.look("documents", f"{name} {document['_id']}", b"\n".join(unpacked(document)))
    print(
        f"\n{len(secrets)} secrets looked for in {sum(search.places.values())} places: {search.places}; documents {kept}; "
        f"codes {sorted(typist.codes)}; {time.monotonic() - begun:.0f} s"
    )
    assert search.hits == set()
    got = set().union(*(server.got for server in servers.values()))
    assert got == set(CANARIES), "each secret was really used"
    assert kept["posts"] == 2
    assert kept["quarantine"] >= 1
    assert kept["sign_ins"] == 1
    assert {1, 2, 4} <= set(typist.codes), "some of it failed"
    assert typist.codes.count(0) > 6
    assert search.places["files"] > 6
    assert search.places["command lines"] > 300
