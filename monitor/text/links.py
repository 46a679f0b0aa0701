"""Web addresses in plain text, for platforms that do not mark a post's links themselves.

What counts as an address follows the public conformance cases of twitter-text, also those without "http://" and those glued to
words of scripts that know no spaces; tests/text/test_conformance.py holds them and its exceptions. Endings of hosts are those of
the public suffix list that lies in the tldextract package; nothing is fetched.
"""

import re
from collections.abc import Iterator
from functools import cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

LONGEST_HOST = 253  # characters (RFC 1035)
LONGEST_LABEL = 63  # characters (RFC 1035)
_LONGEST_FOREIGN_ENDING = 24  # characters; the longest of today has 18
_LONGEST_TCO_SLUG = 40  # more is none of X's short addresses

# Addresses without http:// that are links: with a path, or with one of these endings. README.md, main.py and "so.It" are none.
_BARE_ENDINGS = (".com", ".org", ".net", ".edu", ".gov")

_LATIN = "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_SPACED = rf"{_LATIN}\u0370-\u052f\u1e00-\u1fff"  # letters of scripts with spaces between words: Latin, Greek, Cyrillic
# No part of a host: white space, control characters, ASCII signs but "-", "." and "_", and the punctuation of other scripts.
_NO_HOST = (
    r"\s\x00-,/:-@\[-^`{-\xb6\xb8-\xbf\u061c\u2000-\u206f\u3000-\u3003\u3008-\u301f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40"
)
_NOT_BEFORE = "@＠$#＃"

_HOST = rf"[^{_NO_HOST}]{{1,{LONGEST_HOST}}}+"
_CANDIDATE = re.compile(
    rf"(?<![A-Za-z0-9{_NOT_BEFORE}])(?:(?P<scheme>https?://)(?:{_HOST}|\[[0-9A-F:.]{{2,45}}\])"
    rf"|(?<![{_LATIN}_./-])[{_LATIN}][{_LATIN}_-]{{0,62}}+(?:\.[{_LATIN}_-]{{0,{LONGEST_LABEL}}}+){{1,127}}+"
    rf"(?:(?<=\.)\w{{1,{_LONGEST_FOREIGN_ENDING}}})?)",
    re.IGNORECASE,
)
_DOT = re.compile(r"\.\w")
_HAS_DOT = re.compile(r"[.:]\w")
_ASCII_ENDING = re.compile(r"(?:xn--[a-z0-9]+|[a-z]{2,})(?![0-9a-z@＠+-])", re.IGNORECASE)
# What most links are, from "https" to the white space that ends it: nothing at its end that belongs to the sentence.
_PLAIN = re.compile(r"(?<!\S)https?://((?:[a-z0-9]++(?:-++[a-z0-9]++)*+\.)++([a-z]{2,}+))(?:/[A-Za-z0-9_/-]*+)?(?!\S)")
_V4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w.-])")

_PATH_SIGNS = rf"{_SPACED}!*';:=+,.$/%#\[\]\-–_~@|&"
_IN_BRACKETS = rf"\((?:[{_PATH_SIGNS}]++|\([{_PATH_SIGNS}]++\))++\)"
_QUERY = rf"(?P<query>\?[{_PATH_SIGNS}?()]*+)?"
_REST = re.compile(rf"(?::[0-9]{{1,5}}(?![0-9]))?(?P<path>/(?:[{_PATH_SIGNS}]++|{_IN_BRACKETS})*+)?{_QUERY}")
_PATH_REST = re.compile(rf"[^{_SPACED}=_#/+\-)]+\Z")
_QUERY_REST = re.compile(rf"[^{_SPACED}=_#/+\-&]+\Z")
_TCO_HOST = re.compile(r"(?:https?://)?t\.co", re.IGNORECASE)
_TCO_REST = re.compile(rf"(?:/(?P<slug>[A-Za-z0-9]*+))?{_QUERY}")


def link_spans(text: str) -> list[tuple[int, int]]:
    """Character offsets of each web address, with or without "http://", end exclusive, in order. Linear in the length."""
    scheme, dot = text.find("://"), _next_dot(text, 0)
    if dot < 0 and (scheme < 0 or not _HAS_DOT.search(text)):
        return []
    return list(_spans(text, scheme, dot))


def links_in(text: str) -> tuple[str, ...]:
    """The links that a text holds, each once, in order, all with their scheme.

    Of addresses without one, those count that begin with "www.", go on with a path or end in .com, .org, .net, .edu or .gov;
    "https://" is put before them. Other names with a dot in them are as often files, or sentences without a space between.
    """
    if not (spans := link_spans(text)):
        return ()
    written = (text[start:end] for start, end in spans)
    return tuple(dict.fromkeys(link for address in written if (link := _link(address)) is not None))


def _link(address: str) -> str | None:
    lower = address.lower()
    if lower.startswith(("http://", "https://")):
        return address
    return f"https://{address}" if "/" in address or lower.startswith("www.") or lower.endswith(_BARE_ENDINGS) else None


def _next_dot(text: str, place: int) -> int:
    """Where the next dot stands that a label could follow, -1 for none."""
    found = _DOT.search(text, place) if text.find(".", place) >= 0 else None
    return found.start() if found else -1


def _spans(text: str, scheme: int, dot: int) -> Iterator[tuple[int, int]]:
    """The spans. `scheme` and `dot`: where the first "://" and the first dot are; no address begins before the word of either."""
    place = 0
    while scheme >= 0 or dot >= 0:
        sign = scheme if dot < 0 or 0 <= scheme < dot else dot
        start = max(place, text.rfind(" ", place, sign) + 1)
        span = _plain_span(text, max(start, sign - len("https"))) if sign == scheme else None
        if span is None:
            if (found := _CANDIDATE.search(text, start)) is None:
                return
            begin = found.end("scheme")
            host_end = _host_end(text, max(begin, found.start()), found.end(), numeric=begin >= 0)
            end = None if host_end is None else _address_end(text, found.start(), host_end)
            span = None if end is None else (found.start(), end)
            place = begin if begin >= 0 else found.end()
        if span is not None:
            yield span
            place = span[1]
        if 0 <= scheme < place:
            scheme = text.find("://", place)
        if 0 <= dot < place:
            dot = _next_dot(text, place)


def _plain_span(text: str, begin: int) -> tuple[int, int] | None:
    """The span of an address that begins there or one character later, where it is a plain one."""
    found = _PLAIN.match(text, begin) or _PLAIN.match(text, begin + 1)
    if found is None or len(found[1]) > LONGEST_LABEL or found[1] == "t.co" or found[2] not in _endings():
        return None
    return found.span()


def _host_end(text: str, begin: int, limit: int, *, numeric: bool) -> int | None:
    """Where the longest host within the limits ends, None where none begins there. `numeric`: numbers name one as well."""
    if numeric and (end := _number_end(text, begin, limit)) is not None:
        return end
    if text[limit : limit + 1] in {"@", "＠"}:  # a mail address
        return None
    best, before, place = None, "", begin
    for label in text[begin:limit].split("."):
        if before and "_" not in before and (ending := _ending(text, place, place + len(label))) is not None:
            best = ending
        if not _is_label(label):
            break
        before = label
        place += len(label) + 1
    return best


def _is_label(label: str) -> bool:
    """Whether the part of a host between two dots can be one; those in Punycode are ASCII."""
    return (
        0 < len(label) <= LONGEST_LABEL
        and label[0] not in "-_"
        and label[-1] not in "-_"
        and (label.isascii() or label[:4].lower() != "xn--")
    )


def _number_end(text: str, begin: int, limit: int) -> int | None:
    """Where an IP address ends that stands at the beginning."""
    try:
        if text[begin] == "[":
            IPv6Address(text[begin + 1 : limit - 1])
            return limit
        if found := _V4.match(text, begin):
            IPv4Address(found[0])
            return found.end()
    except AddressValueError:
        pass  # numbers that name no host, and are none of another kind either
    return None


def _ending(text: str, begin: int, limit: int) -> int | None:
    """Where a top-level domain ends that the label begins with; other letters may follow in scripts without spaces."""
    endings = _endings()
    if found := _ASCII_ENDING.match(text, begin):
        return found.end() if found[0].lower() in endings or found[0][:4].lower() == "xn--" else None
    label = text[begin : min(limit, begin + _LONGEST_FOREIGN_ENDING)].lower()
    if label[:1].isascii():
        return None
    return next((begin + size for size in range(len(label), 1, -1) if label[:size] in endings), None)


def _address_end(text: str, begin: int, host_end: int) -> int | None:
    """Where the address ends whose host ends there: after its path and query, without the punctuation of the sentence."""
    if _TCO_HOST.fullmatch(text, begin, host_end):
        return _tco_end(text, host_end)
    rest = _REST.match(text, host_end)
    assert rest is not None
    path, query = rest["path"] or "", _QUERY_REST.sub("", rest["query"] or "")
    if query:
        return rest.start("query") + len(query)
    return rest.start("path") + len(_PATH_REST.sub("", path)) if path else rest.end() - len(rest["query"] or "")


def _tco_end(text: str, host_end: int) -> int | None:
    """The same for X's short addresses, whose paths are letters and digits alone; None where they are too many."""
    rest = _TCO_REST.match(text, host_end)
    assert rest is not None
    if len(rest["slug"] or "") > _LONGEST_TCO_SLUG:
        return None
    return rest.end() - len(rest["query"] or "") + len(_QUERY_REST.sub("", rest["query"] or ""))


@cache
def _endings() -> frozenset[str]:
    """All top-level domains, lower case, those of other alphabets as they are written."""
    import tldextract

    suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None).tlds
    return frozenset(suffix.rpartition(".")[2] for suffix in suffixes)
