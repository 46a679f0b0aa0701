"""The language of a post: what the platform says, as a primary subtag, else what py3langid finds with enough certainty.

py3langid (BSD licence) knows 97 and more languages by the frequency of letter sequences; its model lies in the package. The
thresholds below were chosen on tests/text/languages.tsv (72 texts of 4 to 10 words in eight languages) and two dozen names,
interjections and versions: at 0.5 all 72 are named, none wrongly, and of the others only "danke schön" is; at 0.8 four posts
would stay unknown without a single error saved.
"""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from monitor.text.addresses import without_addresses

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LEAST_PROBABILITY = 0.5  # more likely than all other languages together
FEWEST_LETTERS = 4
LONGEST_SAMPLE = 2000  # characters; more changes no answer, and the time stays bounded

# Codes that say "none of the languages": undetermined, no linguistic content, uncoded, several at once.
_NO_LANGUAGE = frozenset({"und", "zxx", "mis", "mul"})
# Withdrawn codes that old servers still send (RFC 5646, section 2.2.1 asks for the present ones).
_RENAMED = {"iw": "he", "in": "id", "ji": "yi"}
_SUBTAG = re.compile(r"[a-z]{2,3}")
# Names and tags are written in their own language, mostly in Latin letters, whatever the post is written in.
_NAMES = re.compile(r"(?<!\w)[@#＃][\w.·-]+(?:@[\w.-]+)?")


@lru_cache(maxsize=256)  # platforms name few
def primary_subtag(tag: str | None) -> str | None:
    """The language alone of a BCP 47 tag, lower case: "en-US" gives "en". None for what names no language."""
    if not tag:
        return None
    primary = tag.strip().replace("_", "-").partition("-")[0].lower()
    primary = _RENAMED.get(primary, primary)
    return primary if _SUBTAG.fullmatch(primary) and primary not in _NO_LANGUAGE else None


def detect(text: str) -> str | None:
    """The language of plain text, or None where it is not certain enough to be counted.

    Addresses, mentions and hashtags take no part. The first call loads the model (about a second).
    """
    prose = _NAMES.sub(" ", without_addresses(text[:LONGEST_SAMPLE]))
    if sum(map(str.isalpha, prose)) < FEWEST_LETTERS:
        return None
    language, probability = cast("tuple[str, float]", _identifier().classify(prose))
    return primary_subtag(language) if probability >= LEAST_PROBABILITY else None


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
