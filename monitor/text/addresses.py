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
    if "://" not in text and "www." not in text.lower():
        return ()
    return _spans(text)


def without_addresses(text: str) -> str:
    """The text with a space in place of each address."""
    return without_spans(text, address_spans(text))


def without_spans(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with a space in place of each of the spans, which are disjoint and in order."""
    if not spans:
        return text
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    return " ".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


@lru_cache(maxsize=8)  # tags, words and signature of a post ask one after the other
def _spans(text: str) -> tuple[tuple[int, int], ...]:
    return tuple((found.start(), found.start() + len(_trimmed(found[0]))) for found in _ADDRESS.finditer(text))


def _trimmed(address: str) -> str:
    unopened = address.count(")") - address.count("(")
    end = len(address)
    while end and (address[end - 1] in _TRAILING or (address[end - 1] == ")" and unopened > 0)):
        unopened -= address[end - 1] == ")"
        end -= 1
    return address[:end]
