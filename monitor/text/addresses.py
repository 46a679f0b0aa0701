"""Where web addresses stand in a text, so that their letters do not count as words."""

import re
from collections.abc import Sequence
from functools import lru_cache

# Characters that often follow an address in a sentence and rarely end one.
_TRAILING = ".,:;!?'\"*_~»”’…"
_ADDRESS = re.compile(r"(?<![\w.])(?:https?://|www\.)[^\s<>\"«»“”]+", re.IGNORECASE)


def address_spans(text: str) -> Sequence[tuple[int, int]]:
    """Character offsets of each address that begins with http://, https:// or www., end exclusive, in order.

    Punctuation of the sentence is left out; a closing bracket belongs to the address when it was opened inside it.
    """
    return _spans(text) if "." in text or "://" in text else ()


def without_addresses(text: str) -> str:
    """The text with a space in place of each address."""
    return _without(text) if "." in text or "://" in text else text


def without_spans(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with a space in place of each of the spans, which are disjoint and in order."""
    if not spans:
        return text
    if len(spans) == 1:
        ((start, end),) = spans
        return f"{text[:start]} {text[end:]}"
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    return " ".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


@lru_cache(maxsize=8)  # matching, tags, mentions and signature of a post ask one after the other
def _spans(text: str) -> tuple[tuple[int, int], ...]:
    begin = _begin(text)
    if begin < 0 or (first := _ADDRESS.search(text, begin)) is None:
        return ()
    begin = _begin(text, first.end())  # mostly there is one alone
    found = (first, *_ADDRESS.finditer(text, begin)) if begin >= 0 else (first,)
    return tuple([(address.start(), address.start() + len(_trimmed(address[0]))) for address in found])


@lru_cache(maxsize=8)
def _without(text: str) -> str:
    return without_spans(text, _spans(text))


def _begin(text: str, place: int = 0) -> int:
    """Where the next address could begin at the earliest, -1 where none can: a look for signs is far cheaper than a pattern."""
    scheme, hosts = text.find("://", place), (text.find("w.", place), text.find("W.", place))
    begins = [at - 2 for at in hosts if at >= 0]
    if scheme >= 0:
        begins.append(scheme - len("https"))
    return max(place, min(begins)) if begins else -1


def _trimmed(address: str) -> str:
    if address[-1].isalnum():
        return address
    unopened = address.count(")") - address.count("(")
    end = len(address)
    while end and (address[end - 1] in _TRAILING or (address[end - 1] == ")" and unopened > 0)):
        unopened -= address[end - 1] == ")"
        end -= 1
    return address[:end]
