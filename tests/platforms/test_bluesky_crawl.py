"""Real crawls of a server that wants a session, as Bluesky's search does: one sign-in for all of them, no secret anywhere."""

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pymongo import MongoClient

from monitor.crawl.process import start

DID, PASSWORD = "did:plc:wren", "canary-app-password"
NEEDS_CREDENTIALS, ENDED_S = 4, 60


@dataclass
class Server:
    """A small Bluesky: `live` are the tokens it knows, `asked` how often each method was called."""

    live: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    cursors: list[str | None] = field(default_factory=list)
    address: str = ""

    def answer(self, address: str, token: str, body: bytes) -> tuple[int, Any]:
        method = urlsplit(address).path.rpartition(".")[2]
        self.asked[method] += 1
        if method == "createSession":
            right = json.loads(body)["password"] == PASSWORD
            return (200, self.tokens()) if right else (401, {"error": "AuthenticationRequired"})
        if method == "refreshSession":
            return (200, self.tokens()) if token.startswith("canary-refresh") else (400, {"error": "ExpiredToken"})
        if not token:
            return 403, {"error": "Forbidden"}
        return (
            (200, self.page(address))
            if token in self.live
            else (400, {"error": "ExpiredToken", "message": "Token has expired"})
        )

    def tokens(self) -> dict[str, Any]:
        number = self.asked["createSession"] + self.asked["refreshSession"]
        self.live = {f"canary-access-{number}"}
        return {"accessJwt": f"canary-access-{number}", "refreshJwt": f"canary-refresh-{number}", "did": DID}

    def page(self, address: str) -> dict[str, Any]:
        asked = dict(parse_qsl(urlsplit(address).query))
        self.cursors.append(asked.get("cursor"))
        first = int(asked.get("cursor", 0))
        posts = [post(number) for number in range(first, first + 3)]
        return {"posts": posts, "cursor": str(first + 3)} if first < 6 else {"posts": posts}


def post(number: int) -> dict[str, Any]:
    at = f"2026-11-20T08:{59 - number:02}:00Z"
    return {
        "uri": f"at://{DID}/app.bsky.feed.post/3k{number}",
        "author": {"did": DID, "handle": "wren.example"},
        "record": {"text": f"Tea {number}.", "createdAt": at},
        "indexedAt": at,
    }


@pytest.fixture
def server() -> Iterator[Server]:
    known = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            status, told = known.answer(self.path, token, sent)
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_args: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        known.address = f"http://127.0.0.1:{listening.server_port}"
        yield known
        listening.shutdown()
        thread.join()


def crawled(server: Server, uri: str, database: str, folder: Path, *, password: str | None = PASSWORD, **arguments: str) -> str:
    """Crawl once, and return the exit code and the log."""
    credentials = {} if password is None else {"BLUESKY_IDENTIFIER": "wren.example", "BLUESKY_PASSWORD": password}
    place = {"MONGODB_URI": uri, "MONITOR_DATABASE": database, "MONITOR_HOME": str(folder)}
    log = folder / "crawl.log"
    with log.open("w", encoding="utf-8") as stderr:
        process = start(
            "bluesky",
            arguments={"base_url": server.address, **arguments},
            settings={"MONITOR_PACE_S": "0", "LOG_LEVEL": "DEBUG"},
            environment={**os.environ, **place, **credentials},
            stderr=stderr,
        )
        try:
            code = process.wait(ENDED_S)
        finally:
            process.kill()
    return f"exit {code}\n{log.read_text(encoding='utf-8', errors='replace')}"


def test_search__one_session_serves_run_after_run__and_is_renewed_when_it_ends(
    server: Server, mongodb_uri: str, database_name: str, tmp_path: Path
) -> None:
    logs = [crawled(server, mongodb_uri, database_name, tmp_path, query="tea", since="2026-11-01")]
    assert server.cursors == [None, "3", "6"]
    logs.append(crawled(server, mongodb_uri, database_name, tmp_path, query="coffee"))
    assert (server.asked["createSession"], server.asked["refreshSession"]) == (1, 0)
    server.live.clear()
    logs.append(crawled(server, mongodb_uri, database_name, tmp_path, query="tea"))
    assert (server.asked["createSession"], server.asked["refreshSession"]) == (1, 1)

    assert [log.partition("\n")[0] for log in logs] == ["exit 0"] * 3, logs[-1][-2000:]
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        database = client[database_name]
        assert database["posts"].count_documents({}) == 9
        everything = b"".join(batch for name in database.list_collection_names() for batch in database[name].find_raw_batches())
    print(
        f"\n{len(everything)} bytes of database and {sum(map(len, logs))} characters of logs hold no secret; {dict(server.asked)}"
    )
    assert b"canary" not in everything
    assert "canary" not in "".join(logs)


def test_search__wrong_password__is_offered_once_and_said(
    server: Server, mongodb_uri: str, database_name: str, tmp_path: Path
) -> None:
    log = crawled(server, mongodb_uri, database_name, tmp_path, password="wrong", query="tea")
    assert log.startswith(f"exit {NEEDS_CREDENTIALS}")
    assert "BLUESKY_IDENTIFIER and BLUESKY_PASSWORD" in log
    assert dict(server.asked) == {"createSession": 1}


def test_search__of_a_stranger__is_refused_in_a_sentence(
    server: Server, mongodb_uri: str, database_name: str, tmp_path: Path
) -> None:
    log = crawled(server, mongodb_uri, database_name, tmp_path, password=None, query="tea")
    assert log.startswith(f"exit {NEEDS_CREDENTIALS}")
    assert "does not let strangers search (403)" in log
    assert dict(server.asked) == {"searchPosts": 1}
