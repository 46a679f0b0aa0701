"""A query in an English sentence, from its tree: what a person reads to see whether it says what was meant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.query.fields import COUNTS, compared
from monitor.query.query import Query
from monitor.query.term import Term
from monitor.query.tree import And, Field, Near, Not, Or, Tree

_PLACES = {
    "text": "in the text",
    "title": "in the title",
    "summary": "in the content warning",
    "alt": "in a picture's description",
}
_SIGNS = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least", "=": "exactly"}
_KINDS = {"post": "original posts", "reply": "replies", "repost": "reposts", "quote": "quotes"}
_KINDS |= {"edited": "edited", "sensitive": "marked as sensitive", "bot": "by bots"}
_HELD = {"link": "a link", "image": "an image", "video": "a video", "audio": "audio", "media": "a picture, video or sound"}
_HELD |= {
    "alt": "a described picture",
    "tag": "a tag",
    "mention": "a mention",
    "title": "a title",
    "summary": "a content warning",
}


@dataclass(frozen=True, slots=True)
class _Clause:
    """A verb and what follows it; "are" is negated by itself, all others with "do".

    `alone`: it shares its verb with no other, since its end or its "not" would be read as said of one of them, too, or of one less.
    """

    verb: str
    rest: str
    alone: bool = False

    def __str__(self) -> str:
        return f"{self.verb} {self.rest}"


def english(query: Query) -> str:
    """One sentence without its dot, such as: posts that say "tea" and do not say "coffee"."""
    return f"posts that {_said(query.tree)}"


def _said(tree: Tree) -> _Clause | str:
    match tree:
        case Term():
            qualified = bool(tree.part or tree.within) or (tree.kind in ("word", "phrase") and (tree.prefix or tree.exact))
            return _Clause(*_of_term(tree), alone=qualified)
        case Field():
            return _Clause(*_OF_FIELD[tree.name](tree.value))
        case Near():
            words = "1 word" if tree.words == 1 else f"{tree.words} words"
            where = "before" if tree.ordered else "from"
            return _Clause("say", f"{_side(tree.left)} at most {words} {where} {_side(tree.right)}", alone=True)
        case Not():
            return _negated(_said(tree.part))
        case And():
            return _listed(tree.parts, "and")
        case Or():
            return _listed(tree.parts, "or")


def _negated(said: _Clause | str) -> _Clause | str:
    if isinstance(said, str) or " not" in said.verb:
        return f"are none of those that {said}"
    return _Clause("are not" if said.verb == "are" else f"do not {said.verb}", said.rest, alone=True)


def _listed(parts: tuple[Tree, ...], joint: str) -> str:
    """Parts with one verb share it, unless one stands alone; what is itself made of clauses stands in brackets."""
    said = [_said(part) for part in parts]
    shared = [each for each in said if isinstance(each, _Clause) and not each.alone]
    if len(shared) == len(said) and len({each.verb for each in shared}) == 1:
        return f"{shared[0].verb} {f' {joint} '.join(each.rest for each in shared)}"
    return f" {joint} ".join(f"({each})" if isinstance(each, str) else str(each) for each in said)


def _side(tree: Term | Or) -> str:
    if isinstance(tree, Or):
        return f"({' or '.join(_side(part) for part in tree.parts if isinstance(part, Term))})"
    return _of_term(tree)[1]


def _of_term(term: Term) -> tuple[str, str]:
    place = f" {_PLACES[term.part]}" if term.part else ""
    if term.kind == "handle":
        return "mention", f"@{term.text}"
    if term.kind == "tag":
        if term.split:
            return "have", f"a tag with the words of {term.text}"
        return "have", f"a tag that begins with #{term.text}" if term.prefix else f"the tag #{term.text}"
    exactly = " in exactly these capitals" if term.exact else ""
    if term.within:
        apart = "1 other word" if term.within == 1 else f"{term.within} other words"
        return "say", f'the words of "{term.text}" with at most {apart} among them{place}'
    return "say", f'"{term.text}"{" and any ending" if term.prefix else ""}{exactly}{place}'


def _number(what: str) -> Callable[[str], tuple[str, str]]:
    def of(value: str) -> tuple[str, str]:
        sign, number = compared(value)
        return "have", f"{_SIGNS[sign]} {number:,} {what}" if isinstance(number, int) else f"{_SIGNS[sign]} {number} {what}"

    return of


_OF_FIELD: Mapping[str, Callable[[str], tuple[str, str]]] = {
    "platform": lambda value: ("are", f"on {value}"),
    "lang": lambda value: ("are", "in an unknown language" if value == "und" else f"in the language {value}"),
    "from": lambda value: ("are", f"by {value}"),
    "to": lambda value: ("are", f"replies that mention @{value}"),
    "domain": lambda value: ("link", f"to {value}"),
    "url": lambda value: ("link", f"to an address with {value} in it"),
    "community": lambda value: ("are", f"in the community {value}"),
    "is": lambda value: ("are", _KINDS[value]),
    "has": lambda value: ("have", _HELD[value]),
    "since": lambda value: ("are", f"from {value} or later"),
    "until": lambda value: ("are", f"from before {value}"),
    **{name: _number(name) for name in COUNTS},
    "sentiment": lambda value: ("are", f"{value} in sentiment"),
    "score": _number("as score of sentiment"),
    "reach": _number("followers of the author"),
    "topic": lambda value: ("are", f"matched by the topic {value}"),
}
