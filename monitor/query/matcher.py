"""Whether and where a post says what a query asks: the authority. A platform's own search only finds candidates.

A term is looked for in text, title, summary, descriptions of media, and tags; the spans are those of the text. Each term and
field is linear in the text (`monitor.query.needle`, `.distance`), and a query has 200 of them at most.
"""

from collections.abc import Callable, Iterable
from itertools import chain

from monitor.query.distance import near, within
from monitor.query.fields import FIELDS, same_account
from monitor.query.joined_tag import joined_key, spans_joined
from monitor.query.needle import Spans, needle_of
from monitor.query.searchable import Part, Searchable
from monitor.query.term import Term
from monitor.query.tree import And, Field, Near, Not, Or, Tree

# None: the post does not match. Else where `post.text` says it, character offsets, end exclusive, in order, disjoint; empty
# where it matches elsewhere.
Found = Spans | None
Matcher = Callable[[Searchable], Found]


def matcher_of(tree: Tree) -> Matcher:
    """Make the function that matches posts with a tree."""
    match tree:
        case Term():
            return _of_term(tree)
        case Field():
            holds = FIELDS[tree.name].of(tree.value)
            return lambda post: () if holds(post.post) else None
        case Near():
            return _anywhere(near(tree))
        case Not():
            negated = matcher_of(tree.part)
            return lambda post: () if negated(post) is None else None
        case And():
            return _all_of([matcher_of(part) for part in tree.parts])
        case Or():
            return _any_of([matcher_of(part) for part in tree.parts])


def failing(tree: Tree, post: Searchable) -> tuple[Tree, ...]:
    """The clauses that keep a post from matching, from left to right: parts of AND one by one, all else as a whole.

    Empty where it matches. A near miss has one.
    """
    if isinstance(tree, And):
        return tuple(clause for part in tree.parts for clause in failing(part, post))
    return () if matcher_of(tree)(post) is not None else (tree,)


def _all_of(matchers: list[Matcher]) -> Matcher:
    def find(post: Searchable) -> Found:
        found = []
        for matcher in matchers:
            spans = matcher(post)
            if spans is None:
                return None
            if spans:
                found.append(spans)
        return _merged(found)

    return find


def _any_of(matchers: list[Matcher]) -> Matcher:
    def find(post: Searchable) -> Found:
        found = [spans for matcher in matchers if (spans := matcher(post)) is not None]
        return found[0] if len(found) == 1 else _merged(found) if found else None

    return find


def _merged(found: list[Spans]) -> Spans:
    """All spans in order, those that overlap as one."""
    if len(found) < 2:
        return found[0] if found else ()
    merged: list[tuple[int, int]] = []
    for start, end in sorted(chain.from_iterable(found)):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(merged)


def _anywhere(spans: Callable[[Part], Spans]) -> Matcher:
    """In the text with its spans, else in the other parts. What it finds may overlap."""

    def find(post: Searchable) -> Found:
        if here := spans(post.text):
            return _merged([here, here])
        return () if any(spans(part) for part in post.other_parts) else None

    return find


def _of_term(term: Term) -> Matcher:
    if term.split:
        return _of_joined_tag(term)
    spans = within(term) if term.within else needle_of(term).spans
    if term.part is not None:
        return _in_part(term.part, spans)
    if term.within:
        return _anywhere(spans)
    return _of_handle(term) if term.kind == "handle" else _of_words(term)


def _of_words(term: Term) -> Matcher:
    needle = needle_of(term)

    def find(post: Searchable) -> Found:
        if spans := needle.spans(post.text):
            return spans
        for tag in post.tags:
            if needle.says(tag):
                return ()
        for part in post.other_parts:
            if needle.spans(part):
                return ()
        return None

    return find


def _of_handle(term: Term) -> Matcher:
    needle, name = needle_of(term), term.text.lower()

    def find(post: Searchable) -> Found:
        if spans := needle.spans(post.text):
            return spans
        named = any(same_account(mention, name) for mention in post.post.mentions)
        return () if named or any(needle.spans(part) for part in post.other_parts) else None

    return find


def _of_joined_tag(term: Term) -> Matcher:
    wanted = joined_key(term.text)

    def find(post: Searchable) -> Found:
        if spans := spans_joined(post.text, wanted):
            return spans
        told = any(joined_key(tag) == wanted for tag in post.post.tags)
        return () if told or any(spans_joined(part, wanted) for part in post.other_parts) else None

    return find


def _in_part(name: str, spans: Callable[[Part], Spans]) -> Matcher:
    if name == "text":
        return lambda post: _merged([here, here]) if (here := spans(post.text)) else None

    def find(post: Searchable) -> Found:
        parts: Iterable[Part] = getattr(post, name)
        return () if any(spans(part) for part in parts) else None

    return find
