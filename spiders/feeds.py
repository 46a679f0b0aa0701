"""Feeds: RSS, RDF, Atom, CDF and JSON Feed 1.x at any address, and web pages that name one.

Sources: RSS Advisory Board 2.0.11, RFC 4287, RFC 4685, jsonfeed.org 1.1, Media RSS 1.5.1, checked 2026-11-22. No paging: a
feed shows its newest 10 to 100 entries, so a source remembers their identities, and an entry that is missing later was not
deleted. Polled with the validators of the last reply, as they were received; 304 is nothing new, 410 the end.

An edit is the same identity with a later `updated` or another text. Missing and impossible dates are the time of the first
fetch: the store fixes `created_at` when it first sees a post, so the next poll does not move it. YouTube tells views and
ratings, Google News the publisher; Reddit's entries have no scores. Not collected: RFC 5005 archives, `next_url`, tombstones.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from html import unescape
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

from monitor.bookmark import Step
from monitor.crawl.spider import PlatformSpider
from monitor.errors import GoneError, MonitorError, PostError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.post import EARLIEST, LEEWAY, Author, Counts, Media, MediaKind, Post
from monitor.source import Source, SourceKind
from monitor.text.dates import utc
from monitor.text.feed import Feed, feeds_named_in, read_feed
from monitor.text.html import plain_text, text_and_links

# Ids of these schemes are global by their own rules; any other id is one within its feed.
GLOBAL_SCHEMES = frozenset({"http", "https", "tag", "urn", "yt", "at", "doi", "hdl", "info", "mid", "ni"})
LONGEST_GUID_BYTES = 500  # a longer one is kept as its hash
VALIDATORS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
MEDIA_KINDS = {"image": "image", "video": "video", "audio": "audio", "application/x-shockwave-flash": "video"}

_REDDIT_NAME = re.compile(r"t[1-6]_[a-z0-9]{1,13}")  # a fullname, unique at Reddit whatever feed shows it
_REDDIT_TEXT = re.compile(r"<!-- SC_OFF -->(.*)<!-- SC_ON -->", re.DOTALL)
_REDDIT_LINK = re.compile(r'<a href="([^"]+)">\[link\]</a>')
_TAG = re.compile(r"<[a-zA-Z/!]")
_ESCAPED_TAG = re.compile(r"\s*<(?:p|div|a|b|i|em|strong|ul|ol|img|br|span|h[1-6]|table|blockquote)\b[^<>]*>", re.IGNORECASE)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?", re.DOTALL)


class Feeds(PlatformSpider):
    name = "feeds"
    base_url = "{url}"
    kinds: ClassVar[Mapping[str, SourceKind]] = {"url": SourceKind(needs=("url",), order="whole")}
    accepts = "application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.8"
    redirects = 5
    typed_hosts = True
    probe: ClassVar[Mapping[str, str]] = {"url": "https://news.ycombinator.com/rss"}
    expects = ("url", "title", "text")

    def ask(self, source: Source, step: Step) -> Ask:
        """The feed's address as it was typed; `feed:` and no scheme at all are what browsers and people make of https."""
        url = re.sub(r"^feed:(//)?", "", source.parameters["url"].strip())
        return Ask(url if "://" in url else f"https://{url}")

    def refusal(self, reply: Reply) -> MonitorError | None:
        """410 is a publisher's word that a feed is withdrawn for good."""
        return GoneError(f"The feed at {reply.url} was withdrawn by its publisher (410).") if reply.status == 410 else None

    def read(self, reply: Reply, asked: Asked) -> Page | list[Ask]:
        """All entries there are; for a web page, an ask for the first feed that it names."""
        feed = read_feed(reply.body, url=reply.url, content_type=reply.headers.get("content-type"))
        if feed is not None:
            validators = {sent: reply.headers[told] for told, sent in VALIDATORS.items() if told in reply.headers}
            return _page(feed, self.ask(asked.source, asked.step).path, validators)
        if named := feeds_named_in(reply.body, url=reply.url):
            return [Ask(named[0])]
        raise ReplyError(f"{reply.url} is no feed, and names none: look for the feed's own address on its site.")

    def gather(self, replies: Sequence[Reply], asked: Asked) -> Page:
        """The feed that a web page named. Its validators are not those of the page, which is asked first the next time too."""
        (reply,) = replies
        feed = read_feed(reply.body, url=reply.url, content_type=reply.headers.get("content-type"))
        if feed is None:
            raise ReplyError(f"{reply.url}, which {asked.source.parameters['url']} names as its feed, is none.")
        return _page(feed, reply.url, {})

    def identity(self, row: Mapping[str, Any], reply: Reply) -> str | None:
        return _identity(row)

    def post(self, row: Mapping[str, Any], reply: Reply) -> Post:
        if "unreadable" in row:
            raise PostError("the entry cannot be read")
        feed, source = row["feed"], row["source"] or {}
        author = row["author"] or ({} if source.get("title") else feed["author"]) or {}
        name = author.get("name") or source.get("title") or feed["title"]
        created_at = _moment(row["published"], reply) or _moment(row["updated"], reply) or reply.fetched_at
        edited_at = _moment(row["updated"], reply)
        text, links = _text(row)
        return Post(
            id=_identity(row),
            platform=self.name,
            native_id=_native_id(row),
            url=row["link"],
            kind="reply" if row["reply_to"] else "post",
            created_at=created_at,
            edited_at=edited_at if edited_at and edited_at > created_at else None,
            text=text,
            title=_title(row, source.get("title")),
            language=_language(row["language"] or feed["language"]),
            author=_author(name, author.get("url"), feed, source),
            tags=tuple(dict.fromkeys(" ".join(tag.split()).lower() for tag in row["tags"] if tag.strip())),
            links=links,
            media=tuple({item["url"]: _media(item) for item in row["media"]}.values()),
            reply_to=row["reply_to"],
            community=feed["title"] or urlsplit(feed["url"]).hostname,
            counts=Counts(likes=row["likes"], views=row["views"], replies=row["replies"]),
        )


def _page(feed: Feed, address: str, validators: Mapping[str, str]) -> Page:
    """Rows carry what of their feed a post needs, so that each can be understood alone; the mark is the entry's identity."""
    about = {"url": address, "title": feed.title, "link": feed.link, "language": feed.language, "author": feed.author}
    rows = [{**entry, "feed": about} for entry in feed.entries]
    return Page(rows, [None if "unreadable" in row else _identity(row) for row in rows], ordered=False, validators=validators)


def _native_id(row: Mapping[str, Any]) -> str:
    """The entry's id; without one, a hash of what tells entries of one feed apart: link, title and date, else the text."""
    if row["id"]:
        guid: bytes = row["id"].encode("utf-8", "replace")
        return str(row["id"]) if len(guid) <= LONGEST_GUID_BYTES else sha256(guid).hexdigest()
    parts = [row["link"], (row["title"] or {}).get("value"), row["published"]]
    if not any(parts[:2]):
        parts.append((row["body"] or {}).get("value"))
    return sha256("\n".join(part or "" for part in parts).encode("utf-8", "replace")).hexdigest()


def _identity(row: Mapping[str, Any]) -> str:
    native_id = _native_id(row)
    scheme, colon, rest = native_id.partition(":")
    if colon and scheme.lower() in GLOBAL_SCHEMES and rest.strip("/") and not re.search(r"\s", native_id):
        return native_id
    if _REDDIT_NAME.fullmatch(native_id) and _from_reddit(row):
        return native_id
    return f"{row['feed']['url']}#{native_id}"


def _from_reddit(row: Mapping[str, Any]) -> bool:
    host = urlsplit(row["link"] or "").hostname or ""
    return host == "reddit.com" or host.endswith(".reddit.com")


def _moment(text: str | None, reply: Reply) -> datetime | None:
    """The date, or None for one that no post can have: feeds hold zeros, years of two digits, and sales dates to come."""
    try:
        moment = utc(text)
    except PostError:
        return None
    return moment if EARLIEST <= moment <= reply.fetched_at + LEEWAY else None


def _text(row: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    if row["body"] is None:
        return "", ()
    kind, value = row["body"]["type"], row["body"]["value"]
    if kind == "text/plain" and not _ESCAPED_TAG.match(value):
        return value.strip(), ()
    if _from_reddit(row) and (link := _REDDIT_LINK.search(value)):
        # What people wrote stands between two comments; the rest is a table with the author and two links.
        written = _REDDIT_TEXT.search(value)
        text, links = text_and_links(written[1] if written else "")
        return text, tuple(dict.fromkeys((unescape(link[1]), *links)))
    if not _TAG.search(value) and _ESCAPED_TAG.match(unescape(value)):
        value = unescape(value)  # escaped twice
    return text_and_links(value)


def _author(name: str | None, url: str | None, feed: Mapping[str, Any], source: Mapping[str, Any]) -> Author:
    """Known by an address where the feed gives one; else by name, which is unique within a feed at best."""
    return Author(id=url or (f"{feed['url']}#{name}" if name else feed["url"]), name=name, url=url or source.get("url"))


def _title(row: Mapping[str, Any], publisher: str | None) -> str | None:
    """The title as text; Google News ends each with the publisher's name, which is the author here."""
    if row["title"] is None:
        return None
    value = row["title"]["value"]
    title = " ".join((plain_text(value) if row["title"]["type"] == "text/html" else value).split())
    return (title.removesuffix(f" - {publisher}") if publisher else title) or None


def _language(tag: str | None) -> str | None:
    """The primary subtag: `en` of `en-US`, None for words such as `english`."""
    found = _LANGUAGE.fullmatch(tag.strip()) if tag else None
    return found[1].lower() if found and found[1].lower() not in {"und", "mul", "zxx"} else None


def _media(item: Mapping[str, str | None]) -> Media:
    said = item["type"] or ""
    kind = MEDIA_KINDS.get(item["medium"] or "") or MEDIA_KINDS.get(said) or MEDIA_KINDS.get(said.partition("/")[0]) or "file"
    return Media(kind=cast(MediaKind, kind), url=item["url"], alt=item["alt"])
