"""Hashtags in plain text, for platforms that do not list a post's tags themselves, and tags as we compare them."""

import re
import unicodedata
from collections.abc import Iterable

from monitor.text.addresses import without_addresses, without_spans
from monitor.text.links import link_spans

LONGEST_TAG = 100  # characters; platforms allow no more, and a longer one is no tag that anybody follows

# Vowel signs and accents belong to their letter, and \w knows no marks; from the first of them to the end of the scripts.
_MARKS = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M")
# Signs that words of some scripts hold (UAX 31, table 3, and what Japanese tags are written with): the middle dot of Catalan, the
# joiners of Persian and Sinhala, maqaf, geresh and gershayim, the dots of Tibetan, wave dashes, and the marks of Japanese.
_MEDIAL = "·\u200c\u200d\u05be\u05f3\u05f4\u0f0b\u0f0c\u301c\uff5e\u3003\u309b\u309c\u30a0\u30fb\ua67e"
_SIGN = rf"[\w{_MEDIAL}{_MARKS}]"
_BODY = rf"(?={_SIGN}*[^\W\d_]){_SIGN}++"  # at least one letter: #1 is a number
# An emoji ends with a mark that says how it is drawn; one behind the sign makes it an emoji itself.
_DRAWN = "\ufe0e\ufe0f"
_KEYCAP = "\ufe0e\ufe0f\u20e3"
_BEFORE = "".join(mark for mark in _MARKS if mark not in _DRAWN)
_BODY_ONLY = re.compile(_BODY)
_TAG = re.compile(rf"[#＃](?<![\w&#＃{_BEFORE}][#＃])(?![{_KEYCAP}])({_BODY})(?!://)")
# The same of a tag of letters between white space and punctuation: most are, and the others cost several times as much.
_EASY_TAG = re.compile(r"#(?<![^\s.,!?()。、]#)([\d_]*+[^\W\d_]\w*+)(?![^\s.,!?()。、])")


def is_tag(text: str) -> bool:
    """Whether the text, without a sign before it, can be a hashtag as a whole."""
    return _BODY_ONLY.fullmatch(text) is not None


def tags_in(text: str) -> tuple[str, ...]:
    """Hashtags of a text without their sign, as `plain_tags`; those inside addresses are fragments and no tags."""
    if "#" not in text and "＃" not in text:
        return ()
    text = without_addresses(text)
    if "/#" in text:  # a fragment, where an address without http:// stands before it
        text = without_spans(text, link_spans(text))
    if "＃" in text:
        return plain_tags(_TAG.findall(text))
    tags: dict[str, None] = {}
    place = text.find("#")
    while place >= 0:
        if found := _EASY_TAG.match(text, place) or _TAG.match(text, place):
            tag = found[1].lower()
            if len(tag) <= LONGEST_TAG:
                tags[tag] = None
            place = found.end() - 1
        place = text.find("#", place + 1)
    return tuple(tags)


def plain_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags in lower case without a leading #, each once, in the order of their first use; empty and endless ones left out."""
    lowered = (tag.strip().lstrip("#＃").lower() for tag in tags)
    return tuple(dict.fromkeys(tag for tag in lowered if tag and len(tag) <= LONGEST_TAG))
