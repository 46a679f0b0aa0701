"""What an index of words holds of a post, and what a query asks of it. Pure.

The terms of a post are the very pieces that the matcher's own index of topics looks up (`Searchable.pieces`), so that whatever
matches is found; what is found need not match. Two bounds keep the index small: a term is cut, in posts and in queries alike; and a
post of very many terms has none of them but a mark, `LONG`, by which every query finds it.
"""

import re
import unicodedata
from typing import Any

from monitor.post import Post
from monitor.query.needs import Needs, all_needs_of
from monitor.query.query import Query
from monitor.query.searchable import Searchable

# A page of text has 300 different words; what has more is a book, and matched anew each time it might be meant.
MOST_TERMS = 1000
LONGEST_TERM = 48  # characters; longer ones are no words of any language
LONG = "*"  # never a piece: those hold no punctuation
# Raised when posts are to be cut into other terms; and case and forms of characters are those of Python's Unicode tables.
VERSION = f"1-{unicodedata.unidata_version}"


def terms_of(post: Post) -> list[str]:
    """The terms of a post, sorted; `[LONG]` where there are too many, none where it says nothing."""
    terms = {piece[:LONGEST_TERM] for piece in Searchable(post).pieces}
    return sorted(terms) if len(terms) <= MOST_TERMS else [LONG]


def asked_of(query: Query) -> tuple[Needs, ...]:
    """What the terms of a matching post hold, all of it, unless they are `LONG`; empty: it may hold anything."""
    return tuple(
        Needs(
            pieces=frozenset(piece[:LONGEST_TERM] for piece in needs.pieces),
            beginnings=frozenset(beginning[:LONGEST_TERM] for beginning in needs.beginnings),
        )
        for needs in all_needs_of(query.tree)
    )


def bounds_of(needs: Needs) -> dict[str, Any]:
    """Posts that hold one of them or are `LONG`, as a filter that an index over `terms` answers by its bounds."""
    # Beginnings are letters, digits and signs that mean no more to a pattern than themselves.
    told: list[Any] = [re.compile(f"^{re.escape(beginning)}") for beginning in sorted(needs.beginnings)]
    return {"terms": {"$in": [*sorted(needs.pieces), LONG, *told]}}


def holds(needs: Needs) -> dict[str, Any]:
    """The same of pieces alone as a filter that no index is chosen for: for documents that were found by something rarer."""
    told = [*sorted(needs.pieces), LONG]
    return {"$expr": {"$gt": [{"$size": {"$setIntersection": [{"$ifNull": ["$terms", []]}, {"$literal": told}]}}, 0]}}
