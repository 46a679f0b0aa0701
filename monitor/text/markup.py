"""What all ways of reading HTML share: marks for breaks and how they become line ends, entities, and what anchors are."""

import re
from collections.abc import Iterable, Mapping
from html import unescape

# Marks in half-read text: control characters, which the text itself does not hold then.
PARAGRAPH = "\x1e"
LINE = "\x1f"
KEPT_SPACE = "\x1d"
EDGE = " \xa0\n\x1f"  # what is taken off both ends of a paragraph

# Attributes as sanitisers write them.
ATTRIBUTES = r'(?: [a-z-]+="[^"<>]*")*'
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"<>]*)"')
# The entities that sanitisers write, without that of the no-break space.
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "#34": '"', "#39": "'", "#x27": "'", "#x2F": "/"}

WEB_ADDRESS = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_SHORTEST_STEM = 4  # of fewer letters ("a...") nobody can say whether they begin an address


def joined(paragraphs: Iterable[str]) -> str:
    """Paragraphs with a blank line between them, those of white space left out."""
    return "\n\n".join([stripped for paragraph in paragraphs if (stripped := paragraph.strip(EDGE))])


def spaced(text: str) -> str:
    """The text with one space where several stand, and none at the ends of lines."""
    text = text.replace("\xa0", " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text.replace(" \n", "\n").replace("\n ", "\n") if "\n" in text else text


def decoded(text: str) -> str | None:
    """The text with the sanitisers' few entities decoded, once; None where others stand, whose reading needs care."""
    pieces = text.split("&")
    for at in range(1, len(pieces)):
        name, ended, tail = pieces[at].partition(";")
        character = _ENTITIES.get(name)
        if character is None or not ended:
            return None
        pieces[at] = character + tail
    return "".join(pieces)


def attributes_of(tag: str) -> Mapping[str, str]:
    """The attributes of a tag that is written as sanitisers do."""
    return {name: unescape(value) for name, value in reversed(_ATTRIBUTE.findall(tag))}  # of two alike, the first counts


def is_name(anchor: Mapping[str, str]) -> bool:
    """Whether an anchor of these attributes is that of a mention or hashtag."""
    names = {*anchor.get("class", "").split(), *anchor.get("rel", "").split()}
    return not names.isdisjoint({"mention", "hashtag", "tag"})


def web_addresses(hrefs: Iterable[str]) -> tuple[str, ...]:
    """Those of the addresses that lead to the web, each once."""
    return tuple(dict.fromkeys(href for given in hrefs if WEB_ADDRESS.match(href := given.strip())))


def is_cut_form(shown: str, href: str) -> bool:
    """Whether a link shows the beginning of its address and dots."""
    stem = shown.removesuffix("…") if shown.endswith("…") else shown.removesuffix("...")
    if stem == shown or not WEB_ADDRESS.match(href):
        return False
    stem = WEB_ADDRESS.sub("", stem, count=1).casefold()
    return len(stem) >= _SHORTEST_STEM and WEB_ADDRESS.sub("", href, count=1).casefold().startswith(stem)
