"""What a reader sees of a post's HTML, as plain text with its paragraphs, and the links in it.

Rules, the same on all ways: `<br>` is a line end; the ends of a paragraph, list, quote or heading are a
blank line, however many `<br>` stand beside them; those of a list item, table row or `div` are a line end; other white space
counts as one space, no-break spaces too; entities are decoded once; images give their alt text; scripts, styles and comments
give nothing. Hidden spans are kept: they make a link whole that Mastodon shows shortened. A link's text stays as its author
wrote it, unless it is a cut form of the address ("example.org/a-lo..."): then the address stands in its place. Addresses
behind words are found by `links_of` alone.

There are three ways through a text, each for what the one before declines: what Mastodon writes (`monitor.text.mastodon_html`),
what sanitisers write (a handful of tags in an exact form, by regular expressions), and a parser for anything. A property test
holds that they give the same.
"""

import re
from collections.abc import Iterable, Mapping

from lxml import etree

from monitor.text.clean import harmless
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
    web_addresses,
)
from monitor.text.mastodon_html import read_exact

# A post's text is cut at 64 KiB. HTML longer than this shows no more of it, and parsing it would hold up the reactor.
LONGEST_HTML = 1_000_000

# fmt: off
_PARAGRAPH_TAGS = frozenset({
    "article", "aside", "blockquote", "center", "details", "dl", "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hr", "main", "menu", "nav", "ol", "p", "pre", "section", "table", "ul", "x-break",
})
_LINE_TAGS = frozenset({
    "address", "caption", "dd", "div", "dt", "figcaption", "legend", "li", "option", "summary", "tr",
})
# fmt: on
_PARAGRAPH_END = re.compile(r"</p\s*>", re.IGNORECASE)
_MARKED_PARAGRAPH_END = "</p><x-break></x-break>"
_CELL_TAGS = frozenset({"td", "th"})
_SILENT_TAGS = frozenset({"iframe", "noembed", "noframes", "object", "script", "style", "template", "textarea", "title"})

_PLAIN_PARAGRAPH = re.compile(rf"<p{ATTRIBUTES}>")
_PLAIN_INLINE = re.compile(rf"<(?:/(?:a|span|strong|em|b|i|u|s|del|code)|(?:a|span|strong|em|b|i|u|s|del|code){ATTRIBUTES})>")
_PLAIN_ANCHOR = re.compile(rf"<a({ATTRIBUTES})>")
_CUT_LINK = re.compile(r"(?:…|\.\.\.)(?:[\s\xa0]|&nbsp;|<(?!/?a\b)[^<>]*>)*+</?a\b")

_RAW_SPACE = re.compile(r"[\t\n\f\r]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_LINE_RUN = re.compile(r"[ \n]*\x1f[ \n\x1f]*")


def plain_text(html: str) -> str:
    """The text that `html` shows, "" for none. Linear in the length; what follows the first million characters is left out."""
    exact = read_exact(html) if len(html) <= LONGEST_HTML else None
    if exact is not None:
        return exact[0]
    html = _bounded(html)
    marked = _read_plain(html)
    return _laid_out(_read_any(html).marked_text() if marked is None else marked)


def links_of(html: str) -> tuple[str, ...]:
    """The web addresses that the author linked to, in order, each once. Mentions and hashtags are no links."""
    return text_and_links(html)[1]


def text_and_links(html: str) -> tuple[str, tuple[str, ...]]:
    """`plain_text` and `links_of` in one reading."""
    exact = read_exact(html) if len(html) <= LONGEST_HTML else None
    if exact is not None:
        text, hrefs = exact
        return text, web_addresses(hrefs) if hrefs else ()
    html = _bounded(html)
    marked = _read_plain(html)
    if marked is not None:
        return _laid_out(marked), _links(map(attributes_of, _PLAIN_ANCHOR.findall(html))) if "<a" in html else ()
    reading = _read_any(html)
    return _laid_out(reading.marked_text()), _links(reading.anchors)


def _bounded(html: str) -> str:
    """`html` without the characters that serve as marks here, and no longer than is worth reading."""
    html = html[:LONGEST_HTML]
    return harmless(html)[0] if PARAGRAPH in html or LINE in html or KEPT_SPACE in html else html


def _links(anchors: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    return web_addresses(anchor.get("href", "") for anchor in anchors if not is_name(anchor))


def _read_plain(html: str) -> str | None:
    """The text with marks for its breaks, of HTML in the sanitisers' form; None for any other."""
    if ("…" in html or "..." in html) and (html.rfind("<a") > html.rfind("</a") or _CUT_LINK.search(html)):
        return None
    text = html
    if "\n" in text or "\t" in text or "\r" in text or "\f" in text:
        text = _RAW_SPACE.sub(" ", text)
    if "<" in text:
        if "<br" in text:
            text = text.replace("<br>", "\n").replace("<br />", "\n").replace("<br/>", "\n")
        text = text.replace("</p>", PARAGRAPH).replace("<p>", PARAGRAPH)
        text = _PLAIN_INLINE.sub("", text)
        if "<p " in text:
            text = _PLAIN_PARAGRAPH.sub(PARAGRAPH, text)
        if "<" in text:  # a tag, or a form of one, that sanitisers do not write
            return None
    return decoded(text.replace("&nbsp;", "\xa0")) if "&" in text else text


class _Reading:
    """A target for lxml's parser, called in the order of the text. Collects the text with marks, and the anchors."""

    def __init__(self) -> None:
        self.anchors: list[Mapping[str, str]] = []
        self._pieces: list[str] = []
        self._anchor: tuple[int, str] | None = None
        self._silent = 0
        self._kept = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._break(tag)
        if tag == "br":
            self._pieces.append("\n")
        elif tag == "img":
            self.data(_picture(attributes.get("alt", "")))
        elif tag == "a":
            self.anchors.append(dict(attributes))
            self._anchor = (len(self._pieces), attributes.get("href", "").strip())
        self._silent += tag in _SILENT_TAGS
        self._kept += tag == "pre"

    def end(self, tag: str) -> None:
        if tag == "a" and self._anchor is not None:
            first, href = self._anchor
            shown = "".join(self._pieces[first:])
            if is_cut_form(shown.strip(EDGE), href):
                self._pieces[first:] = [href]
            self._anchor = None
        self._silent -= tag in _SILENT_TAGS
        self._kept -= tag == "pre"
        if tag != "p":  # its end may be this parser's own idea, of crossing tags; where it was written, a mark stands
            self._break(tag)

    def data(self, text: str) -> None:
        if self._silent:
            return
        if self._kept:
            text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\t", "    ")).replace(" ", KEPT_SPACE)
        else:
            text = _CONTROL.sub("", _RAW_SPACE.sub(" ", text))
        self._pieces.append(text)

    def comment(self, text: str) -> None:
        """Nothing to read."""

    def close(self) -> "_Reading":
        return self

    def marked_text(self) -> str:
        return "".join(self._pieces)

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPH_TAGS:
            self._pieces.append(PARAGRAPH)
        elif tag in _LINE_TAGS:
            self._pieces.append(LINE)
        elif tag in _CELL_TAGS:
            self._pieces.append(" ")


def _read_any(html: str) -> _Reading:
    parser = etree.HTMLParser(target=_Reading(), huge_tree=True)
    html = harmless(html)[0]
    # A stray </p> says nothing to this parser, but parts paragraphs in a browser. Inside an element it supposes no paragraph
    # around bare text.
    parser.feed(f"<div>{_PARAGRAPH_END.sub(_MARKED_PARAGRAPH_END, html)}</div>")
    reading = parser.close()
    assert isinstance(reading, _Reading)
    return reading


def _picture(alt: str) -> str:
    """An image's words stand apart from the words around it; an emoji may touch them."""
    return f" {alt} " if any(map(str.isalnum, alt)) else alt


def _laid_out(marked: str) -> str:
    """The text with its marks turned into line ends, and other white space collapsed."""
    text = spaced(joined(marked.split(PARAGRAPH)))
    if LINE in text:
        text = _LINE_RUN.sub(_line_ends, text)
    return text.replace(KEPT_SPACE, " ") if KEPT_SPACE in text else text


def _line_ends(run: re.Match[str]) -> str:
    return "\n" * max(run[0].count("\n"), 1)
