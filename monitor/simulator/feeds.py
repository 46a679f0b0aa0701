"""The simulated feeds: RSS 2.0, Atom, RDF and JSON Feed with conditional GET, one of them moved, and a page that names two."""

from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from html import escape
from zlib import crc32

from monitor.simulator.answer import Answer, Call, Row, compact
from monitor.simulator.feed_list import FEEDS, MOVED_PATH, PAGE_PATH, Feed
from monitor.simulator.world import World
from monitor.simulator.world_post import Shown, WorldPost
from monitor.simulator.writing import feed_html, plain

_EXCERPT = 80  # characters of the summary beside the whole text
_BROKEN_LINE = "<shop:opening hours=mornings>Sundays & holidays closed</shop:opening>\n"  # nothing here is well-formed
_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
    "json": "application/feed+json",
}


class Feeds:
    """Answers calls for `/feeds/...` and the page from the feed posts of `world`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._feeds = {feed.path: feed for feed in FEEDS}
        self._entries: dict[WorldPost, bytes] = {}
        self._read = 0
        self._posts: dict[str, list[WorldPost]] = {feed.name: [] for feed in FEEDS}

    def answer(self, call: Call) -> Answer:
        if call.path == MOVED_PATH:
            return Answer(301, (b"",), {"Location": f"{call.base}{FEEDS[0].path}"}, "text/html")
        if call.path == PAGE_PATH:
            return Answer(200, (_page(),), content_type="text/html; charset=utf-8")
        feed = self._feeds.get(call.path)
        if feed is None:
            return Answer(404, (b"<h1>Not Found</h1>",), content_type="text/html; charset=utf-8")
        return self._feed(call, feed)

    def _newest(self, feed: Feed, now: datetime) -> list[WorldPost]:
        self._world.reach(now)
        posts = self._world.posts("feeds")
        for post in posts[self._read :]:
            self._posts[post.community or ""].append(post)
        self._read = len(posts)
        newest: list[WorldPost] = []
        for post in reversed(self._posts[feed.name]):
            if len(newest) == feed.window:
                break
            if post.exists(now):
                newest.append(post)
        return newest

    def _feed(self, call: Call, feed: Feed) -> Answer:
        posts = self._newest(feed, call.now)
        changed_at = max((post.created_at for post in posts), default=self._world.start)
        etag = f'"{crc32(repr([post.number for post in posts]).encode()):08x}"'
        validators = {"ETag": etag, "Last-Modified": format_datetime(changed_at.replace(microsecond=0), usegmt=True)}
        if _unchanged(call, etag, changed_at):
            return Answer(304, (b"",), validators, _TYPES[feed.format])
        before, after, entry = _FORMATS[feed.format]
        rows = [Row(self._entry(post, feed, entry), Shown(post, {}, call.now)) for post in posts]
        parts: list[bytes | Row] = [before(feed, changed_at)]
        for place, row in enumerate(rows):
            parts += [b",", row] if place and feed.format == "json" else [row]
        return Answer(200, (*parts, after), validators, _TYPES[feed.format])

    def _entry(self, post: WorldPost, feed: Feed, entry: Callable[[WorldPost, Feed], bytes]) -> bytes:
        made = self._entries.get(post)
        if made is None:
            made = self._entries[post] = entry(post, feed)
        return made


def _unchanged(call: Call, etag: str, changed_at: datetime) -> bool:
    """If-None-Match decides where it is sent, else If-Modified-Since (RFC 9110, 13.2.2)."""
    if (wanted := call.headers.get("if-none-match")) is not None:
        return etag in {part.strip().removeprefix("W/") for part in wanted.split(",")}
    since = call.headers.get("if-modified-since")
    try:
        return since is not None and changed_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except ValueError:
        return False  # a date that cannot be read is as good as none


def _summary(post: WorldPost) -> str:
    return plain(post.text)[:_EXCERPT].strip() + "..."


def _rss_head(feed: Feed, _changed_at: datetime) -> bytes:
    title = feed.name if feed.broken else escape(feed.name)
    head = (
        f'<?xml version="1.0" encoding="{feed.charset}"?>\n<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>\n'
        f"<title>{title}</title><link>https://{feed.host}/</link><description>Simulated data</description>\n"
        f"<language>{feed.language}</language><ttl>15</ttl>\n{_BROKEN_LINE if feed.broken else ''}"
    )
    return head.encode(feed.charset)


def _rss_entry(post: WorldPost, feed: Feed) -> bytes:
    permanent = "true" if feed.guids == "permalink" else "false"
    guid = f'<guid isPermaLink="{permanent}">{escape(post.native_id)}</guid>' if post.native_id else ""
    date = f"<pubDate>{format_datetime(post.created_at)}</pubDate>" if post.dated else ""
    entry = (
        f"<item><title>{escape(post.title or '')}</title><link>{escape(post.url or '')}</link>{guid}{date}"
        f"<dc:creator>{post.author.username}</dc:creator><category>{escape(post.subject or '')}</category>"
        f"<description>{escape(_summary(post))}</description>"
        f"<content:encoded><![CDATA[{feed_html(post.text)}]]></content:encoded></item>\n"
    )
    return entry.encode(feed.charset, "xmlcharrefreplace")


def _atom_head(feed: Feed, changed_at: datetime) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{feed.language}">\n'
        f"<title>{escape(feed.name)}</title><id>tag:{feed.host},2026:feed</id><updated>{_rfc3339(changed_at)}</updated>\n"
        f'<link rel="alternate" href="https://{feed.host}/"/>\n'
    ).encode()


def _atom_entry(post: WorldPost, _feed: Feed) -> bytes:
    return (
        f'<entry><id>{escape(post.native_id or "")}</id><title type="text">{escape(post.title or "")}</title>'
        f'<link rel="alternate" href="{escape(post.url or "")}"/><published>{_rfc3339(post.created_at)}</published>'
        f"<updated>{_rfc3339(post.created_at)}</updated><author><name>{post.author.username}</name></author>"
        f'<category term="{escape(post.subject or "")}"/><summary>{escape(_summary(post))}</summary>'
        f'<content type="html">{escape(feed_html(post.text))}</content></entry>\n'
    ).encode()


def _rdf_head(feed: Feed, _changed_at: datetime) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF xmlns="http://purl.org/rss/1.0/" '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f'<channel rdf:about="https://{feed.host}/"><title>{escape(feed.name)}</title><link>https://{feed.host}/</link>'
        f"<description>Simulated data</description><dc:language>{feed.language}</dc:language></channel>\n"
    ).encode()


def _rdf_entry(post: WorldPost, _feed: Feed) -> bytes:
    return (
        f'<item rdf:about="{escape(post.url or "")}"><title>{escape(post.title or "")}</title>'
        f"<link>{escape(post.url or '')}</link><dc:date>{_rfc3339(post.created_at)}</dc:date>"
        f"<dc:creator>{post.author.username}</dc:creator><dc:subject>{escape(post.subject or '')}</dc:subject>"
        f"<description>{escape(feed_html(post.text))}</description></item>\n"
    ).encode()


def _json_head(feed: Feed, _changed_at: datetime) -> bytes:
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.name,
        "home_page_url": f"https://{feed.host}/",
        "language": feed.language,
    }
    return compact(head)[:-1] + b',"items":['


def _json_entry(post: WorldPost, _feed: Feed) -> bytes:
    return compact(
        {
            "id": post.native_id,
            "url": post.url,
            "title": post.title,
            "content_html": feed_html(post.text),
            "date_published": _rfc3339(post.created_at),
            "authors": [{"name": post.author.username}],
            "tags": [post.subject],
        }
    )


def _rfc3339(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _page() -> bytes:
    links = "".join(
        f'<link rel="alternate" type="{_TYPES[feed.format]}" title="{feed.name}" href="{feed.path}">' for feed in FEEDS[:2]
    )
    return f"<!doctype html><html><head><title>A simulated blog</title>{links}</head><body><p>Hello.</p></body></html>".encode()


_Head = Callable[[Feed, datetime], bytes]
_Entry = Callable[[WorldPost, Feed], bytes]
_FORMATS: dict[str, tuple[_Head, bytes, _Entry]] = {
    "rss": (_rss_head, b"</channel></rss>\n", _rss_entry),
    "atom": (_atom_head, b"</feed>\n", _atom_entry),
    "rdf": (_rdf_head, b"</rdf:RDF>\n", _rdf_entry),
    "json": (_json_head, b"]}", _json_entry),
}
