"""Which characters make words: scripts with spaces and without, and the pieces of a folded text that an index can hold."""

import re

from monitor.query.folded import ADDRESS, continues
from monitor.text.ascii_words import ascii_words

# Scripts that write no spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer, kana, Bopomofo, Han; and Hangul, where endings
# are joined to words.
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
unspaced = re.compile(f"[{_UNSPACED}]").search

FIRST_SYMBOL = "\u2190"  # arrows; pictures and emoji follow

# What every text that says a term holds, whatever stands beside it: runs of letters and digits, each sign of a script without
# spaces, each symbol.
_PIECE = re.compile(rf"[^\W{_UNSPACED}]+|[{_UNSPACED}]|[^\s\w!-~{ADDRESS}]")
# The same of a text without signs of scripts without spaces, in half the time.
_SPACED_PIECE = re.compile(rf"\w+|[^\s\w!-~{ADDRESS}]")
# Words as distances are counted: as people read them, so don't and covid-19 are one; a picture and an address are one each.
_COUNTED = re.compile(
    rf"[^\W{_UNSPACED}]+(?:['’.\-][^\W{_UNSPACED}]+|[\u0300-\u036f\u0900-\u0dff]+[^\W{_UNSPACED}]*)*"
    rf"|[{_UNSPACED}]|[{FIRST_SYMBOL}-\u2bff\U0001f000-\U0001faff]|{ADDRESS}+"
)


_ASCII_COUNTED = re.compile(rf"[a-z0-9_]+(?:['.\-][a-z0-9_]+)*|{ADDRESS}+")


def in_word(sign: str) -> bool:
    """Whether a character is part of a word: a letter, digit, low line or a mark."""
    return sign.isalnum() or sign == "_" or (not sign.isascii() and continues(sign))


def joined(left: str, right: str) -> bool:
    """Whether two neighbours belong to one word."""
    return in_word(left) and in_word(right) and not (unspaced(left) or unspaced(right))


def pieces(folded: str) -> list[str]:
    """The pieces of a folded text without marks, in order, with repeats; a text that says a term has all pieces of the term."""
    if folded.isascii():
        return ascii_words(folded)
    return (_PIECE if unspaced(folded) else _SPACED_PIECE).findall(folded)


def word_starts(folded: str) -> list[int]:
    """Where the words begin by which distances are counted."""
    return [found.start() for found in (_ASCII_COUNTED if folded.isascii() else _COUNTED).finditer(folded)]
