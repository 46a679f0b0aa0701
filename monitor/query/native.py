"""What a platform is asked for a query: its own search, tag timelines, accounts, a stream; or nothing that it could be asked.

A platform's answer is only ever candidates; `monitor.query.matcher` decides which of them match. What is asked may be broader
than the query, never narrower. What a way does not reach, whatever is asked there, is told apart from that (`misses`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from monitor.errors import UsageError
from monitor.query.cover import Branch, cover, on_platform
from monitor.query.cover import Literal as Leaf
from monitor.query.fields import COUNTS
from monitor.query.platform_search import KEYLESS, STAND_IN, WITH_TOKEN, NativeAsk, Search
from monitor.query.query import Query
from monitor.query.script import unspaced
from monitor.query.term import Term
from monitor.query.tree import And, Field, Near, Not, Or, Tree, leaves

# exact: all that is found matches, and all that matches is found. broader: all that matches is found among other posts.
# unsupported: the platform cannot be asked for this; what is asked instead, if anything, finds a part of it.
Relation = Literal["exact", "broader", "unsupported"]

MOST_ASKS = 8  # per platform and query: each is polled by itself
LONGEST_FILTER = 500  # characters of a source's parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """`asks`: what is polled, nothing where there is nothing to ask. `note` says how it relates to the query, in words.

    `misses`: what matches and is out of reach on this way, None where nothing is known to be.
    """

    asks: tuple[NativeAsk, ...] = ()
    relation: Relation
    note: str
    misses: str | None = None

    @property
    def calls(self) -> int:
        """Requests per poll when nothing is new; a stream is one connection and none."""
        return sum(ask.kind != "stream" for ask in self.asks)


def platforms() -> tuple[str, ...]:
    """The platforms that queries can be compiled for."""
    return tuple(KEYLESS)


def compile_query(query: Query, platform: str, *, has_token: bool) -> Native:
    """The native form of a query on one platform; `has_token`: credentials for its search are configured.

    Raises UsageError for a platform that is not known here.
    """
    if platform not in KEYLESS:
        raise UsageError(f"{platform!r} is no platform that a query can be compiled for: choose among {', '.join(KEYLESS)}.")
    search = WITH_TOKEN.get(platform, KEYLESS[platform]) if has_token else KEYLESS[platform]
    tree = on_platform(query.tree, platform)
    if tree is False:
        return Native(relation="exact", note="The query excludes this platform.")
    if search.all_posts is not None:
        return _of_all_posts(query, search, search.all_posts)
    if tree is True:
        return Native(
            relation="unsupported", note=f"The query asks for no words, and all of {search.title} cannot be collected."
        )
    native = _asked(tree, search)
    if not native.asks and platform in STAND_IN and search == KEYLESS[platform]:
        return _instead(tree, STAND_IN[platform], native)
    return native


def _of_all_posts(query: Query, search: Search, ask: NativeAsk) -> Native:
    """All posts are read, and the query decides as they come: one by one in a stream, else when they are stored."""
    note = search.note.format(query=query)
    if ask.kind != "stream":
        return Native(asks=(ask,), relation="broader", note=note, misses=search.misses)
    if len(str(query)) > LONGEST_FILTER:
        note = f"A stream is filtered by a query of at most {LONGEST_FILTER} characters: make several topics of it."
        return Native(relation="unsupported", note=note)
    tree = query.tree
    is_tag = isinstance(tree, Term) and tree == Term(kind="tag", text=tree.text)
    said = {"tag": tree.text} if is_tag and isinstance(tree, Term) else {"query": str(query)}
    untold = [str(leaf) for leaf in leaves(tree) if isinstance(leaf, Field) and (leaf.name == "from" or leaf.name in COUNTS)]
    misses = f"A new post in the stream has neither handle nor counts: {', '.join(untold)} fits none." if untold else None
    asks = (replace(ask, parameters={**ask.parameters, **said}),)
    return Native(asks=asks, relation="exact", note=note, misses=misses)


def _asked(tree: Tree, search: Search) -> Native:
    asks = _best(tree, search)
    if not asks:
        note = search.note.format(query=tree)
        if search.engine is not None:
            note = f"{search.title}'s search needs a word, phrase or tag that all matching posts have, and {tree} has none."
        return Native(relation="unsupported", note=note)
    if len(asks) > MOST_ASKS:
        note = f"{search.title} would have to be asked {len(asks)} things, and {MOST_ASKS} are the most: make several topics of it."
        return Native(relation="unsupported", note=note)
    misses = _misses(tree, search) if any(ask.kind == "query" for ask in asks) else None
    return Native(asks=asks, relation=_relation(tree, asks), note=_note(tree, search, asks), misses=misses)


def _instead(tree: Tree, search: Search, native: Native) -> Native:
    """What finds a part of it, where the query itself cannot be asked for."""
    asks = _best(tree, search)
    if not asks or len(asks) > MOST_ASKS:
        return native
    misses = f"Without a token {search.title} is searched by tag: posts that say {tree} without it are missed."
    return Native(asks=asks, relation="unsupported", note=_note(tree, search, asks), misses=misses)


def _best(tree: Tree, search: Search) -> tuple[NativeAsk, ...]:
    """What is asked for the whole query, or for the one of its conditions that needs far fewer asks; () where nothing can be asked.

    Twice as many asks are well spent when each finds less that does not match. Where tags stand beside the text they are not: each
    word is asked for as a tag too, which the other words do not narrow.
    """
    conditions = (tree, *tree.parts) if isinstance(tree, And) else (tree,)
    covers = [branches for condition in conditions if frozenset() not in (branches := cover(condition, search.says))]
    asked = [_distinct(tree, search, branches) for branches in covers]
    fewest = min(asked, key=len, default=())
    whole = asked[0] if asked else ()
    return whole if len(whole) <= len(fewest) * (1 if search.tags_apart else 2) else fewest


def _distinct(tree: Tree, search: Search, branches: tuple[Branch, ...]) -> tuple[NativeAsk, ...]:
    """One ask for each alternative, equal ones once; in each the terms in the order of the query."""
    order = {literal: number for number, literal in enumerate(each for leaf in leaves(tree) for each in _said(search, leaf))}
    asks = (search.ask(sorted(branch, key=lambda literal: order.get(literal, len(order)))) for branch in branches)
    seen = {(ask.kind, *sorted(ask.parameters.items())): ask for ask in asks}
    return tuple(seen.values())


def _said(search: Search, leaf: Leaf) -> Iterator[Leaf]:
    """The literals of a leaf, those of the words of a loose phrase too."""
    words = leaf.text.split() if isinstance(leaf, Term) and leaf.within else ()
    for each in (Term(kind="word", text=word) for word in words) if words else (leaf,):
        yield from search.says(each)


def _relation(tree: Tree, asks: tuple[NativeAsk, ...]) -> Relation:
    parts = tree.parts if isinstance(tree, Or) else (tree,)
    plain = all(
        isinstance(part, Field) or (isinstance(part, Term) and part.kind == "tag" and not part.prefix) for part in parts
    )
    return "exact" if plain and all(ask.kind != "query" for ask in asks) else "broader"


def _note(tree: Tree, search: Search, asks: tuple[NativeAsk, ...]) -> str:
    tags = [ask.parameters["tag"] for ask in asks if ask.kind == "tag"]
    accounts = [ask.parameters["account"] for ask in asks if ask.kind == "account"]
    told = [search.tag_note.format(tags=" and ".join(f"#{tag}" for tag in tags))] if tags else []
    told += [f"The account {' and '.join(accounts)}."] if accounts else []
    told += [search.note.format(query=tree)] if len(tags) + len(accounts) < len(asks) else []
    left = list(dict.fromkeys(str(clause) for clause in _left_out(tree, search)))
    told += [f"Decided here, not there: {', '.join(left)}."] if left else []
    return " ".join(told)


def _left_out(tree: Tree, search: Search) -> Iterator[Tree]:
    """The clauses that the platform is not asked for, or not in full."""
    match tree:
        case And() | Or():
            for part in tree.parts:
                yield from _left_out(part, search)
        case Near() | Not():
            yield tree
        case Term() | Field():
            loose = isinstance(tree, Term) and (tree.within or tree.exact or tree.part or tree.prefix)
            if loose or not search.says(tree):
                yield tree


def _misses(tree: Tree, search: Search) -> str | None:
    joined = any(isinstance(leaf, Term) and unspaced(leaf.text) for leaf in leaves(tree))
    cut = "Where scripts have no spaces between words, the platform cuts them its own way." if joined else None
    return " ".join(filter(None, (search.misses, cut))) or None
