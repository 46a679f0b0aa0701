"""Text without what a store, a page or a terminal chokes on: NUL, control characters, lone surrogates, endless length.

What a text says is not changed here: HTML is read in `monitor.text.html`, and what counts as the same word is the query
language's business. Every string of a post passes `clean` once, in `monitor.crawl.normalize`.
"""

import re

# Text beyond it is cut. The longest honest posts (whole articles in feeds) stay below; one document holds at most 16 MiB.
LONGEST_TEXT_BYTES = 64 * 1024
_LONGEST_CHARACTER_BYTES = 4

# C0 without tab and line ends, DEL, and halves of surrogate pairs, which no encoder of UTF-8 takes.
_POISON = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_LONE = re.compile(r"[\ud800-\udfff]")


def clean(text: str) -> tuple[str, int]:
    """The text as it can be stored, and how many changes that took (0: it is the very same object).

    As `harmless`; what exceeds 64 KiB of UTF-8 is cut off between two characters (one change more). Linear in the length.
    """
    text, changes = harmless(text)
    if len(text) * _LONGEST_CHARACTER_BYTES > LONGEST_TEXT_BYTES:
        encoded = text.encode()
        if len(encoded) > LONGEST_TEXT_BYTES:
            return encoded[:LONGEST_TEXT_BYTES].decode(errors="ignore"), changes + 1
    return text, changes


def is_clean(text: str) -> bool:
    """Whether `clean` would change nothing; False, too, where only going through the text could tell."""
    return len(text) * _LONGEST_CHARACTER_BYTES <= LONGEST_TEXT_BYTES and not _POISON.search(text)


def harmless(text: str) -> tuple[str, int]:
    """The text without control characters (tab and line ends stay) and surrogates, and how many changes that took.

    Two halves of a surrogate pair become their character, a lone half becomes U+FFFD.
    """
    if not _POISON.search(text):
        return text, 0
    text, removed = _CONTROL.subn("", text)
    text, joined = _PAIR.subn(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    text, replaced = _LONE.subn("\N{REPLACEMENT CHARACTER}", text)
    return text, removed + joined + replaced
