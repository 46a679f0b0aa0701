"""A scope: which posts are meant. One typed form for pages, exports and commands, written as the query string of a page's address.

`topic=acme&q=recall OR refund&platform=bluesky&platform=mastodon&lang=en&from=-7d&tz=Europe/Berlin`: a key that is repeated means
any of its values, different keys mean all of them, `!` before a value means not this one. Pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from urllib.parse import quote_plus, unquote_plus
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor import moment
from monitor.post import KINDS
from monitor.query.fields import FIELDS, SENTIMENTS
from monitor.query.parse import parse_search
from monitor.query.query import Query
from monitor.query.refusal import QueryError
from monitor.query.tree import Field, Not, Tree, either, every

LONGEST_SCOPE = 16_000  # characters; a query in it has 4,000 at most, and percent signs triple what they stand for
MOST_VALUES = 100  # of one key; more belong into a topic or a query
# How a page shows a scope: not part of it, so left out when an address is pasted.
VIEW = ("after", "by", "interval", "sort", "view")
_READABLE = ":/@,!()*~"  # left as they are in a printed scope: an address may hold them


class ScopeError(QueryError):
    """A text cannot be read as a scope: what is wrong, where, and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One key that may be repeated. `attribute` of Scope, `field` of the query language that it asks for.

    `read` gives the canonical form of a value, None for none; `help` ends the sentence "Write ...".
    """

    attribute: str
    field: str
    read: Callable[[str], str | None]
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which posts are meant; without anything, all. Equal scopes print equal.

    The lists hold canonical values in order, each once, those that are excluded with `!` before them. `query` is a search as it
    is printed. `begin` (included) and `end` (excluded) are moments as `monitor.moment` reads them, relative or not, by the
    clocks of `zone`; `as_of`: only what was in the database then.
    """

    topics: tuple[str, ...] = ()
    query: str | None = None
    platforms: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    sentiments: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    begin: str | None = None
    end: str | None = None
    zone: str = "UTC"
    as_of: str | None = None

    def __str__(self) -> str:
        """The query string of an address, in one order; `parse` reads it back equal, with as_of whatever clocks are usual there."""
        told = [("topic", topic) for topic in self.topics]
        told += [("q", self.query)] if self.query is not None else []
        told += [(key, value) for key, choice in CHOICES.items() if key != "topic" for value in getattr(self, choice.attribute)]
        single = (
            ("from", self.begin),
            ("to", self.end),
            ("tz", self.zone if self.zone != "UTC" or self.as_of is not None else None),
            ("as_of", self.as_of),
        )
        told += [(key, value) for key, value in single if value is not None]
        return "&".join(f"{key}={quote_plus(value, safe=_READABLE)}" for key, value in told)

    def between(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Its begin (included) and end (excluded) in UTC; None: open."""
        zone = ZoneInfo(self.zone)
        begin, end = (told and moment.moment_at(told, now=now, zone=zone) for told in (self.begin, self.end))
        return begin or None, end or None

    def frozen(self, now: datetime) -> "Scope":
        """The same posts, whenever it is read: absolute moments, and nothing that comes to the database after `now`."""
        begin, end = self.between(now)
        return replace(
            self,
            begin=None if begin is None else moment.written(begin),
            end=None if end is None else moment.written(end),
            as_of=self.as_of or moment.written(now),
        )

    def asks(self, now: datetime) -> Query | None:
        """What it asks of a post, as a search, whose matcher decides; None: nothing. `as_of` is for the store to ask."""
        parts: list[Tree] = []
        for choice in CHOICES.values():
            parts += _asked(choice.field, getattr(self, choice.attribute))
        begin, end = self.between(now)
        for name, at in (("since", begin), ("until", end)):
            canonical = at and FIELDS[name].read(at.isoformat())
            parts += [Field(name, canonical)] if canonical else []
        # What is costly to look for comes last.
        parts += [parse_search(self.query).tree] if self.query is not None else []
        return Query(every(*parts)) if parts else None

    def stored_by(self) -> datetime | None:
        """The moment of `as_of`; None: whatever is in the database."""
        return None if self.as_of is None else datetime.fromisoformat(self.as_of)


def parse(text: str, *, now: datetime, zone: str = "UTC") -> Scope:
    """Read a scope, or the address of a page that shows one. `now` tells whether its begin is before its end; `zone` is meant where
    it has no tz.

    Raises ScopeError or, about what stands in q, QueryError: each shows the place and says what to write.
    """
    typed = text.encode("utf-8", "replace").decode().strip()  # a terminal of another encoding makes halves of characters
    if len(typed) > LONGEST_SCOPE:
        what = f"The scope has {len(typed):,} characters, and {LONGEST_SCOPE:,} are the most."
        raise ScopeError(what, text=typed, place=LONGEST_SCOPE, suggestion="Make a topic of its query: monitor track QUERY")
    return _Reader(typed, zone).read(now)


def names_zone(text: str) -> bool:
    """Whether a text that `parse` can read has a tz of its own."""
    return "tz" in _Reader(text, "UTC").told()


@dataclass(frozen=True, slots=True)
class _Told:
    """A value and where it stands."""

    value: str
    place: int


class _Reader:
    def __init__(self, text: str, zone: str) -> None:
        self._text = text
        self._usual_zone = zone

    def read(self, now: datetime) -> Scope:
        told = self.told()
        once = {key: values[0] for key, values in told.items() if key in _ONCE}
        zone = self._zone(once.get("tz"))
        scope = Scope(
            query=self._query(told.get("q", [])),
            begin=self._moment("from", once.get("from")),
            end=self._moment("to", once.get("to")),
            zone=zone,
            as_of=self._as_of(once.get("as_of")),
            **{choice.attribute: self._chosen(key, told.get(key, [])) for key, choice in CHOICES.items()},
        )
        begin, end = scope.between(now)
        if begin is not None and end is not None and begin >= end:
            what = f"The scope ends at {moment.written(end)}, which is not after its begin at {moment.written(begin)}."
            raise self._refused(what, once["to"].place, "Write from= before to=, such as from=-7d&to=now.")
        return scope

    def told(self) -> dict[str, list[_Told]]:
        """The values of each key. Empty ones, as forms send them, say nothing."""
        found: dict[str, list[_Told]] = {}
        start, end = _query_string(self._text)
        for part in self._text[start:end].split("&"):
            name, sign, value = part.partition("=")
            place, start = start, start + len(part) + 1
            key = unquote_plus(name).strip()
            if not part.strip() or key in VIEW:
                continue
            if not sign or key not in _KEYS:
                raise self._unknown(key, place, has_value=bool(sign))
            if plain := unquote_plus(value).strip():
                found.setdefault(key, []).append(_Told(plain, place + len(name) + 1))
        for key in _ONCE & found.keys():
            if len(found[key]) > 1:
                raise self._refused(f"{key} stands twice.", found[key][1].place, f"Write one {key}=.")
        return found

    def _unknown(self, key: str, place: int, *, has_value: bool) -> ScopeError:
        if not has_value:
            word = key or "word"
            return self._refused(
                f"{word} is no part of a scope: it has no = in it.",
                place,
                f"Write q={word} for posts with this word, topic={word} for a topic, and %26 for & inside a value.",
            )
        near = get_close_matches(key, [*_KEYS, *_OTHER_NAMES], n=1)
        meant = f"Did you mean {_OTHER_NAMES.get(near[0], near[0])}=? " if near else ""
        return self._refused(f"A scope has no key {key!r}.", place, f"{meant}The keys are {', '.join(_KEYS)}.")

    def _query(self, told: list[_Told]) -> str | None:
        if not told:
            return None
        joined = str(Query(either(*(parse_search(each.value).tree for each in told))))
        parse_search(joined)  # together they may be longer than a query can be
        return joined

    def _chosen(self, key: str, told: list[_Told]) -> tuple[str, ...]:
        choice = CHOICES[key]
        if len(told) > MOST_VALUES:
            what = f"{key} stands {len(told)} times, and {MOST_VALUES} are the most."
            raise self._refused(what, told[MOST_VALUES].place, "Make a topic of it: monitor track QUERY")
        chosen = set()
        for each in told:
            canonical = choice.read(each.value.removeprefix("!"))
            if canonical is None:
                raise self._refused(f"{key} cannot be {each.value[:100]}.", each.place, f"Write {choice.help}.")
            chosen.add("!" * each.value.startswith("!") + canonical)
        return tuple(sorted(chosen))

    def _moment(self, key: str, told: _Told | None) -> str | None:
        if told is None:
            return None
        canonical = moment.read(told.value)
        if canonical is None:
            raise self._refused(f"{key} cannot be {told.value[:100]}.", told.place, f"Write {moment.HELP}.")
        return canonical

    def _as_of(self, told: _Told | None) -> str | None:
        canonical = self._moment("as_of", told)
        if told is not None and canonical is not None and not canonical.endswith("Z"):
            raise self._refused("as_of stands still.", told.place, "Write a time with its zone, such as 2026-11-01T08:00:00Z.")
        return canonical

    def _zone(self, told: _Told | None) -> str:
        if told is None:
            return self._usual_zone
        try:
            return ZoneInfo(told.value).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            what = f"There is no time zone {told.value[:100]}."
            raise self._refused(what, told.place, "Write a name such as Europe/Berlin, America/New_York or UTC.") from error

    def _refused(self, what: str, place: int, advice: str) -> ScopeError:
        return ScopeError(what, text=self._text, place=place, suggestion=advice)


def _query_string(text: str) -> tuple[int, int]:
    """Where the scope stands in the text: all of it, or what follows the ? of an address, up to its #."""
    if text.startswith("?"):
        return 1, len(text)
    address = "://" in text.partition("=")[0] or text.startswith("/")
    if not address:
        return 0, len(text)
    start = text.find("?") + 1 or len(text)
    end = text.find("#", start)
    return start, len(text) if end < 0 else end


def _asked(field: str, values: tuple[str, ...]) -> list[Tree]:
    """Any of those that are wanted, and none of those that are excluded."""
    canonical = FIELDS[field].read
    fields = [(value.startswith("!"), Field(field, canonical(value.removeprefix("!")) or value)) for value in values]
    wanted = [leaf for excluded, leaf in fields if not excluded]
    none_of: list[Tree] = [Not(leaf) for excluded, leaf in fields if excluded]
    return ([either(*wanted)] if wanted else []) + none_of


def _kind(value: str) -> str | None:
    kind = value.lower()
    return "post" if kind == "original" else kind if kind in KINDS else None


def _sentiment(value: str) -> str | None:
    full = FIELDS["sentiment"].read(value)
    return None if full is None else next(short for short, told in SENTIMENTS.items() if told == full)


CHOICES: Mapping[str, Choice] = {
    "topic": Choice(
        attribute="topics", field="topic", read=FIELDS["topic"].read, help="the id of a topic, such as topic=climate"
    ),
    "platform": Choice(
        attribute="platforms",
        field="platform",
        read=FIELDS["platform"].read,
        help="the name of a platform, such as platform=mastodon",
    ),
    "lang": Choice(
        attribute="languages",
        field="lang",
        read=FIELDS["lang"].read,
        help="a language of two or three letters, such as lang=en, or lang=und where it is not known",
    ),
    "kind": Choice(attribute="kinds", field="is", read=_kind, help=f"one of {', '.join(sorted(KINDS))}"),
    "sent": Choice(attribute="sentiments", field="sentiment", read=_sentiment, help="one of pos, neu, neg"),
    "author": Choice(
        attribute="authors",
        field="from",
        read=FIELDS["from"].read,
        help="the name of an account, such as author=@ann or author=ann@example.org",
    ),
}
_ONCE = {"from", "to", "tz", "as_of"}
_KEYS = (*CHOICES, "q", "from", "to", "tz", "as_of")
# What else people call them.
_OTHER_NAMES = {"query": "q", "language": "lang", "sentiment": "sent", "since": "from", "until": "to", "timezone": "tz"}
