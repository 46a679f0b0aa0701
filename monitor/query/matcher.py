"""Where a post says a term. The authority on what matches: a platform's own search only finds candidates.

Case and Unicode forms do not matter (`monitor.query.folded`); marks on letters do not when the term has none ("cafe" finds
"café", "café" does not find "cafe"). A word is found whole, beside any punctuation and as a #hashtag, not inside another word;
in scripts without spaces, and in Korean, where endings are joined to words, it is found anywhere. The words of a phrase may be
separated by any white space. Addresses are no words. Searched are text, title, summary, descriptions of media, and tags.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from monitor.post import Post
from monitor.query.folded import Folded, continues, fold, fold_term, without_marks

Spans = tuple[tuple[int, int], ...]

# Scripts that write no spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer, kana, Bopomofo, Han; and Hangul.
_UNSPACED = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)


class Searchable:
    """The parts of a post as terms are looked for in them; each is folded at most once, and only when asked for."""

    def __init__(self, post: Post) -> None:
        self._post = post

    @cached_property
    def text(self) -> "Part":
        return Part(self._post.text)

    @cached_property
    def other_parts(self) -> "tuple[Part, ...]":
        """Title, summary and descriptions of media, where there are any."""
        texts = [self._post.title, self._post.summary, *(media.alt for media in self._post.media)]
        return tuple(Part(text) for text in texts if text)

    @cached_property
    def tags(self) -> "tuple[Part, ...]":
        return tuple(Part(tag) for tag in self._post.tags)


class Part:
    """One text, folded with its marks and without."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def marked(self) -> Folded:
        return fold(self._text)

    @cached_property
    def unmarked(self) -> Folded:
        return without_marks(self.marked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needle:
    """A term made ready to be looked for. `tag`: the tag that says the same, None where none can."""

    text: str
    tag: str | None
    has_marks: bool
    is_tag: bool

    def find(self, post: Searchable) -> Spans | None:
        """As `monitor.query.term.Term.find`."""
        spans = self.spans(post.text)
        if spans or any(self._folded(tag).text == self.tag for tag in post.tags):
            return spans
        return () if any(self.spans(part) for part in post.other_parts) else None

    def spans(self, part: Part) -> Spans:
        """Offsets in the original of each place where the part says it, in order and disjoint."""
        folded = self._folded(part)
        found: list[tuple[int, int]] = []
        place = folded.text.find(self.text)
        while place >= 0:
            end = place + len(self.text)
            alone = self._stands_alone(folded.text, place, end)
            if alone:
                span = folded.original_span(place, end)
                if not found or found[-1][1] <= span[0]:
                    found.append(span)
            place = folded.text.find(self.text, end if alone else place + 1)
        return tuple(found)

    def _folded(self, part: Part) -> Folded:
        return part.marked if self.has_marks else part.unmarked

    def _stands_alone(self, text: str, start: int, end: int) -> bool:
        """Whether the match is a word of its own. A tag ends where its letters end, in all scripts."""
        before = text[start - 1] if start else " "
        after = text[end] if end < len(text) else " "
        if self.is_tag:
            return before not in "&/#" and not _in_word(before) and not _in_word(after)
        return not _joined(before, text[start]) and not _joined(text[end - 1], after)


@lru_cache(maxsize=4096)
def word_needle(text: str) -> Needle:
    """For a word: it is also said by the tag of the same letters."""
    folded, has_marks = _term_folded(text)
    return Needle(text=folded, tag=folded, has_marks=has_marks, is_tag=False)


@lru_cache(maxsize=4096)
def phrase_needle(text: str) -> Needle:
    """For a phrase: no tag says it."""
    folded, has_marks = _term_folded(text)
    return Needle(text=folded, tag=None, has_marks=has_marks, is_tag=False)


@lru_cache(maxsize=4096)
def tag_needle(text: str) -> Needle:
    """For a tag without its sign: said by a tag of the post, or by # and its letters in a text."""
    folded, has_marks = _term_folded(text)
    return Needle(text=f"#{folded}", tag=folded, has_marks=has_marks, is_tag=True)


def _term_folded(text: str) -> tuple[str, bool]:
    marked = fold_term(text)
    unmarked = without_marks(marked)
    has_marks = unmarked.text != marked.text
    return (marked if has_marks else unmarked).text, has_marks


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_" or continues(character)


def _joined(left: str, right: str) -> bool:
    """Whether two neighbours belong to one word."""
    return _in_word(left) and _in_word(right) and not (_UNSPACED.match(left) or _UNSPACED.match(right))
