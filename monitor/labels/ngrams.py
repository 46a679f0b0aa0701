"""What a trained model sees of a text: its words and pairs of words, and the short runs of characters in them. Pure.

Addresses and names of accounts take no part: a model that knows who wrote a post has not learned what it says. Runs of characters
need no words, so a language that is written without spaces, or changes its words, is learned as well. The time grows with the
length of the text alone.
"""

import re
import unicodedata
from itertools import chain, pairwise

from monitor.text.addresses import without_addresses

LONGEST_READ = 8_000  # characters; what an author thinks is known by then
SHORTEST_RUN, LONGEST_RUN = 2, 4

_MENTION = re.compile(r"(?<!\w)@[\w.·-]+(?:@[\w.-]+)?")
_WORD = re.compile(r"\w+")


def folded(text: str) -> str:
    """The text as a model reads it: compatibility forms, no capitals, no addresses, no names of accounts."""
    return _MENTION.sub(" ", unicodedata.normalize("NFKC", without_addresses(text[:LONGEST_READ])).casefold())


def words(folded_text: str) -> list[str]:
    """Its words and its pairs of neighbouring words."""
    found = _WORD.findall(folded_text)
    return [*found, *(f"{one} {other}" for one, other in pairwise(found))]


def runs(folded_text: str) -> list[str]:
    """All runs of 2 to 4 characters inside the parts between spaces, each part with a space before and after it."""
    return list(chain.from_iterable(_runs(f" {part} ") for part in folded_text.split()))


def _runs(part: str) -> list[str]:
    found = []
    for length in range(SHORTEST_RUN, LONGEST_RUN + 1):
        found += [part[start : start + length] for start in range(max(1, len(part) - length + 1))]
        if len(part) <= length:  # a longer run is the same
            break
    return found
