"""Bluesky: accounts, feed generators, lists, threads and search, by the AT Protocol's HTTP API (lexicons app.bsky.*), and the
stream of all posts (Jetstream, in `monitor.crawl.jetstream`), which needs no credentials.

Sources: docs.bsky.app and the lexicons of bluesky-social/atproto, checked 2026-11-22. All but search is asked of the public
AppView without credentials, 100 a page; cursors are opaque, only a page without one is the end, and an empty page may have one.
3,000 calls per 5 minutes, RateLimit-Reset in epoch seconds. Search turns strangers away with 403 most of the time, beyond its
first page always: it is asked through the account's own server when BLUESKY_IDENTIFIER and BLUESKY_PASSWORD (an app password)
are set. Signing in is limited to 10 to 300 a day, so a session is renewed and shared rather than made anew.

Feeds are sorted by the earlier of the claimed and the server's moment; posts imported with old dates stand where they claim to
be, not among the new ones. An edit keeps the address and changes the cid; a deleted post is absent, in threads told as such.
Authors who show posts to signed-in people only (`!no-unauthenticated`) are skipped where we are strangers, which is everywhere
but in a signed-in search; whoever publishes what that found has to leave them out, as with the stream, which tells no labels of
authors and no handles. Not collected: home timelines, likes, views, followers, answers deeper than 80 levels.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from monitor.bookmark import Mark, Step
from monitor.config import Config
from monitor.crawl import jetstream
from monitor.crawl.spider import PlatformSpider
from monitor.errors import CredentialsError, CursorRefusedError, GoneError, MonitorError, ReplyError, SignInOverError, SkipPost
from monitor.page import Ask, Asked, Page, Reply
from monitor.post import EARLIEST, Counts, Kind, Post
from monitor.source import Source, SourceKind
from monitor.text import atproto
from monitor.text.dates import utc, utc_from_milliseconds

ENTRY = "https://bsky.social"
FEED = "/xrpc/app.bsky.feed"
FEEDS = {atproto.GENERATORS: ("getFeed", "feed"), atproto.LISTS: ("getListFeed", "list")}
SEARCHES = frozenset({"query", "tag", "stream"})  # what a stream missed is searched for
SEARCH_CURSOR_S = 600  # it is an offset: each new post moves what it points at
DEEPEST = 80  # levels of a thread; each is two of JSON, of which 200 are read
SENSITIVE = frozenset({"porn", "sexual", "nudity", "graphic-media", "gore", "!warn", "!hide"})
CREDENTIALS = ("BLUESKY_IDENTIFIER", "BLUESKY_PASSWORD")
BOTH = " and ".join(CREDENTIALS)
COUNTS = {"likes": "likeCount", "reposts": "repostCount", "replies": "replyCount", "quotes": "quoteCount"}


class Bluesky(PlatformSpider):
    name = "bluesky"
    base_url = "https://public.api.bsky.app"
    page_size, overlap_s, pace_s = 100, 900, 0.2
    meters: ClassVar[Mapping[str, str]] = {"com.atproto.server.": "session"}  # sign-ins, whose headers tell their own limit
    resumes_by_mark = False
    cursor_ttls_s: ClassVar[Mapping[str, int]] = dict.fromkeys(SEARCHES, SEARCH_CURSOR_S)
    modes: ClassVar[Mapping[str, bool]] = {"search": True, "jetstream": False}
    probe: ClassVar[Mapping[str, str]] = {"account": "bsky.app"}
    expects = ("url", "text", "author.handle", "counts.likes", "counts.reposts", "counts.replies", "counts.quotes")
    frame = staticmethod(jetstream.frame)
    kinds: ClassVar[Mapping[str, SourceKind]] = {
        "account": SourceKind(needs=("account",)),
        "query": SourceKind(needs=("query",)),
        "tag": SourceKind(needs=("tag",)),
        "url": SourceKind(needs=("url",)),
        "stream": SourceKind(needs=("stream",), takes=("query", "tag"), live=True),
    }

    def ask(self, source: Source, step: Step) -> Ask:
        """A page by cursor. Search can be entered at a moment as well; a cursor of ours begins with the one it counts from."""
        given, page = source.parameters, {"limit": step.size or self.page_size, "cursor": step.cursor}
        if source.kind == "stream" and step.until is None:
            return jetstream.ask(given["stream"], step)
        if source.kind == "account":
            return Ask(f"{FEED}.getAuthorFeed", {"actor": source.facts.get("did", given["account"]), **page})
        if source.kind == "url":
            lies = atproto.address_to_ask(given["url"])
            uri = str(replace(lies, authority=source.facts.get("did", lies.authority)))
            if lies.collection == atproto.POSTS:
                return Ask(f"{FEED}.getPostThread", {"uri": uri, "depth": DEEPEST, "parentHeight": DEEPEST})
            method, parameter = FEEDS[lies.collection]
            return Ask(f"{FEED}.{method}", {parameter: uri, **page})
        below, _, cursor = (step.cursor or f"{_below(step)} ").partition(" ")
        until = f"{utc_from_milliseconds(int(below) + 1):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" if below else None
        words = given["query"] if "query" in given else f"#{given['tag']}"
        return Ask(f"{FEED}.searchPosts", {"q": words, "sort": "latest", **page, "until": until, "cursor": cursor or None})

    def read(self, reply: Reply, asked: Asked) -> Page:
        """Posts marked by the millisecond they are sorted by; pinned ones have no mark. A thread is one page without an order."""
        told = reply.json if isinstance(reply.json, Mapping) else {}
        if isinstance(told.get("thread"), Mapping):
            rows = list(atproto.posts_of_thread(told["thread"]))
            return Page(rows, [atproto.sorted_at(row) for row in rows], ordered=False, end=True)
        rows, cursor = told.get("feed", told.get("posts")), told.get("cursor") or None
        if not isinstance(rows, list):
            raise ReplyError("Bluesky sent neither a feed nor posts nor a thread.")
        if cursor and asked.source.kind in SEARCHES:
            cursor = f"{_below(asked.step)} {cursor}"
        ordered = f"{FEED}.getFeed?" not in reply.url  # generators sort as they like
        return Page(rows, [atproto.sorted_at(row) for row in rows], cursor=cursor, ordered=ordered, end=not cursor)

    def post(self, row: Mapping[str, Any], reply: Reply) -> Post:
        """An item of a feed, a post by itself, or one of the stream. A repost says what the original says and counts nothing."""
        if (gone := jetstream.tombstone(row)) is not None:
            return gone
        row = jetstream.view(row)
        view, reason = (row["post"], row.get("reason") or {}) if "post" in row else (row, {})
        reposter = reason["by"] if reason.get("$type", "").endswith("#reasonRepost") else None
        author, record, uri = view["author"], view["record"], view["uri"]
        people = [atproto.labels_in_force(person.get("labels")) for person in (author, reposter) if person]
        if reply.url.startswith(self.base_url) and any("!no-unauthenticated" in labels for labels in people):
            raise SkipPost("the author shows posts only to people who are signed in")
        labels = atproto.labels_in_force(view.get("labels"), (record.get("labels") or {}).get("values")) | people[0]
        said, answered = atproto.read_said(view), record.get("reply")
        kind: Kind = "repost" if reposter else "quote" if said.quoted else "reply" if answered else "post"
        # Servers of early 2025 told a repost without the address of its own record.
        identity = reason.get("uri") or f"{uri}#repost-by-{reposter['did']}" if reposter else uri
        return Post(
            id=identity,
            platform=self.name,
            native_id=identity,
            url=atproto.page_of_post(uri),
            kind=kind,
            created_at=utc(reason["indexedAt"]) if reposter else atproto.created_at(view, reply.fetched_at),
            text=said.text,
            language=next(iter(record.get("langs") or ()), None),
            author=atproto.author_of(reposter or author),
            tags=said.tags,
            mentions=said.mentions,
            links=said.links,
            media=said.media,
            reply_to=answered["parent"]["uri"] if answered else None,
            thread=answered["root"]["uri"] if answered else None,
            repost_of=uri if reposter else None,
            quote_of=said.quoted,
            counts=Counts() if reposter else Counts(**{ours: view.get(theirs) for ours, theirs in COUNTS.items()}),
            sensitive=not SENSITIVE.isdisjoint(labels) if labels or "labels" in view else None,
        )

    def stream_hosts(self, source: Source) -> Sequence[str]:
        return jetstream.HOSTS[source.parameters["stream"]]

    def fills(self, source: Source) -> bool:
        return self.sign_in(self.session.config, source, {}) is not None

    def sign_in(self, config: Config, source: Source, known: Mapping[str, str]) -> Ask | None:
        """Only search signs in, and is tried without where no credentials are set. Half of them is a mistake."""
        who, password = (config.secret(name) for name in CREDENTIALS)
        if source.kind not in SEARCHES or who is None or password is None:
            if source.kind in SEARCHES and who != password:
                raise CredentialsError(f"Bluesky's search needs {BOTH}; only one of them is set.")
            return None
        if known:
            renewing = {"Authorization": f"Bearer {known['refresh']}"}
            return Ask(f"{known['server']}/xrpc/com.atproto.server.refreshSession", method="POST", headers=renewing)
        body = json.dumps({"identifier": who.reveal().lstrip("@"), "password": password.reveal()}).encode()
        making = {"Content-Type": "application/json"}
        return Ask(f"{ENTRY}/xrpc/com.atproto.server.createSession", method="POST", headers=making, body=body)

    def signed_in(self, reply: Reply) -> Mapping[str, str]:
        """The tokens, and the account's own server, which passes on what is for the AppView."""
        server = atproto.own_server(reply.json) or reply.url.partition("/xrpc/")[0]
        return {"access": reply.json["accessJwt"], "refresh": reply.json["refreshJwt"], "server": server}

    def signed(self, ask: Ask, facts: Mapping[str, str]) -> Ask:
        return replace(ask, path=facts["server"] + ask.path).with_headers({"Authorization": f"Bearer {facts['access']}"})

    def resolve(self, source: Source) -> Ask | None:
        """The DID behind a handle, which its owner may change."""
        given = source.parameters
        if source.kind in SEARCHES or "did" in source.facts:
            return None
        who = given["account"] if source.kind == "account" else atproto.address_to_ask(given["url"]).authority
        return None if who.startswith("did:") else Ask("/xrpc/com.atproto.identity.resolveHandle", {"handle": who})

    def resolved(self, reply: Reply, source: Source) -> Mapping[str, str]:
        return {"did": reply.json["did"]}

    def refusal(self, reply: Reply) -> MonitorError | None:
        """Errors by their names, which say more than the status: an expired token is a 400, and so is a missing account."""
        name, message = atproto.error_of(reply)
        if name == "AuthenticationRequired" or (name and "createSession" in reply.url and reply.status == 401):
            return CredentialsError(f"Bluesky refused to sign in ({name}): check {BOTH}, which has to be an app password.")
        if name in {"ExpiredToken", "InvalidToken"}:
            return SignInOverError(f"Bluesky's session ended ({name}) and was not renewed: check {BOTH}.")
        if reply.status in {401, 403} and reply.url.startswith(f"{self.base_url}{FEED}.searchPosts"):
            told = f"Bluesky does not let strangers search ({reply.status}): set {BOTH} (an app password), or listen to"
            return CredentialsError(
                f"{told} all posts (-a stream=jetstream -a query=WORD), or follow accounts, lists and feeds."
            )
        if name == "CursorTooOld":
            return CursorRefusedError("Jetstream keeps nothing that old any more.")
        if atproto.says_gone(name, message):
            return GoneError(f"Bluesky knows no such account, post, list or feed any more ({name}).")
        return None

    def marked_at(self, mark: Mark) -> datetime | None:
        at = utc_from_milliseconds(mark)
        return at if at >= EARLIEST else None


def _below(step: Step) -> str:
    """The moment from which a search that is asked by `step` looks back, in milliseconds; empty for now."""
    return step.cursor.partition(" ")[0] if step.cursor else "" if step.until is None else str(step.until)
