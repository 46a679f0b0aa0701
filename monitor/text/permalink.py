"""What the address of a post's page tells: its platform, the ids that the post may be stored under, and when it was written. Pure.

A person has the address that a browser shows, the database the global identity; for some platforms they differ. Nothing is asked:
where an id holds the moment it was made (Mastodon's, Bluesky's), a post can be looked for among those of that moment.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from monitor.text import atproto
from monitor.text.link_identity import link_identity

_TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_TID = re.compile(r"[234567a-j][2-7a-z]{12}")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(2004, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_STATUS = re.compile(r"/(?:@|users/|ap/users/)(?P<name>[\w.-]+)(?:/statuses)?/(?P<number>[0-9]{5,20})(?:/activity)?/?")
_QUESTION = re.compile(r"/(?:questions|q)/(?P<question>[0-9]+)(?:/[^/]*)?(?:/(?P<answer>[0-9]+))?/?")
_ANSWER = re.compile(r"/a/(?P<answer>[0-9]+)(?:/[0-9]+)?/?")
_LEMMY = re.compile(r"/(?:post|comment)/[0-9]+/?")
_TOPIC = re.compile(r"/t/(?:[^/]*[^/0-9][^/]*/)?(?P<topic>[0-9]+)(?:/(?P<number>[0-9]+))?/?")
_MESSAGE = re.compile(r"/(?:s/)?(?P<channel>\w{3,})/(?P<number>[0-9]+)/?")
_BY_HOST = {"github.com": "github", "dev.to": "devto", "t.me": "telegram", "telegram.me": "telegram"}
_STACK_HOSTS = (
    "stackoverflow.com",
    "stackexchange.com",
    "serverfault.com",
    "superuser.com",
    "askubuntu.com",
    "mathoverflow.net",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permalink:
    """`ids`: what `_id` may be, likeliest first. `token`: the part of the address that names the post alone, such as its number.
    `at`: when it was written, where the address tells it. `host`: of the page, None for what is no web address."""

    asked: str
    platform: str | None = None
    ids: tuple[str, ...] = ()
    token: str | None = None
    at: datetime | None = None
    host: str | None = None


def permalink(text: str) -> Permalink:
    """Read an address, or an id as it is. Never raises."""
    asked = text.strip()
    try:
        parts = urlsplit(asked)
        host = (parts.hostname or "").removeprefix("www.") or None
    except ValueError:
        return Permalink(asked=asked, ids=(asked,))
    if address := atproto.address_of(asked):
        return _bluesky(asked, str(address), host)
    if parts.scheme not in {"http", "https"} or host is None:
        return Permalink(asked=asked, ids=(asked,))
    platform, own, token, at = _told(host, parts.path, parts.query, parts.fragment)
    return Permalink(asked=asked, platform=platform, ids=_forms(own, asked), token=token, at=at, host=host)


def _bluesky(asked: str, uri: str, host: str | None) -> Permalink:
    key = uri.rpartition("/")[2]
    return Permalink(asked=asked, platform="bluesky", ids=_forms((uri,), asked), token=key, at=tid_moment(key), host=host)


_Told = tuple[str | None, tuple[str, ...], str | None, datetime | None]  # platform, ids, token and moment


def _told(host: str, path: str, query: str, fragment: str) -> _Told:
    if host == "news.ycombinator.com":
        number = (parse_qs(query).get("id") or [""])[0]
        return "hackernews", (f"https://news.ycombinator.com/item?id={number}",), number, None
    if any(host == known or host.endswith(f".{known}") for known in _STACK_HOSTS):
        return _stackexchange(host, path, fragment)
    if host in _BY_HOST:
        found = _MESSAGE.fullmatch(path) if _BY_HOST[host] == "telegram" else None
        ids = (f"https://t.me/{found['channel']}/{found['number']}",) if found else ()
        return _BY_HOST[host], ids, fragment or path.rstrip("/").rpartition("/")[2], None
    return _anywhere(host, path)


def _anywhere(host: str, path: str) -> _Told:
    """Software that many servers run is told by its paths."""
    if found := _STATUS.fullmatch(path):
        uri = f"https://{host}/users/{found['name']}/statuses/{found['number']}"
        return "mastodon", (uri, f"{uri}/activity"), found["number"], status_moment(int(found["number"]))
    if found := _TOPIC.fullmatch(path):
        place = f"/t/{found['topic']}/{found['number'] or 1}"
        return "discourse", (f"https://{host}{place}",), place, None
    return ("lemmy", (), path.strip("/"), None) if _LEMMY.fullmatch(path) else (None, (), None, None)


def _stackexchange(host: str, path: str, fragment: str) -> _Told:
    if found := _QUESTION.fullmatch(path):
        answer = found["answer"] or (fragment if fragment.isdecimal() else "")
        number = answer or found["question"]
        return "stackexchange", (f"https://{host}/{'a' if answer else 'q'}/{number}",), number, None
    found = _ANSWER.fullmatch(path)
    return "stackexchange", (f"https://{host}/a/{found['answer']}",) if found else (), found and found["answer"], None


def status_moment(number: int) -> datetime | None:
    """When the id of a Mastodon status was made: milliseconds above 16 bits. None where it was not made so."""
    return _possible(number >> 16, 1)


def tid_moment(key: str) -> datetime | None:
    """When a key of the AT protocol was made: microseconds above 10 bits (atproto.com/specs/tid). None for another key."""
    if not _TID.fullmatch(key):
        return None
    number = 0
    for letter in key:
        number = number << 5 | _TID_LETTERS.index(letter)
    return _possible(number >> 10, 1000)


def _possible(count: int, per_millisecond: int) -> datetime | None:
    try:
        at = _BEGINNING + timedelta(milliseconds=count / per_millisecond)
    except OverflowError:
        return None
    return at if _EARLIEST <= at < _LATEST else None


def _forms(own: tuple[str, ...], asked: str) -> tuple[str, ...]:
    """What differs between copies of one address, after what the platform's own rules make of it."""
    bare = asked.partition("#")[0]
    folded = link_identity(asked)
    forms = [*own, asked, bare, bare.rstrip("/"), f"{bare.rstrip('/')}/"]
    forms += [
        f"https{form[4:]}" if form.startswith("http://") else f"http{form[5:]}" for form in forms if form.startswith("http")
    ]
    return tuple(dict.fromkeys([*forms, *([folded] if folded else [])]))
