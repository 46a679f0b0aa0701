"""The distinct words of a post, as rising terms and topic clusters count them. Pure.

Folded and cut as the query language does it (`monitor.query.folded`, `monitor.query.script`), so that a term that is shown finds
its posts when it is typed as a search.
"""

import re
from collections.abc import Iterator

from monitor.post import Post
from monitor.query.folded import fold, without_marks
from monitor.query.script import pieces, unspaced

SHORTEST, LONGEST = 2, 40  # letters of a word; a longer one is an address without its scheme, or noise
LONGEST_SAMPLE = 8000  # characters; what a post is about is said by then, and the time stays bounded
_MENTION = re.compile(r"(?<!\w)@[\w.-]+(?:@[\w.-]+)?")  # whom a post names is told by the mentions
_NUMBER = re.compile(r"[\d_]+")


def terms_of(post: Post) -> frozenset[str]:
    """Words of its title and text without those of one letter and numbers, and its tags; empty for a deleted post.

    Of scripts without spaces, where a word cannot be told from its neighbours, each two signs that follow each other are a term.
    """
    said = post.text if not post.title else f"{post.title}\n{post.text}"
    folded = without_marks(fold(_MENTION.sub(" ", said[:LONGEST_SAMPLE]))).text
    tags = (tag.casefold() for tag in post.tags)
    return frozenset(_words(folded)) | frozenset(tag for tag in tags if _is_word(tag))


def _words(folded: str) -> Iterator[str]:
    before = ""
    for piece in pieces(folded):
        if len(piece) == 1 and unspaced(piece):
            if before:
                yield before + piece
            before = piece
            continue
        before = ""
        if _is_word(piece):
            yield piece


def _is_word(piece: str) -> bool:
    return SHORTEST <= len(piece) <= LONGEST and not _NUMBER.fullmatch(piece)
