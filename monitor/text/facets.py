"""Facets of AT Protocol texts: the links, mentions and tags that a client marked by UTF-8 byte offsets.

Source: app.bsky.richtext.facet of the AT Protocol lexicons, checked 2026-11-22. Clients write anything: facets that lie outside
the text, split a character or overlap an earlier one are dropped, as the specification tells readers to. The text that a link
is shown as is often cut ("atlas.example/a-lo..."): then the whole address stands in its place, as in `monitor.text.html`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.text.markup import is_cut_form

_FEATURE = "app.bsky.richtext.facet#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A text with what is marked in it: tags in lower case without #, mentions as handles without @, addresses of links."""

    text: str
    tags: tuple[str, ...]
    mentions: tuple[str, ...]
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Facet:
    start: int
    end: int
    shown: str
    features: Sequence[Mapping[str, Any]]


def read_facets(text: str, facets: Iterable[Mapping[str, Any]]) -> Marked:
    """What the facets mark in `text`, in its order, each once.

    A mention is the handle that is shown, or the DID where words stand in its place. Raises KeyError, TypeError or
    AttributeError for what is no facet at all.
    """
    found: dict[str, list[str]] = {"tag": [], "mention": [], "link": []}
    encoded, pieces, end = text.encode("utf-8", "surrogatepass"), [], 0
    for facet in _usable(encoded, facets):
        pieces.append(encoded[end : facet.start])
        shown = facet.shown
        for feature in facet.features:
            kind = feature.get("$type", "").removeprefix(_FEATURE)
            if kind == "tag":
                found[kind].append(feature["tag"].lower())
            elif kind == "mention":
                handle = facet.shown.removeprefix("@")
                found[kind].append(handle if handle != facet.shown and "." in handle else feature["did"])
            elif kind == "link":
                found[kind].append(feature["uri"])
                shown = feature["uri"] if is_cut_form(facet.shown, feature["uri"]) else shown
        pieces.append(shown.encode("utf-8", "surrogatepass"))
        end = facet.end
    whole = b"".join([*pieces, encoded[end:]]).decode("utf-8", "surrogatepass")
    tags, mentions, links = (tuple(dict.fromkeys(each)) for each in found.values())
    return Marked(text=whole, tags=tags, mentions=mentions, links=links)


def _usable(encoded: bytes, facets: Iterable[Mapping[str, Any]]) -> Iterable[_Facet]:
    """The facets in the order of the text, without those that cannot be meant."""
    end = 0
    for facet in sorted(facets, key=lambda facet: _offset(facet, "byteStart")):
        span = _offset(facet, "byteStart"), _offset(facet, "byteEnd")
        if not end <= span[0] < span[1] <= len(encoded):
            continue
        try:
            shown = encoded[span[0] : span[1]].decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            continue
        end = span[1]
        yield _Facet(*span, shown, facet["features"])


def _offset(facet: Mapping[str, Any], name: str) -> int:
    offset = facet["index"][name]
    if type(offset) is not int:
        raise TypeError("an offset is no whole number")
    return offset
