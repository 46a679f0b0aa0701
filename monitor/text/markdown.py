"""Markdown (CommonMark with tables and strikethrough) as the plain text that a reader sees, and the links in it.

HTML in it is read like any other, so that comments of templates disappear. Addresses that stand bare in the text are links too.
"""

from functools import cache

from markdown_it import MarkdownIt

from monitor.text.addresses import address_spans
from monitor.text.html import LONGEST_HTML, text_and_links


def markdown_text_and_links(markdown: str) -> tuple[str, tuple[str, ...]]:
    """The plain text with its paragraphs, and the web addresses it links to: those behind words first, each once."""
    text, links = text_and_links(_reader().render(markdown[:LONGEST_HTML]))
    bare = (text[start:end] for start, end in address_spans(text))
    return text, tuple(dict.fromkeys((*links, *(address for address in bare if "://" in address))))


@cache
def _reader() -> MarkdownIt:
    # A line end within a paragraph is one for the reader too, as GitHub and Lemmy show it.
    return MarkdownIt("commonmark", {"breaks": True}).enable(["table", "strikethrough"])
