"""Tags that are joined of words, such as #ClimateAction: which words those are. For `tag~:` alone, since it costs more."""

import re
from collections.abc import Iterator
from functools import lru_cache

from monitor.query.folded import fold_term, without_marks
from monitor.query.needle import MOST_SPANS, Spans
from monitor.query.searchable import Part
from monitor.text.tags import LONGEST_TAG

_TAG = re.compile(r"(?<![\w&/#＃])[#＃](\w+)")


def joined_key(text: str) -> str:
    """What is compared: the letters without case, marks and gaps."""
    return without_marks(fold_term(text)).text.replace(" ", "").replace("_", "")


def spans_joined(part: Part, wanted: str) -> Spans:
    """Offsets of the tags of a text that are `wanted` (a key), or hold it as one or several of their words."""
    found: list[tuple[int, int]] = []
    for tag in _TAG.finditer(part.text):
        if wanted in _keys(tag[1][:LONGEST_TAG]):
            found.append(tag.span())
            if len(found) == MOST_SPANS:
                break
    return tuple(found)


@lru_cache(maxsize=4096)
def _keys(body: str) -> frozenset[str]:
    """The key of each run of neighbouring words of a tag, the whole of it among them."""
    edges = [0, *_edges(body), len(body)]
    return frozenset(joined_key(body[start:end]) for number, start in enumerate(edges) for end in edges[number + 1 :])


def _edges(body: str) -> Iterator[int]:
    """Where a word begins: at a capital after a small letter or before one, between letters and digits, behind a low line."""
    for place in range(1, len(body)):
        before, here, after = body[place - 1], body[place], body[place + 1 : place + 2]
        begins_capital = here.isupper() and (not before.isupper() or (after.isalpha() and not after.isupper()))
        if begins_capital or before.isdigit() != here.isdigit() or before == "_":
            yield place
