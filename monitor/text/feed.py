"""A feed's bytes as plain entries: RSS, RDF, Atom and CDF by feedparser, JSON Feed 1.x by hand.

Every format ends in the same fields, all of them JSON:

    id, link, title {type, value}, body {type, value}, published, updated (RFC 3339, UTC), author {name, url}, tags [],
    media [{url, type, medium, alt}], language, views, likes, replies (numbers), reply_to, source {title, url}

each None, or empty, where the feed does not say; `type` is text/plain or text/html. What an entry means as a post is in
spiders/feeds.py. Feeds are hostile input: document types with definitions of their own are broken before any parser sees them,
so no entity is ever declared, expanded or fetched; an entry that feedparser fails on costs that entry alone.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from time import struct_time
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
from feedparser.encodings import convert_to_utf8
from feedparser.mixin import _FeedParserMixin
from lxml import etree

from monitor.text.html import plain_text

Entry = dict[str, Any]

FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"})
LONGEST_AUTHOR = 500
MOST_REPEATED = 16 * 1024 * 1024  # bytes of a feed's head, read again with each entry of a broken feed
LONGEST_KEPT = 10_000  # characters of an entry that could not be read, kept to see why

_ROOTS = frozenset({"rss", "feed", "rdf:rdf", "channel"})
_WEB_SCHEMES = ("http://", "https://")
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})

_BLANK_BEFORE_MARKUP = re.compile(rb"\A\s+(?=<[?!\w])")
_FIRST_ELEMENT = re.compile(rb"<([A-Za-z][\w:.-]*)")
# The prolog of a document up to a DOCTYPE with an internal subset, the only place where entities can be declared.
_DOCTYPE = re.compile(
    rb"""\A((?:\s+|<\?.*?\?>|<!--.*?-->)*+)<!DOCTYPE(?=(?:[^"'>\[]|"[^"]*"|'[^']*')*+\[)""", re.DOTALL | re.IGNORECASE
)
_REFERENCE = re.compile(rb"&#(?:x([0-9a-f]+)|(\d+));", re.IGNORECASE)
_WHOLE_ENTRY = re.compile(rb"<((?:\w+:)?(?:item|entry))[\s>].*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_ENTRY_END = re.compile(rb"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What the feed says of itself, and its entries in its own order; one that cannot be read is `{"unreadable": text}`."""

    title: str | None
    link: str | None
    language: str | None
    author: Mapping[str, str | None] | None
    entries: tuple[Entry, ...]


def read_feed(body: bytes, *, url: str, content_type: str | None) -> Feed | None:
    """The feed in `body`, which came from `url`; None for anything else than a feed. Broken feeds give what can be read."""
    if body.lstrip(b"\xef\xbb\xbf\r\n\t ")[:1] == b"{":
        return _json_feed(body, url)
    headers = {"content-type": content_type} if content_type else {}
    said: dict[str, Any] = {}
    try:
        # Given the charset of the HTTP header, the declaration and the bytes themselves; they disagree often.
        data = convert_to_utf8(headers, _BLANK_BEFORE_MARKUP.sub(b"", body), said)
    except (UnicodeError, ValueError):  # an encoding that is declared and does not exist
        data = body.decode("utf-8", "replace").encode()
    data = _DOCTYPE.sub(rb"\1<!BROKEN", data)
    root = _FIRST_ELEMENT.search(data)
    if root is None:
        return None
    parsed, entries = _parsed(_REFERENCE.sub(_real, data), url, root=root[1])
    if not (parsed.get("version") or entries or root[1].decode().lower() in _ROOTS):
        return None
    about = parsed["feed"]
    return Feed(
        title=_plain(_markup(_own(about, "title_detail"))),
        link=_web(_said(about, "link")),
        language=_said(about, "language"),
        author=_author(about),
        entries=tuple(entries),
    )


def feeds_named_in(html: bytes, *, url: str) -> list[str]:
    """The addresses of feeds that a web page names (`<link rel="alternate" type="application/rss+xml" ...>`), in its order."""
    page = etree.HTML(html or b"<html/>")
    links = () if page is None else page.iter("link")
    named = [
        _joined(url, link.get("href"))
        for link in links
        if "alternate" in link.get("rel", "").lower().split()
        and link.get("type", "").partition(";")[0].strip().lower() in FEED_TYPES
    ]
    return list(dict.fromkeys(address for address in named if address is not None))


# ---- RSS, RDF, Atom, CDF


def _parsed(data: bytes, url: str, *, root: bytes) -> tuple[Mapping[str, Any], list[Entry]]:
    """What feedparser says of the document, and its entries; each read alone where one of them may spoil the others."""
    try:
        parsed = _parse(data, url)
        entries = [_entry(entry) for entry in parsed["entries"]]
    except Exception:  # noqa: BLE001 - feedparser raises whatever a hostile entry makes of it
        parsed, entries = {}, []
    if parsed and not parsed.get("bozo"):
        return parsed, entries
    if b"</" + root not in data:
        # The document breaks off: its last entry may be half of one, and is left for the next time.
        entries = entries[: len(_ENTRY_END.findall(data))]
    whole = list(_WHOLE_ENTRY.finditer(data))
    if not whole or whole[0].start() * len(whole) > MOST_REPEATED:
        return parsed or {"feed": {}}, entries
    head, tail = data[: whole[0].start()], data[whole[-1].end() :]
    alone = [entry for piece in whole for entry in _alone(head, piece[0], tail, url)]
    if not parsed:
        return _head_alone(head + tail, url), alone
    # Unequal numbers: some text only looks like an entry.
    return parsed, alone if len(alone) == len(entries) else entries


def _alone(head: bytes, piece: bytes, tail: bytes, url: str) -> list[Entry]:
    try:
        return [_entry(entry) for entry in _parse(head + piece + tail, url)["entries"]]
    except Exception:  # noqa: BLE001 - as above; the entry goes on as one that cannot be read, and ends in quarantine
        return [{"unreadable": piece.decode("utf-8", "replace")[:LONGEST_KEPT]}]


def _head_alone(data: bytes, url: str) -> Mapping[str, Any]:
    try:
        return _parse(data, url)
    except Exception:  # noqa: BLE001 - the entries are worth having without it
        return {"feed": {}}


def _parse(data: bytes, url: str) -> Mapping[str, Any]:
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    # A stream, since feedparser opens files and addresses that it is given as text; HTML is made harmless in monitor.text.html.
    parsed: Mapping[str, Any] = feedparser.parse(BytesIO(data), response_headers=headers, sanitize_html=False)
    return parsed


def _real(reference: re.Match[bytes]) -> bytes:
    """A character reference, or that of U+FFFD in place of one to no character, which feedparser cannot take."""
    digits = reference[1] or reference[2]
    number = int(digits[:10], 16 if reference[1] else 10) if digits else 0
    return b"&#xFFFD;" if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF else reference[0]


# Two habits of feedparser that we cannot have. It joins ids to the feed's address as if they were links, so that "7" would be
# another entry's id in the next feed of that host; and it looks for mail addresses in an author's name by an expression that
# took 88 s on 80 KB. The library has no switch for either.
_FeedParserMixin.can_be_relative_uri = _FeedParserMixin.can_be_relative_uri - {"id"}
_sync_author_detail = _FeedParserMixin._sync_author_detail  # noqa: SLF001


def _sync_short_author_detail(self: Any, key: str = "author") -> None:
    """Take an author's name apart only where it is as short as names are."""
    if len(self._get_context().get(key) or "") <= LONGEST_AUTHOR:
        _sync_author_detail(self, key)


_FeedParserMixin._sync_author_detail = _sync_short_author_detail  # noqa: SLF001


def _entry(parsed: Mapping[str, Any]) -> Entry:
    title = parsed.get("title_detail")
    body = _body(parsed)
    said = [part.get("language") for part in (body, title) if part]
    return {
        "id": _said(parsed, "id"),
        "link": _web(_said(parsed, "link")),
        "title": _markup(title),
        "body": _markup(body),
        "published": _moment(_own(parsed, "published_parsed") or _own(parsed, "created_parsed")),
        "updated": _moment(_own(parsed, "updated_parsed")),
        "author": _author(parsed),
        "tags": [tag for tag in map(_tag, parsed.get("tags") or ()) if tag],
        "media": list(_media(parsed)),
        "language": next((language for language in said if language), None),
        "views": _number(_own(parsed, "media_statistics"), "views"),
        "likes": _number(_own(parsed, "media_starrating"), "count"),
        "replies": _number(parsed, "slash_comments", "thr_total"),
        "reply_to": _said(_own(parsed, "thr_in-reply-to") or {}, "ref", "href"),
        "source": _source(_own(parsed, "source")),
    }


def _own(parsed: Mapping[str, Any], name: str) -> Any:
    """The field itself: feedparser's own access gives `published` for a missing `updated`, with a warning."""
    return dict.get(parsed, name) if isinstance(parsed, dict) else None


def _said(parsed: Mapping[str, Any], *names: str) -> str | None:
    found = (_own(parsed, name) for name in names)
    return next((" ".join(value.split()) for value in found if isinstance(value, str) and value.strip()), None)


def _body(parsed: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The longest of the contents that are text, else the summary: many feeds give an excerpt beside the whole."""
    contents: list[Mapping[str, Any]] = [part for part in _own(parsed, "content") or () if _is_text(part)]
    summary: Mapping[str, Any] | None = _own(parsed, "summary_detail")
    if contents:
        return max(contents, key=lambda part: len(part["value"]))
    return summary if summary and _is_text(summary) else None


def _is_text(part: Mapping[str, Any]) -> bool:
    kind = part.get("type")
    return bool(part.get("value")) and (kind is None or kind == "text/plain" or kind in _HTML_TYPES)


def _markup(part: Mapping[str, Any] | None) -> dict[str, str] | None:
    if not part or not part.get("value"):
        return None
    return {"type": "text/html" if part.get("type") in _HTML_TYPES else "text/plain", "value": part["value"]}


def _plain(part: Mapping[str, str] | None) -> str | None:
    if part is None:
        return None
    return " ".join((plain_text(part["value"]) if part["type"] == "text/html" else part["value"]).split()) or None


def _moment(parsed: Any) -> str | None:
    """The time as feedparser read it: UTC, also where the feed names no zone."""
    if not isinstance(parsed, struct_time | tuple) or not 0 < parsed[0] < 10_000:
        return None
    year, month, day, hour, minute, second = parsed[:6]
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{min(second, 59):02}Z"


def _author(parsed: Mapping[str, Any]) -> dict[str, str | None] | None:
    detail = _own(parsed, "author_detail") or {}
    name = _said(detail, "name", "email") or _said(parsed, "author")
    url = _web(_said(detail, "href"))
    return {"name": name and name[:LONGEST_AUTHOR], "url": url} if name or url else None


def _tag(tag: Mapping[str, Any]) -> str | None:
    term, label = _said(tag, "term"), _said(tag, "label")
    return label if term is None or term.startswith(_WEB_SCHEMES) else term


def _media(parsed: Mapping[str, Any]) -> Iterator[dict[str, str | None]]:
    for link in _own(parsed, "links") or ():
        if link.get("rel") == "enclosure" and (url := _web(link.get("href"))):
            yield {"url": url, "type": link.get("type"), "medium": None, "alt": None}
    for name, medium in (("media_content", None), ("media_thumbnail", "image")):
        for content in _own(parsed, name) or ():
            if url := _web(content.get("url")):
                yield {"url": url, "type": content.get("type"), "medium": content.get("medium", medium), "alt": None}


def _source(parsed: Mapping[str, Any] | None) -> dict[str, str | None] | None:
    if not parsed:
        return None
    return {"title": _said(parsed, "title"), "url": _web(_said(parsed, "href", "link"))}


def _number(parsed: Mapping[str, Any] | None, *names: str) -> int | None:
    text = _said(parsed or {}, *names)
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text) else None


def _web(url: Any) -> str | None:
    """An http address that has the form of one, else None."""
    if not isinstance(url, str) or not url.strip().lower().startswith(_WEB_SCHEMES):
        return None
    try:
        return url.strip() if urlsplit(url.strip()).hostname else None
    except ValueError:  # "http://[": not every text is an address
        return None


# ---- JSON Feed


def _json_feed(body: bytes, url: str) -> Feed | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("items"), list):
        return None
    return Feed(
        title=_said(told, "title"),
        link=_joined(url, told.get("home_page_url")),
        language=_said(told, "language"),
        author=_json_author(told),
        entries=tuple(_json_entry(item, url) for item in told["items"]),
    )


def _json_entry(item: Any, url: str) -> Entry:
    if not isinstance(item, dict):
        return {"unreadable": json.dumps(item)[:LONGEST_KEPT]}
    number = item.get("id")
    html, text = item.get("content_html"), _text(item.get("content_text")) or _text(item.get("summary"))
    title = _said(item, "title")
    return {
        "id": str(number) if isinstance(number, int | float) else _said(item, "id"),  # 1.0 allowed numbers
        "link": _joined(url, item.get("url")) or _joined(url, item.get("external_url")),
        "title": {"type": "text/plain", "value": title} if title else None,
        "body": {"type": "text/html", "value": html}
        if _text(html)
        else {"type": "text/plain", "value": text}
        if text
        else None,
        "published": _said(item, "date_published"),
        "updated": _said(item, "date_modified"),
        "author": _json_author(item),
        "tags": [tag for tag in _list(item, "tags") if isinstance(tag, str)],
        "media": list(_json_media(item, url)),
        "language": _said(item, "language"),
        "views": None,
        "likes": None,
        "replies": None,
        "reply_to": None,
        "source": None,
    }


def _json_author(told: Mapping[str, Any]) -> dict[str, str | None] | None:
    """The first of `authors` (1.1), else `author` (1.0)."""
    author = next(iter(_list(told, "authors")), None) or told.get("author")
    if not isinstance(author, dict):
        return None
    name, url = _said(author, "name"), _web(author.get("url"))
    return {"name": name and name[:LONGEST_AUTHOR], "url": url} if name or url else None


def _json_media(item: Mapping[str, Any], url: str) -> Iterator[dict[str, str | None]]:
    for attachment in _list(item, "attachments"):
        if isinstance(attachment, dict) and (address := _joined(url, attachment.get("url"))):
            yield {"url": address, "type": _said(attachment, "mime_type"), "medium": None, "alt": _said(attachment, "title")}
    if image := _joined(url, item.get("image")):
        yield {"url": image, "type": None, "medium": "image", "alt": None}


def _list(told: Mapping[str, Any], name: str) -> list[Any]:
    found = told.get(name)
    return found if isinstance(found, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _joined(base: str, url: Any) -> str | None:
    try:
        return _web(urljoin(base, url.strip())) if isinstance(url, str) and url.strip() else None
    except ValueError:  # urljoin and urlsplit refuse the same
        return None
