"""Real replies on their real way: a loopback server gives recordings under their own paths, real crawls store what they hold.

The recordings lie beside the repository; without them this test is skipped. What a page holds is counted here by a few lines
that share nothing with the platform files. A page that was never recorded is an empty one, and counted.
"""

import base64
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from monitor.source import Source

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings"
EVER = datetime(2005, 1, 1, tzinfo=UTC)
TIMELINES, STATUSES = "get-v1-timelines-", "get-v1-accounts-id-statuses-200-fetch-next-previous"
TAG = "fgiztsshwiaqqiztpmmjbtvmescsculuvmgjgopwoeidbcrixp"
# Server -> what is asked of it: kind of source, parameters, and the recordings that answer, page by page.
MASTODON: dict[str, list[tuple[str, dict[str, str], tuple[str, ...]]]] = {
    "localhost:3000": [
        ("tag", {"tag": TAG}, (f"{TIMELINES}tag-hashtag-200-fetch-remaining", f"{TIMELINES}tag-hashtag-200-fetch-remaining-2")),
        ("tag", {"tag": "hoot"}, (f"{TIMELINES}tag-hashtag-200-hashtag-tl",)),
        ("public", {}, (f"{TIMELINES}public-200-public-tl",)),
        ("public", {"community": "local"}, (f"{TIMELINES}public-200-public-tl-2",)),
        ("account", {"account": "mastodonpy_test"}, (STATUSES, f"{STATUSES}-2")),
    ],
    # The source of these recordings hid the id of the account, so they cannot be of the server above.
    "old.example": [("account", {"account": "mastodonpy_test"}, (f"{STATUSES}-4", f"{STATUSES}-5"))],
    "mastodon.social": [
        ("public", {}, ("rtoot-get-timeline-public-anonymous-0",)),
        ("query", {"query": "halcy"}, ("get-v2-search-200-entity-searchv2",)),
    ],
    "fosstodon.org": [("public", {"community": "local"}, ("rtoot-get-timeline-public-instance-local-0",))],
}
HACKERNEWS: list[tuple[str, dict[str, str], str]] = [
    ("query", {"query": "Who is hiring"}, "algolia-search-whoishiring"),
    ("community", {"community": "ask"}, "firebase-askstories-json"),
    ("community", {"community": "jobs"}, "firebase-jobstories-json"),
]
ITEM = "https://news.ycombinator.com/item?id="
# Feeds with entries that are no stored post, and why that is right.
EXPLAINED = {"feedparser-illformed-rss-incomplete-cdata-xml": (1, "the reply ends inside the entry, before anything is said")}
NO_FEED = "rss_empty_document.xml"
PAGING = frozenset({"max_id", "min_id", "local", "remote", "q", "acct"})
# One process for each server, since base_url= sends all requests of a process to one place. No lease runs out meanwhile.
SETTINGS = {"MONITOR_LEASE_S": "60"}
PARTIAL = 6


@dataclass
class Library:
    """Answers by server and path, with those parameters that choose a page."""

    answers: dict[tuple[str, str, frozenset[tuple[str, str]]], tuple[str, bytes, str]] = field(default_factory=dict)
    given: Counter[str] = field(default_factory=Counter)
    unrecorded: Counter[str] = field(default_factory=Counter)
    unknown: list[str] = field(default_factory=list)

    def add(self, server: str, address: str, name: str, body: bytes, content_type: str) -> None:
        self.answers[server, *chosen(address)] = name, body, content_type

    def answer(self, server: str, address: str) -> tuple[int, bytes, str]:
        path, page = chosen(address)
        found = self.answers.get((server, path, page))
        if found is not None:
            self.given[found[0]] += 1
            return 200, found[1], found[2]
        if "/item/" in path:  # Firebase has null for what it does not have
            self.unrecorded["items"] += 1
            return 200, b"null", "application/json"
        if any(name in {"max_id", "min_id"} for name, _ in page):
            self.unrecorded["pages"] += 1
            return 200, b'{"statuses": []}' if "search" in path else b"[]", "application/json"
        self.unknown.append(f"{server}{address}")
        return 404, b'{"error": "Record not found"}', "application/json"


def chosen(address: str) -> tuple[str, frozenset[tuple[str, str]]]:
    parts = urlsplit(address)
    pairs = {(name, {"1": "true"}.get(value, value.lower())) for name, value in parse_qsl(parts.query) if name in PAGING}
    return parts.path, frozenset(pair for pair in pairs if pair[1] != "false")


@pytest.fixture
def library() -> Iterator[tuple[Library, str]]:
    """The library and its address; the first part of a path is the server that is meant."""
    known = Library()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server, _, rest = self.path[1:].partition("/")
            status, body, content_type = known.answer(server, f"/{rest}")
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield known, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def recorded(name: str) -> tuple[str, bytes, str]:
    """The address of a recording, its body and its media type."""
    told = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    body = told["response"]["body"]
    if "body is base64" in told.get("note", ""):
        encoded = base64.b64decode(body)
    else:
        encoded = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    media = (told["response"]["headers"] or {}).get("content-type", "application/json")
    return told["request"]["url"], encoded, media


def statuses(body: bytes) -> list[dict[str, Any]]:
    told = json.loads(body)
    return told if isinstance(told, list) else told["statuses"]


def entries(body: bytes) -> int:
    """JSON Feed items, or the elements that XML feeds give their entries."""
    if body.lstrip().startswith(b"{"):
        return len(json.loads(body)["items"])
    marks = ((b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    code = next((code for mark, code in marks if body.startswith(mark)), "latin-1")
    text = re.sub(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", "", body.decode(code), flags=re.DOTALL)
    return len(re.findall(r"<(?:[\w.-]+:)?(?:item|entry)[\s>]", text, re.IGNORECASE))


@dataclass
class Plan:
    """What is to be crawled, and what should be stored then: ids by the way that they come, and entries by feed."""

    library: Library
    sources: list[Source] = field(default_factory=list)
    ids: dict[str, set[str]] = field(default_factory=dict)
    entries: dict[str, tuple[str, int]] = field(default_factory=dict)

    def mastodon(self, server: str) -> None:
        """The timelines of one server. Every recorded post in them is for everybody."""
        wanted = self.ids.setdefault(f"mastodon/{server}", set())
        for kind, parameters, names in MASTODON[server]:
            place = {"instance": server, **parameters}
            self.sources.append(
                Source(platform="mastodon", kind=kind, parameters=place, since=EVER, topics=(topic_of(server),))
            )
            for name in names:
                url, body, media = recorded(f"mastodon/{name}")
                self.library.add(server, url, name, body, media)
                rows = statuses(body)
                wanted |= {row["uri"] for row in rows}
            if kind == "account":
                account = json.dumps(rows[0]["account"]).encode()
                self.library.add(server, f"/api/v1/accounts/lookup?acct={parameters['account']}", "lookup", account, media)

    def hackernews(self) -> None:
        """A search, and lists of ids with those of their items that were recorded."""
        wanted = self.ids.setdefault("hackernews", set())
        for kind, parameters, name in HACKERNEWS:
            self.sources.append(Source(platform="hackernews", kind=kind, parameters=parameters, topics=("hackernews",)))
            url, body, media = recorded(f"hackernews/{name}")
            self.library.add("hackernews", urlsplit(url).path.replace("/search", "/search_by_date"), name, body, media)
            told = json.loads(body)
            if isinstance(told, dict):
                wanted |= {f"{ITEM}{hit['objectID']}" for hit in told["hits"]}
                continue
            for number in told:
                item = f"hackernews/firebase-item-{number}-json"
                if (RECORDINGS / f"{item}.json").exists():
                    url, body, media = recorded(item)
                    self.library.add("hackernews", urlsplit(url).path, item, body, media)
                    wanted.add(f"{ITEM}{number}")

    def feeds(self) -> None:
        """Every feed, each at a host of its own, which tells its posts apart."""
        for place, path in enumerate(sorted((RECORDINGS / "feeds").glob("*-*.json"))):
            url, body, media = recorded(f"feeds/{path.stem}")
            own = f"/f{place}{urlsplit(url).path}"
            self.library.add("feeds", own, path.stem, body, media)
            parameters = {"url": f"https://f{place}.example{own}"}
            self.sources.append(Source(platform="feeds", kind="url", parameters=parameters, topics=("feeds",)))
            self.entries[f"feeds/f{place}.example"] = path.stem, entries(body)


def topic_of(server: str) -> str:
    return re.sub(r"[^a-z]+", "-", server).strip("-")


def test_recorded_replies__crawled_from_a_server_into_mongodb__every_post_is_stored(library, databases, crawl, monkeypatch):
    if not RECORDINGS.is_dir():
        pytest.skip(f"no recordings beside the repository: {RECORDINGS} is missing")
    monkeypatch.setenv("MASTODON_TOKEN", "one-for-the-recorded-search")
    known, address = library
    database, plan = databases("recorded"), Plan(known)
    for server in MASTODON:
        plan.mastodon(server)
    plan.hackernews()
    plan.feeds()
    database.ensure(plan.sources)
    crawls = [
        crawl(
            topic_of(server), database, platform=platform, settings=SETTINGS, topic=topic_of(server), base_url=f"{address}/{server}"
        )
        for server, platform in [*((server, "mastodon") for server in MASTODON), ("hackernews",) * 2, ("feeds",) * 2]
    ]  # fmt: skip
    codes = {each.name: each.ended(within_s=120) for each in crawls}

    stored = database.posts()
    found = {route: {post["_id"] for post in stored if route in post["seen_on"]} for route in (*plan.ids, *plan.entries)}
    differing = {
        name: (counted, len(found[route]))
        for route, (name, counted) in plan.entries.items()
        if counted != len(found[route]) + EXPLAINED.get(name, (0,))[0]
    }
    unread = {name for name, _, _ in known.answers.values()} - set(known.given)
    print(f"\n{len(known.given)} recordings given {known.given.total()} times to {len(crawls)} crawls, exit codes {codes}")
    for route, ids in plan.ids.items():
        print(f"  {route}: {len(ids)} posts shown, {len(found[route])} stored, {len(ids - found[route])} missing")
    counts = [counted for _, counted in plan.entries.values()]
    print(
        f"  feeds: {len(counts)} feeds, {sum(counts)} entries, {sum(len(found[route]) for route in plan.entries)} stored, "
        f"explained {sum(number for number, _ in EXPLAINED.values())}\n  all: {len(stored)} posts, {len(database.quarantined())} "
        f"set aside; asked beyond what was recorded: {dict(known.unrecorded)}"
    )
    assert {route: ids ^ found[route] for route, ids in plan.ids.items() if ids != found[route]} == {}
    assert differing == {}
    assert database.quarantined() == []
    assert unread == set()
    assert known.unknown == []
    assert codes == {**dict.fromkeys(codes, 0), "feeds": PARTIAL}, crawls[-1].said()
    assert [source.rpartition("/")[2] for source in failed(crawls[-1].said())] == [NO_FEED]
    assert len(stored) > 300


def failed(said: str) -> set[str]:
    return set(re.findall(r"source_failed source=(\S+)", said))
