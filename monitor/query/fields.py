"""The fields of the query language: what they are called, which values they take, and what they ask of a post."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import eq, ge, gt, le, lt

from monitor.post import Counts, Post
from monitor.query.term import Part

Predicate = Callable[[Post], bool]

# What a field looks into words for: `title:word`.
PARTS: Mapping[str, Part] = {"title": "title", "text": "text", "summary": "summary", "cw": "summary", "alt": "alt"}
COUNTS = {"likes": "likes", "reposts": "reposts", "replies": "replies", "quotes": "quotes", "views": "views", "points": "score"}
ALIASES = {"author": "from", "link": "url", "kind": "is", "language": "lang"}
# Spellings that say at once what is compared: min_likes:10 is likes:>=10.
LEAST = {f"min_{name}": name for name in COUNTS}

COMPARISON = re.compile(r"(<=|>=|<|>|=)(-?\d{1,15}(?:\.\d{1,6})?)")
COMPARE: Mapping[str, Callable[[float, float], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq}

IS: Mapping[str, Predicate] = {
    "post": lambda post: post.kind == "post",
    "reply": lambda post: post.kind == "reply",
    "repost": lambda post: post.kind == "repost",
    "quote": lambda post: post.kind == "quote",
    "sensitive": lambda post: post.sensitive is True,
    "edited": lambda post: post.edited_at is not None,
    "bot": lambda post: post.author.bot is True,
}
HAS: Mapping[str, Predicate] = {
    "link": lambda post: bool(post.links) or any(each.kind == "link" for each in post.media),
    "media": lambda post: any(each.kind != "link" for each in post.media),
    "image": lambda post: any(each.kind == "image" for each in post.media),
    "video": lambda post: any(each.kind in {"video", "gif"} for each in post.media),
    "audio": lambda post: any(each.kind == "audio" for each in post.media),
    "alt": lambda post: any(each.alt for each in post.media),
    "tag": lambda post: bool(post.tags),
    "mention": lambda post: bool(post.mentions),
    "title": lambda post: bool(post.title),
    "summary": lambda post: bool(post.summary),
}
SENTIMENTS = {"pos": "positive", "neu": "neutral", "neg": "negative"}

_HOST = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_ACCOUNT = re.compile(r"[\w.:-]+(?:@[\w.-]+)?")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TOPIC = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_AUTHORITY = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?([^/?#:]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldKind:
    """`read` gives the canonical form of a value, None for none; `of` the predicate of a canonical value.

    `help` ends "Write ..." when a value is refused. `late`: known only after a post was stored, so no topic can ask for it.
    `completed`: what the platform does not tell is taken from the text first (`monitor.crawl.enrich`).
    """

    read: Callable[[str], str | None]
    of: Callable[[str], Predicate]
    help: str
    late: bool = False
    completed: bool = False


def same_account(told: str | None, wanted: str) -> bool:
    """Whether a handle is the wanted one; one without a host stands for the same name on any host."""
    if told is None:
        return False
    name = told.lower()
    return name == wanted or ("@" not in wanted and name.partition("@")[0] == wanted)


def _matched(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda value: value.lower() if pattern.fullmatch(value.lower()) else None


def _one_of(names: Mapping[str, object]) -> Callable[[str], str | None]:
    return lambda value: value.lower() if value.lower() in names else None


def _account(value: str) -> str | None:
    name = value.removeprefix("@").lower()
    return name if _ACCOUNT.fullmatch(name) else None


def _is(value: str) -> str | None:
    return "post" if value.lower() == "original" else _one_of(IS)(value)


def _host(value: str) -> str | None:
    found = _AUTHORITY.match(value)
    host = (found[1] if found else value).lower().removeprefix("www.").rstrip(".")
    return host if _HOST.fullmatch(host) else None


def _sentiment(value: str) -> str | None:
    word = value.lower()
    return SENTIMENTS.get(word[:3]) if word in SENTIMENTS or word in SENTIMENTS.values() else None


def _moment(value: str) -> str | None:
    """RFC 3339 or a day, in UTC and whole milliseconds, as MongoDB keeps them; None for a time without a zone or none at all."""
    try:
        told = datetime.fromisoformat(value)
        moment = told.replace(tzinfo=UTC) if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else told
        if moment.tzinfo is None:
            return None
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if moment.timetz() == datetime.min.replace(tzinfo=UTC).timetz():
        return moment.date().isoformat()
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")


def moment_of(value: str) -> datetime:
    """The moment of a canonical value of since: and until:."""
    told = datetime.fromisoformat(value)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _comparison(value: str) -> str | None:
    return value if COMPARISON.fullmatch(value) else None


def compared(value: str) -> tuple[str, float]:
    """Sign and number of a canonical comparison; the number is whole where it can be."""
    found = COMPARISON.fullmatch(value)
    assert found is not None  # canonical values have been read
    return found[1], float(found[2]) if "." in found[2] else int(found[2])


def _numbers(told: Callable[[Post], float | None]) -> Callable[[str], Predicate]:
    """An unknown number is neither more nor less than any."""

    def of(value: str) -> Predicate:
        sign, bound = compared(value)
        compare = COMPARE[sign]
        return lambda post: (number := told(post)) is not None and compare(number, bound)

    return of


def _count(name: str) -> Callable[[Post], float | None]:
    return lambda post: getattr(post.counts, name)


def _from(value: str) -> Predicate:
    return lambda post: same_account(post.author.handle, value) or post.author.id.lower() == value


def _to(value: str) -> Predicate:
    return lambda post: post.kind == "reply" and any(same_account(name, value) for name in post.mentions)


def _domain(value: str) -> Predicate:
    below = f".{value}"

    def asked(post: Post) -> bool:
        found = (_AUTHORITY.match(link) for link in post.links)
        hosts = (place[1].lower().rstrip(".") for place in found if place)
        return any(host == value or host.endswith(below) for host in hosts)

    return asked


def _community(value: str) -> Predicate:
    return lambda post: same_account(post.community, value)


def _lang(value: str) -> Predicate:
    if value == "und":
        return lambda post: post.language is None
    return lambda post: post.language == value


def _since(value: str) -> Predicate:
    moment = moment_of(value)
    return lambda post: post.created_at >= moment


def _until(value: str) -> Predicate:
    moment = moment_of(value)
    return lambda post: post.created_at < moment


_NUMBER = "a comparison, such as {}:>=10"

FIELDS: Mapping[str, FieldKind] = {
    "platform": FieldKind(
        read=_matched(_NAME),
        of=lambda value: lambda post: post.platform == value,
        help="the name of a platform, such as platform:mastodon",
    ),
    "lang": FieldKind(
        read=_matched(_LANGUAGE),
        of=_lang,
        help="a language of two or three letters, such as lang:en, or lang:und where it is not known",
        completed=True,
    ),
    "from": FieldKind(read=_account, of=_from, help="the name of an account, such as from:ann or from:ann@example.org"),
    "to": FieldKind(read=_account, of=_to, help="the name of an account, such as to:ann", completed=True),
    "domain": FieldKind(read=_host, of=_domain, help="a host that posts link to, such as domain:example.org", completed=True),
    "url": FieldKind(
        read=lambda value: value.lower() or None,
        of=lambda value: lambda post: any(value in link.lower() for link in post.links),
        help="a piece of an address that posts link to, such as url:example.org/news",
        completed=True,
    ),
    "community": FieldKind(
        read=lambda value: value.lower() or None, of=_community, help="a group, forum or repository, such as community:rust"
    ),
    "is": FieldKind(read=_is, of=IS.__getitem__, help=f"one of original, {', '.join(IS)}"),
    "has": FieldKind(read=_one_of(HAS), of=HAS.__getitem__, help=f"one of {', '.join(HAS)}", completed=True),
    "since": FieldKind(
        read=_moment,
        of=_since,
        help="a day or a time with its zone, such as since:2026-11-01 or since:2026-11-01T08:00:00Z",
    ),
    "until": FieldKind(
        read=_moment,
        of=_until,
        help="the day or time before which posts were written, such as until:2026-12-01",
    ),
    **{
        name: FieldKind(read=_comparison, of=_numbers(_count(count)), help=_NUMBER.format(name))
        for name, count in COUNTS.items()
    },
    "sentiment": FieldKind(
        read=_sentiment,
        of=lambda value: lambda post: post.sentiment is not None and post.sentiment.label == value,
        help="one of pos, neu, neg",
        late=True,
    ),
    "score": FieldKind(
        read=_comparison,
        of=_numbers(lambda post: None if post.sentiment is None else post.sentiment.compound),
        help="a comparison with a number from -1 to 1, such as score:<-0.5",
        late=True,
    ),
    "reach": FieldKind(
        read=_comparison,
        of=_numbers(lambda post: post.author.followers),
        help="a comparison of the author's followers, such as reach:>=10000",
        late=True,
    ),
    "topic": FieldKind(
        read=_matched(_TOPIC),
        of=lambda value: lambda post: any(match.id == value for match in post.topics),
        help="the id of a topic, such as topic:climate",
        late=True,
    ),
}
# Those that become terms: what is said rather than a fact.
TERM_FIELDS = {*PARTS, "tag", "tag~", "mentions"}
NAMES = sorted({*FIELDS, *ALIASES, *LEAST, *TERM_FIELDS})

assert {*COUNTS.values()} <= set(Counts.__dataclass_fields__)
