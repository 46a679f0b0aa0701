"""Hashtags in plain text, for platforms that do not list a post's tags themselves, and tags as we compare them."""

import re
import unicodedata
from collections.abc import Iterable

from monitor.text.addresses import without_addresses

LONGEST_TAG = 100  # characters; platforms allow no more, and a longer one is no tag that anybody follows

# Vowel signs and accents belong to their letter, and \w knows no marks; from the first of them to the end of the scripts.
_MARKS = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M")
# Letters, digits, _, the middle dot of Catalan and the zero-width non-joiner of Persian.
_SIGN = rf"[\w·\u200c{_MARKS}]"
_BODY = rf"(?={_SIGN}*[^\W\d_]){_SIGN}+"  # at least one letter: #1 is a number
_BODY_ONLY = re.compile(_BODY)
_TAG = re.compile(rf"(?<![\w&/#＃{_MARKS}])[#＃]({_BODY})")


def is_tag(text: str) -> bool:
    """Whether the text, without a sign before it, can be a hashtag as a whole."""
    return _BODY_ONLY.fullmatch(text) is not None


def tags_in(text: str) -> tuple[str, ...]:
    """Hashtags of a text without their sign, as `plain_tags`; those inside addresses are fragments and no tags."""
    if "#" not in text and "＃" not in text:
        return ()
    return plain_tags(_TAG.findall(without_addresses(text)))


def plain_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags in lower case without a leading #, each once, in the order of their first use; empty and endless ones left out."""
    lowered = (tag.strip().lstrip("#＃").lower() for tag in tags)
    return tuple(dict.fromkeys(tag for tag in lowered if tag and len(tag) <= LONGEST_TAG))
