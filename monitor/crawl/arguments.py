"""The spider arguments (`-a name=value`), alike for every platform: read, checked and turned into a source. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from monitor.errors import UsageError
from monitor.post import EARLIEST
from monitor.query.parse import parse
from monitor.query.query import Query
from monitor.query.term import Term
from monitor.source import Source, SourceKind

# What identifies a source; a platform says per kind which of them it needs.
PARAMETERS = ("query", "tag", "account", "community", "url", "instance", "stream")
NAMES = frozenset({*PARAMETERS, "topic", "since", "limit", "shift", "base_url"})
SCRAPYD_NAMES = frozenset({"_job", "_version"})  # scrapyd adds them by itself

_AGE = re.compile(r"-(\d{1,6})([smhdw])")
_DURATION = re.compile(r"(\d{1,6})([smh])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """Spider arguments after reading. `source` None: the due sources of the platform (only those of `topic`, if given)."""

    source: Source | None = None
    topic: str | None = None
    since: datetime | None = None
    limit: int | None = None
    shift: timedelta | None = None
    base_url: str | None = None
    job: str | None = None


def read(given: Mapping[str, str], *, platform: str, kinds: Mapping[str, SourceKind], now: datetime) -> Arguments:
    """Turn `-a` pairs into Arguments. Raises UsageError with the sentence to print."""
    if unknown := sorted(set(given) - NAMES - SCRAPYD_NAMES):
        raise UsageError(f"Unknown spider argument {unknown[0]}=: {platform} takes {', '.join(sorted(_taken(kinds)))}.")
    parameters = {name: parameter(name, given[name]) for name in PARAMETERS if name in given}
    topic, shift = given.get("topic"), given.get("shift")
    if parameters and topic:
        raise UsageError("Give either topic= or the parameters of one source, not both.")
    since = moment(given["since"], now=now) if "since" in given else None
    source = _source(platform, kinds, parameters, since) if parameters else None
    if source is not None and shift and not kinds[source.kind].live:
        raise UsageError(
            "shift= serves the sources that are due; a source that is named is polled once. Leave one of them out."
        )
    if source is not None and kinds[source.kind].live:
        term_of(source)
    return Arguments(
        source=source,
        topic=topic,
        since=since,
        limit=_limit(given["limit"]) if "limit" in given else None,
        shift=duration(shift) if shift is not None else None,
        base_url=_base_url(given["base_url"]) if "base_url" in given else None,
        job=given.get("_job"),
    )


def term_of(source: Source) -> Query | None:
    """What the posts of a live source have to say to be kept: its query or tag. None: all are.

    Raises QueryError for what is no query, UsageError for both.
    """
    given = source.parameters
    if "query" in given and "tag" in given:
        raise UsageError("Give either query= or tag=, not both: a stream is listened to for one of them.")
    if "query" in given:
        return parse(given["query"])
    return Query(Term(kind="tag", text=given["tag"])) if "tag" in given else None


def moment(text: str, *, now: datetime) -> datetime:
    """A time given as RFC 3339 (without zone: UTC) or as an age such as `-7d` or `-12h`. Raises UsageError."""
    try:
        if found := _AGE.fullmatch(text):
            return now - timedelta(seconds=int(found[1]) * _UNITS[found[2]])
        read_moment = datetime.fromisoformat(text)
        aware = (read_moment if read_moment.tzinfo else read_moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise UsageError(f"since={text} lies before all time: no post is older than {EARLIEST.year}.") from None
    except ValueError:
        raise UsageError(f"since={text} is no time: use an age such as -7d or -12h, or 2026-11-22T08:00:00Z.") from None
    if aware > now:
        raise UsageError(f"since={text} lies in the future.")
    return aware


def duration(text: str) -> timedelta:
    """A length of time such as `45s`, `10m` or `1h`. Raises UsageError."""
    found = _DURATION.fullmatch(text)
    if not found or int(found[1]) == 0:
        raise UsageError(f"shift={text} is no length of time: use 45s, 10m or 1h.")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def parameter(name: str, value: str) -> str:
    """One parameter of a source in the one form that its id is made of. Raises UsageError."""
    text = value.strip()
    if not text:
        raise UsageError(f"{name}= is empty.")
    if len(text) > 500:
        raise UsageError(f"{name}= is longer than 500 characters.")
    if name == "tag":
        return text.lstrip("#").casefold() or _refuse_tag(value)
    if name == "account":
        return text.lstrip("@")
    if name == "instance":
        host = text.lower().removeprefix("https://").rstrip("/")
        if not _HOST.fullmatch(host):
            raise UsageError(f"instance={value} is no host name: use a name such as mastodon.social.")
        return host
    return _url(text) if name == "url" else text


def _url(text: str) -> str:
    try:
        place = urlsplit(text).netloc
    except ValueError as error:
        raise UsageError(f"url={text} is no address: {error}.") from None
    if "@" in place:
        raise UsageError("url= must not hold a user name or password: sources are shown, and arguments are visible to others.")
    return text


def _taken(kinds: Mapping[str, SourceKind]) -> set[str]:
    parameters = {name for kind in kinds.values() for name in (*kind.needs, *kind.takes)}
    return {f"{name}=" for name in (parameters | (NAMES - set(PARAMETERS)))}


def _refuse_tag(value: str) -> str:
    raise UsageError(f"tag={value} names no tag.")


def _source(platform: str, kinds: Mapping[str, SourceKind], parameters: dict[str, str], since: datetime | None) -> Source:
    given = set(parameters)
    for name, kind in kinds.items():
        if set(kind.needs) <= given <= {*kind.needs, *kind.takes}:
            return Source(platform=platform, kind=name, parameters=parameters, since=since)
    nearest = [kind for kind in kinds.values() if given <= {*kind.needs, *kind.takes}]
    if nearest:
        missing = sorted(set(min(nearest, key=lambda kind: len(set(kind.needs) - given)).needs) - given)
        raise UsageError(f"{platform} with {_listed(given)} also needs {_listed(missing)}.")
    ways = "; ".join(_listed(kind.needs) + "".join(f" [{name}=]" for name in kind.takes) for kind in kinds.values())
    raise UsageError(f"{platform} cannot be asked with {_listed(given)}. What it takes: {ways}.")


def _listed(names: object) -> str:
    return " and ".join(f"{name}=" for name in sorted(names))  # type: ignore[call-overload]


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise UsageError(f"limit={text} is no number of posts: use a whole number from 1.")
    return int(text)


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https", "ws", "wss"} or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"base_url={text} is no address of a server: use http://host:port.")
    if parts.username or parts.password:
        raise UsageError("base_url= must not hold a user name or password: arguments are visible to others on the machine.")
    return text.rstrip("/")
