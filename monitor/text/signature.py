"""The signature of what a post says, by which copies of it are found though they differ in a few words. Pure.

MinHash (Broder 1997) over the pairs of neighbouring words, by rensa (MIT licence), 128 slots of which the lowest byte is kept (b-bit
minwise hashing, Li and König 2010): the share of equal bytes, less what chance makes equal, estimates how many of their word pairs
two texts share, with a standard error of at most 0.045. Addresses, mentions, case, signs and emoji take no part; of scripts
without spaces each character counts as a word.

A signature is stored, so it must not change: its first byte is `VERSION`, signatures of different versions are never alike, and
tests/text/test_signature.py holds some of them. rensa is bound to the version whose algorithm they were made by.
"""

import re
import struct
import sys
import unicodedata

from rensa import RMinHash

from monitor.text.addresses import without_addresses
from monitor.text.ascii_words import ascii_words

VERSION = 1
FEWEST_WORDS = 8  # shorter texts ("good morning, have a nice day") are said by many who never saw each other's
LONGEST_SAMPLE = 8000  # characters; what follows the first 1,300 words tells no copies apart, and the time stays bounded
SLOTS = 128
BAND_SLOTS = 4  # 32 bands: two texts that share 0.7 of their word pairs have a band in common in 99.98 of 100 cases, 0.5: in 87
_SEED = 2026
_CHANCE = 1 / 256  # that two bytes are equal

# Letters of scripts that are written without spaces: Thai to Tibetan, Burmese, Khmer, kana, ideographs.
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003134f"
)
_UNSPACED_CHARACTER = re.compile(rf"[{_UNSPACED}]")
_WORD_OR_CHARACTER = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_WORD = re.compile(r"\w+")
# Whom it names or repeats ("RT @ada:").
_MENTION = re.compile(r"(?<!\w)(?:RT\s{1,3})?@[\w.·-]+(?:@[\w.-]+)?")
_SLOTS = struct.Struct(f"{SLOTS}L")  # the machine's own numbers, since any other form takes twice the time to write
_STEP = _SLOTS.size // SLOTS
_LOWEST_BYTE = 0 if sys.byteorder == "little" else _STEP - 1
_MADE = bytes([VERSION])


def signature(text: str) -> bytes | None:
    """129 bytes, the same in every process and on every machine; None for a text of too few words to be known again.

    Two characters of a script without spaces stand for a word there.
    """
    words = _words(text[:LONGEST_SAMPLE])
    if not words:
        return None
    sketch = RMinHash(SLOTS, _SEED)
    sketch.update(list(map(" ".join, zip(words, words[1:], strict=False))))  # noqa: RUF007 - in three quarters of the time
    return _MADE + _SLOTS.pack(*sketch.digest())[_LOWEST_BYTE::_STEP]


def similarity(one: bytes, other: bytes) -> float:
    """About how many of the word pairs that either text holds are in both, 0 to 1; 0 for signatures of different versions."""
    if one[0] != other[0]:
        return 0.0
    different = int.from_bytes(one[1:]) ^ int.from_bytes(other[1:])
    equal = different.to_bytes(SLOTS).count(0) / SLOTS
    return max(0.0, (equal - _CHANCE) / (1 - _CHANCE))


def bands(made: bytes) -> list[bytes]:
    """The keys of the buckets to look for similar signatures in: those that are alike share at least one, others hardly ever."""
    version = made[:1]
    return [version + bytes([at]) + made[at : at + BAND_SLOTS] for at in range(1, SLOTS + 1, BAND_SLOTS)]


def _words(text: str) -> list[str]:
    """Words and unspaced characters as they are compared; too few of them, and there are none."""
    text = without_addresses(text)
    if "@" in text:
        text = _MENTION.sub(" ", text)
    if text.isascii():
        words = ascii_words(text)
        return words if len(words) >= FEWEST_WORDS else []
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not _UNSPACED_CHARACTER.search(folded):
        words = _WORD.findall(folded)
        return words if len(words) >= FEWEST_WORDS else []
    words = _WORD_OR_CHARACTER.findall(folded)
    if len(words) >= 2 * FEWEST_WORDS:  # enough, even if all are characters
        return words
    return words if len(words) - len(_UNSPACED_CHARACTER.findall(folded)) / 2 >= FEWEST_WORDS else []
