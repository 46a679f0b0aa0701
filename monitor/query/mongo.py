"""A query as a filter of the collection `posts`, as far as MongoDB can say it. Pure: the filter is a plain document.

A filter finds every stored post that matches; where it is not exact, the matcher has to look at what it finds. What people wrote
is not for MongoDB to judge (it folds neither case nor marks as we do), so words are left out; `words` names a field that holds the
pieces of a post's words, where there is one, and then they narrow the filter too.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.query.fields import COUNTS, compared, moment_of
from monitor.query.needs import Needs, needs_of
from monitor.query.query import Query
from monitor.query.term import Term
from monitor.query.tree import And, Field, Near, Not, Or, Tree

Document = dict[str, Any]

_SIGNS = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "=": "$eq"}
_MEDIA = {"image": ["image"], "video": ["video", "gif"], "audio": ["audio"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoFilter:
    """`filter` for `find` and `$match`; `exact`: no other posts are found, so that they can be counted in MongoDB."""

    filter: Mapping[str, Any] = field(default_factory=dict)
    exact: bool


_ANY = MongoFilter(exact=False)


def mongo_filter(query: Query, *, words: str | None = None) -> MongoFilter:
    """The filter of a query. `words`: the field that holds `Searchable.pieces` of each document, None: there is none."""
    return _of(query.tree, words)


def _of(tree: Tree, words: str | None) -> MongoFilter:
    match tree:
        case Field():
            return _BY_NAME[tree.name](tree.value)
        case Term() | Near():
            return _of_words(tree, words)
        case Not():
            inner = _of(tree.part, words)
            return MongoFilter(filter={"$nor": [dict(inner.filter)]}, exact=True) if inner.exact else _ANY
        case And():
            return _every([_of(part, words) for part in tree.parts])
        case Or():
            return _either([_of(part, words) for part in tree.parts])


def _every(parts: list[MongoFilter]) -> MongoFilter:
    told = [dict(part.filter) for part in parts if part.filter]
    return MongoFilter(
        filter={"$and": told} if len(told) > 1 else told[0] if told else {}, exact=all(part.exact for part in parts)
    )


def _either(parts: list[MongoFilter]) -> MongoFilter:
    """One that finds everything makes the others useless."""
    if not all(part.filter for part in parts):
        return _ANY
    return MongoFilter(filter={"$or": [dict(part.filter) for part in parts]}, exact=all(part.exact for part in parts))


def _of_words(tree: Term | Near, words: str | None) -> MongoFilter:
    needs = needs_of(tree) if words else None
    return _ANY if needs is None or words is None else MongoFilter(filter=_needed(needs, words), exact=False)


def _needed(needs: Needs, words: str) -> Document:
    """Pieces and the beginnings of pieces are letters and digits, so nothing in them means more to a pattern."""
    either: list[Document] = [{words: {"$in": sorted(needs.pieces)}}] if needs.pieces else []
    either += [{words: {"$regex": f"^{re.escape(beginning)}"}} for beginning in sorted(needs.beginnings)]
    return either[0] if len(either) == 1 else {"$or": either}


# ---- fields


def _exactly(document: Document) -> MongoFilter:
    return MongoFilter(filter=document, exact=True)


def _equal(path: str) -> Callable[[str], MongoFilter]:
    return lambda value: _exactly({path: value})


def _compared(path: str) -> Callable[[str], MongoFilter]:
    def of(value: str) -> MongoFilter:
        sign, number = compared(value)
        return _exactly({path: {_SIGNS[sign]: number}})

    return of


def _lang(value: str) -> MongoFilter:
    return _exactly({"language": None if value == "und" else value})


def _caseless(*paths: str) -> Callable[[str], MongoFilter]:
    """What is the same but for capitals, or begins so: PCRE knows more kinds of capitals than we do for ASCII, and fewer else."""

    def of(value: str) -> MongoFilter:
        wanted: Document = {"$regex": f"^{re.escape(value)}", "$options": "i"} if value.isascii() else {"$exists": True}
        found = [{path: wanted} for path in paths]
        return MongoFilter(filter=found[0] if len(found) == 1 else {"$or": found}, exact=False)

    return of


def _linked(value: str) -> MongoFilter:
    if not value.isascii():
        return MongoFilter(filter={"links": {"$exists": True}}, exact=False)
    # In small letters, the capital I with a dot is an i and the dot; MongoDB knows it as no kind of i.
    pattern = re.escape(value).replace("i", "[iİ]")
    return MongoFilter(filter={"links": {"$regex": pattern, "$options": "i"}}, exact=False)


def _to(value: str) -> MongoFilter:
    return _every([_exactly({"kind": "reply"}), _caseless("mentions")(value)])


def _is(value: str) -> MongoFilter:
    told: dict[str, Document]
    told = {"sensitive": {"sensitive": True}, "edited": {"edited_at": {"$exists": True}}, "bot": {"author.bot": True}}
    return _exactly(told.get(value, {"kind": value}))


def _has(value: str) -> MongoFilter:
    if value == "link":
        return _exactly({"$or": [{"links.0": {"$exists": True}}, {"media.kind": "link"}]})
    if value == "media":
        return _exactly({"media": {"$elemMatch": {"kind": {"$ne": "link"}}}})
    if value in _MEDIA:
        return _exactly({"media.kind": {"$in": _MEDIA[value]}})
    if value == "alt":
        return _exactly({"media.alt": {"$gt": ""}})
    return _exactly({f"{value}s.0": {"$exists": True}} if value in {"tag", "mention"} else {value: {"$gt": ""}})


_BY_NAME: Mapping[str, Callable[[str], MongoFilter]] = {
    "platform": _equal("platform"),
    "lang": _lang,
    "from": _caseless("author.handle", "author.id"),
    "to": _to,
    "domain": _linked,
    "url": _linked,
    "community": _caseless("community"),
    "is": _is,
    "has": _has,
    "since": lambda value: _exactly({"created_at": {"$gte": moment_of(value)}}),
    "until": lambda value: _exactly({"created_at": {"$lt": moment_of(value)}}),
    **{name: _compared(f"counts.{count}") for name, count in COUNTS.items()},
    "sentiment": _equal("sentiment.label"),
    "score": _compared("sentiment.compound"),
    "reach": _compared("author.followers"),
    "topic": _equal("topics.id"),
}
