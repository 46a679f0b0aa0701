"""Where a part of a post says a term. Linear in the text, for any term and text.

Case and Unicode forms do not matter (`monitor.query.folded`); marks on letters do not when the term has none ("cafe" finds
"café", "café" does not find "cafe"). A word is found whole, beside any punctuation and as a #hashtag, not inside another word;
in scripts without spaces, and in Korean, it is found anywhere. The words of a phrase may be separated by any white space.
Addresses are no words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from monitor.query.folded import Folded, fold_term, with_capitals, without_marks
from monitor.query.script import in_word, joined, unspaced
from monitor.query.searchable import Part
from monitor.query.term import Kind, Term

Spans = tuple[tuple[int, int], ...]

MOST_SPANS = 500  # of one term in one text; nobody reads more marks, and a text of 64 KiB could hold 32,000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Needle:
    """A term made ready to be looked for. `text` is folded, with its sign; `tag`: the tag that says the same, None: none can.

    `probe`: the longest of its words. Equal terms have the same needle, so that it is looked for once in a part.
    """

    kind: Kind
    text: str
    probe: str
    tag: str | None
    has_marks: bool
    prefix: bool = False
    exact: str | None = None  # what has to stand there, with its capitals
    _anywhere: re.Pattern[str] = field(repr=False)
    _whole: re.Pattern[str] = field(repr=False)
    _cased: re.Pattern[str] | None = field(repr=False)  # the same with the capitals of `exact`, for a text that is not folded
    _plain: bool = field(repr=False)  # in a plain text, `_whole` or `_cased` is all there is to know

    def folded(self, part: Part) -> Folded:
        return part.marked if self.has_marks else part.unmarked

    def spans(self, part: Part) -> Spans:
        """Offsets in the original of each place where the part says it, in order and disjoint, `MOST_SPANS` at most."""
        known = part.found.get(self)
        if known is None:
            folded = part.marked if self.has_marks else part.unmarked
            known = part.found[self] = self._spans(part, folded) if self.probe in folded.text else ()
        return known

    def _spans(self, part: Part, folded: Folded) -> Spans:
        if self._plain and self._cased is None and folded.text.isascii():
            if (first := self._whole.search(folded.text)) is None:
                return ()
            if self.probe not in folded.text[first.end() :]:  # mostly it is said once
                return (folded.original_span(*first.span()),)
        if (hits := self._plain_hits(part, folded.text)) is not None:
            return tuple([folded.original_span(*hit.span()) for hit in islice(hits, MOST_SPANS)])
        found: list[tuple[int, int]] = []
        for start, end in self.places(part):
            span = folded.original_span(start, end)
            if not found or found[-1][1] <= span[0]:
                found.append(span)
                if len(found) == MOST_SPANS:
                    break
        return tuple(found)

    def places(self, part: Part) -> Iterator[tuple[int, int]]:
        """The same in the folded text, all of them."""
        folded = self.folded(part)
        text = folded.text
        if (hits := self._plain_hits(part, text)) is not None:
            yield from (hit.span() for hit in hits)
            return
        plain = self._plain and text.isascii()
        find = (self._whole if plain or (part.spaced and not unspaced(self.text)) else self._anywhere).search
        hit = find(text)
        while hit is not None:
            start, end = hit.span()
            if plain or self._stands_alone(text, start, end):
                end = self._extended(text, end) if self.prefix else end
                if self.exact is None or self._exactly(part.text, folded.original_span(start, end)):
                    yield start, end
                    hit = find(text, end)
                    continue
            hit = find(text, start + 1)

    def _plain_hits(self, part: Part, folded: str) -> Iterator[re.Match[str]] | None:
        """The places by one pattern, where that is enough; each character of a plain text is folded in its place."""
        if not self._plain or not folded.isascii():
            return None
        if self._cased is None:
            return self._whole.finditer(folded)
        return self._cased.finditer(part.text) if part.text.isascii() else None

    def says(self, tag: Part) -> bool:
        """Whether a tag of a post is this one."""
        if self.tag is None:
            return False
        told = self.folded(tag).text
        return told.startswith(self.tag) if self.prefix else told == self.tag

    def _stands_alone(self, text: str, start: int, end: int) -> bool:
        """Whether it is a word of its own. Tags and accounts end where their letters end, in all scripts."""
        before = text[start - 1] if start else " "
        after = text[end] if end < len(text) else " "
        if self.kind == "tag":
            return before not in "&/#" and not in_word(before) and (self.prefix or not in_word(after))
        if self.kind == "handle":
            return self._names_all(text, before, after, end)
        return not joined(before, text[start]) and (self.prefix or not joined(text[end - 1], after))

    def _names_all(self, text: str, before: str, after: str, end: int) -> bool:
        """Whether an account's name ends there: @ann is not in @anna, @ann-lee or @ann.example, but in @ann@any.example."""
        if before in "@/.-" or in_word(before) or in_word(after):
            return False
        following = text[end + 1] if end + 1 < len(text) else " "
        return not (after in ".-" and in_word(following)) and not (after == "@" and "@" in self.text[1:])

    def _extended(self, text: str, end: int) -> int:
        """The end of the word that begins with it."""
        edge = in_word if self.kind == "tag" else lambda sign: joined(text[end - 1], sign)
        while end < len(text) and edge(text[end]):
            end += 1
        return end

    def _exactly(self, original: str, span: tuple[int, int]) -> bool:
        told = _with_capitals(original[span[0] : span[1]], has_marks=self.has_marks)
        wanted = self.exact or ""
        return told.startswith(wanted) if self.prefix else told == wanted


@lru_cache(maxsize=8192)
def needle_of(term: Term) -> Needle:
    """For a term whose words stand together; one with `within` or `split` is not looked for as a whole."""
    marked = fold_term(term.text)
    unmarked = without_marks(marked)
    has_marks = unmarked.text != marked.text
    folded = (marked if has_marks else unmarked).text
    text = {"tag": "#", "handle": "@"}.get(term.kind, "") + folded
    # What the tag of a post says has no capitals, so a term that asks for some is not said by it.
    tag = folded if term.kind in {"word", "tag"} and not term.exact else None
    exact = _with_capitals(term.text, has_marks=has_marks) if term.exact else None
    return Needle(
        kind=term.kind,
        text=text,
        probe=max(text.split(" "), key=len),
        tag=tag,
        has_marks=has_marks,
        prefix=term.prefix,
        exact=exact,
        _anywhere=re.compile(_spaced(text)),
        _whole=_whole(text, open_end=term.prefix),
        _cased=_whole(exact, open_end=False, space=r"\s") if exact else None,
        _plain=term.kind in {"word", "phrase"} and not term.prefix,
    )


def _whole(text: str, *, open_end: bool, space: str = " ") -> re.Pattern[str]:
    """Finds `text` where no letter joins it on either side, for scripts with spaces; marks are looked at by the caller.

    Without it, a text of one letter only would be looked at letter by letter. What stands before is looked at behind the first
    letter: a pattern that begins with a letter is searched for three times as fast.
    """
    first = re.escape(text[0])
    before = rf"(?<!\w{first})" if text[0].isalnum() or text[0] == "_" else ""
    after = r"(?!\w)" if not open_end and (text[-1].isalnum() or text[-1] == "_") else ""
    return re.compile(first + before + _spaced(text[1:], space) + after)


def _spaced(text: str, space: str = " ") -> str:
    return f"{space}+".join(map(re.escape, text.split(" ")))


def _with_capitals(text: str, *, has_marks: bool) -> str:
    """As folded, but with capitals."""
    if not text.isascii():
        text = with_capitals(text)
        text = text if has_marks else without_marks(Folded(text)).text
    return " ".join(text.split())
