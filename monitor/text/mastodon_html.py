"""HTML that is written letter by letter as Mastodon and its kin do, read by a few searches for fixed text; other is declined.

Every "<" must belong to a tag that is known here in its whole form; what is left over declines the text, so that no other HTML
is ever read wrongly. A property test holds that what is read here is what the parser of `monitor.text.html` reads.
"""

import re
from html import unescape
from typing import Any

from monitor.text.markup import (
    ATTRIBUTES,
    EDGE,
    KEPT_SPACE,
    LINE,
    PARAGRAPH,
    attributes_of,
    decoded,
    is_cut_form,
    is_name,
    joined,
    spaced,
)

_PARAGRAPH_APART = f" {PARAGRAPH} "
_ATTRIBUTES_ONLY = re.compile(ATTRIBUTES)
_OTHER_TAGS = (
    ("<br />", "\n"),
    ("<br>", "\n"),
    ('<span class="h-card" translate="no">', ""),
    ("</span>", ""),
    ('<span class="h-card">', ""),
    ('<span class="quote-inline">', ""),
)
_SPANS = ("<span>", "</span>", '<span class="invisible">', '<span class="ellipsis">', '<span class="">')
_SHOWN = 30  # characters of an address that Mastodon shows

# What was read before, and comes again most of the time: which attributes make a name, and names by the rest of their anchors.
_attributes_seen: dict[str, bool] = {}
_names_seen: dict[str, str] = {}
_MOST_SEEN, _LONGEST_SEEN = 4096, 300


def read_exact(html: str) -> tuple[str, list[str]] | None:
    """The text as `monitor.text.html.plain_text` gives it, and what is behind the anchors that are no names; else None."""
    if _holds_raw_breaks(html):
        return None
    text = html.removeprefix("<p>").removesuffix("</p>")
    hrefs: list[str] = []
    if "<" in text:
        # With a space on both sides, so that one more is found below along with all others that stand twice.
        text = text.replace("</p><p>", _PARAGRAPH_APART)
        if "<" in text:
            without = _without_anchors(text)
            if without is None:
                return None
            text, hrefs = without
            if "<" in text and "<" in (text := _without_other_tags(text)):
                return None
    if "  " in text or "\xa0" in text or "\n" in text:
        text = spaced(joined(text.split(PARAGRAPH)) if PARAGRAPH in text else text.strip(EDGE))
    else:
        text = text.replace(_PARAGRAPH_APART, "\n\n").strip(EDGE)
    if "&" in text:
        plain = decoded(text)  # at last: what it makes is no white space, and no tag
        return None if plain is None else (plain, hrefs)
    return text, hrefs


def _holds_raw_breaks(html: str) -> bool:
    """Whether line ends, tabs or our own marks stand in it."""
    return (
        "\n" in html or "\t" in html or "\r" in html or "\f" in html or PARAGRAPH in html or LINE in html or KEPT_SPACE in html
    )


def _without_other_tags(html: str) -> str:
    for tag, shown in _OTHER_TAGS:
        html = html.replace(tag, shown)
        if "<" not in html:
            break
    return html


def _without_anchors(html: str) -> tuple[str, list[str]] | None:
    """The HTML with the text of its anchors in their place, and what is behind those that are no names."""
    pieces = html.split('<a href="')
    hrefs: list[str] = []
    for at in range(1, len(pieces)):
        anchor, closed, tail = pieces[at].partition("</a>")
        shown = _names_seen.get(anchor)
        if shown is None:
            href, _, behind_href = anchor.partition('"')
            attributes, ended, inner = behind_href.partition(">")
            names_somebody = _attributes_seen.get(attributes)
            if names_somebody is None:
                names_somebody = _is_name_by(attributes)
            shown = href if "<" in inner and inner == _shortened(href) else _shown(inner, href)
            if shown is None or names_somebody is None or not (closed and ended):
                return None
            if not names_somebody:
                hrefs.append(unescape(href) if "&" in href else href)
            elif len(anchor) <= _LONGEST_SEEN:
                _keep(_names_seen, anchor, shown)
        pieces[at] = shown + tail
    return "".join(pieces), hrefs


def _shortened(href: str) -> str:
    """What Mastodon writes into the anchor of this address: it shows all of it, but hides its beginning and its end."""
    scheme, begin = ("https://", 8) if href.startswith("https://") else ("http://", 7)
    if href.startswith("www.", begin):
        scheme, begin = f"{scheme}www.", begin + 4
    end = begin + _SHOWN
    return (
        f'<span class="invisible">{scheme}</span><span class="{"ellipsis" if len(href) > end else ""}">{href[begin:end]}'
        f'</span><span class="invisible">{href[end:]}</span>'
    )


def _shown(inner: str, href: str) -> str | None:
    """The text in an anchor, or its address in place of a cut form of it; None where other tags than spans stand in it."""
    for span in _SPANS:
        if "<" not in inner:
            break
        inner = inner.replace(span, "")
    if "<" in inner:
        return None
    if "..." not in inner and "…" not in inner:
        return inner
    plain = decoded(inner.replace("&nbsp;", "\xa0"))
    if plain is None:
        return None
    return href.strip() if is_cut_form(plain.strip(EDGE), unescape(href).strip()) else inner


def _is_name_by(attributes: str) -> bool | None:
    """Whether an anchor with these attributes beside its address is a mention or hashtag; None for what is no list of some."""
    if not _ATTRIBUTES_ONLY.fullmatch(attributes):
        return None
    told = is_name(attributes_of(attributes))
    if len(attributes) <= _LONGEST_SEEN:
        _keep(_attributes_seen, attributes, told)
    return told


def _keep(seen: dict[str, Any], key: str, value: object) -> None:
    if len(seen) >= _MOST_SEEN:
        seen.clear()
    seen[key] = value
