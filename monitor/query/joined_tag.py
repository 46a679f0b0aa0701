"""Tags that are joined of words, such as #ClimateAction: which words those are. For `tag~:` alone, since it costs more."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, pairwise

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
        if _holds(tag[1][:LONGEST_TAG], wanted):
            found.append(tag.span())
            if len(found) == MOST_SPANS:
                break
    return tuple(found)


def _holds(body: str, wanted: str) -> bool:
    """Whether some run of neighbouring words of a tag, perhaps all of them, has this key."""
    if wanted not in joined_key(body):  # most tags, and hostile ones are not cut into words for nothing
        return False
    whole, edges = _cut(body)
    ends = set(edges[1:]) if wanted else {end for start, end in pairwise(edges) if start == end}
    return any(start + len(wanted) in ends and whole.startswith(wanted, start) for start in edges)


@lru_cache(maxsize=4096)
def _cut(body: str) -> tuple[str, tuple[int, ...]]:
    """The keys of a tag's words one behind the other, and where each begins and the last one ends: a run's key is what lies between."""
    edges = (0, *_edges(body), len(body))
    keys = [joined_key(body[start:end]) for start, end in pairwise(edges)]
    return "".join(keys), tuple(accumulate(map(len, keys), initial=0))


def _edges(body: str) -> Iterator[int]:
    """Where a word begins: at a capital after a small letter or before one, between letters and digits, behind a low line."""
    for place in range(1, len(body)):
        before, here, after = body[place - 1], body[place], body[place + 1 : place + 2]
        begins_capital = here.isupper() and (not before.isupper() or (after.isalpha() and not after.isupper()))
        if begins_capital or before.isdigit() != here.isdigit() or before == "_":
            yield place
