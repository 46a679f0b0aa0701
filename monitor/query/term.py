"""A term: one word, one quoted phrase or one #tag, and how it is read from what a person typed."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from monitor.errors import UsageError
from monitor.post import Post
from monitor.query.folded import fold_term
from monitor.query.matcher import Needle, Searchable, Spans, phrase_needle, tag_needle, word_needle
from monitor.text.addresses import address_spans
from monitor.text.tags import is_tag

Kind = Literal["word", "phrase", "tag"]

LONGEST_TERM = 200  # characters; no platform's search takes much more

_NEEDLES = {"word": word_needle, "phrase": phrase_needle, "tag": tag_needle}
_FIRST_SYMBOL = "\u2190"  # arrows; pictures and emoji follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """`text` is as it was typed, without quotes or #; white space in a phrase is single spaces."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        """The term as it can be typed again."""
        if self.kind == "tag":
            return f"#{self.text}"
        quoted = self.kind == "phrase" or self.text[0] in "#＃" or _complaint(self.text) is not None
        return f'"{self.text}"' if quoted else self.text

    @property
    def needle(self) -> Needle:
        """What is looked for in posts; for many terms over one post, fold that once: `term.needle.find(searchable)`."""
        return _NEEDLES[self.kind](self.text)

    def find(self, post: Post) -> Spans | None:
        """Where `post.text` says it: character offsets, end exclusive, in order, disjoint. None: the post does not match.

        Empty: the post matches elsewhere, by its title, summary, a description of its media or a tag.
        """
        return self.needle.find(Searchable(post))


def parse(query: str) -> Term:
    """Read a query of one term. Raises UsageError that shows with a caret what is not understood, and what to write."""
    text = query.strip()
    if not text:
        raise UsageError(f"The query is empty. {_ADVICE}")
    if len(text) > LONGEST_TERM:
        raise UsageError(f"The query has {len(text)} characters, and a word, phrase or #tag has at most {LONGEST_TERM}.")
    plain = text.translate(_PLAIN_QUOTES)
    if plain[0] == '"':
        return _phrase(text, plain)
    if complaint := _complaint(plain):
        raise complaint.error(text)
    if plain[0] in "#＃":
        return Term(kind="tag", text=plain[1:])
    return Term(kind="word", text=plain)


@dataclass(frozen=True, slots=True)
class _Complaint:
    """What keeps text from being one term, at which character, and what to write instead."""

    place: int
    what: str
    advice: str

    def error(self, text: str) -> UsageError:
        shown = "".join(sign if sign.isprintable() else " " for sign in text)
        return UsageError(f"{self.what}\n  {shown}\n  {' ' * self.place}^\n{self.advice}")


_ADVICE = 'Write one word, one phrase in quotes ("climate change") or one #tag.'
_NO_ADDRESS = "Addresses in posts are not searched as text."
_PLAIN_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))

# What later words of the query language begin with or hold, in the order in which they are looked for.
_NOT_UNDERSTOOD = (
    (re.compile('"'), "A phrase has to begin with its quote."),
    (re.compile(r"(?<!\S)(?:AND|OR|NOT|NEAR(?:/\d+f?)?)(?!\S)"), "{sign} joins several terms, and a query is one term."),
    (re.compile(r"[()|]"), "{sign} joins several terms, and a query is one term."),
    (re.compile(r"(?<!\S)-"), "- excludes what follows, and a query is one term."),
    (re.compile(r"\*(?!\S)"), "* stands for any ending, and words are found whole."),
    (re.compile(r"^="), "= asks for exact capitals, and capitals do not matter."),
    (re.compile(r"^@"), "@ names an account. To collect one: scrapy crawl PLATFORM -a account=NAME."),
    (re.compile(r"^/"), "/ begins a pattern, and patterns are not understood."),
    (re.compile(r"(?<!\S)[a-z]{2,}~?:(?=\S)"), "{sign} looks like a field, and fields are not understood."),
)


def _complaint(plain: str) -> _Complaint | None:
    """What keeps unquoted text from being one term; None when nothing does."""
    if spans := address_spans(plain):
        return _Complaint(spans[0][0], _NO_ADDRESS, _ADVICE)
    for pattern, what in _NOT_UNDERSTOOD:
        if found := pattern.search(plain):
            quoted = plain.replace('"', "").strip()
            return _Complaint(found.start(), what.format(sign=found[0]), f'For these very characters, write "{quoted}".')
    if gap := re.search(r"\s+", plain):
        words = " ".join(plain.split())
        return _Complaint(gap.end(), "Several words need quotes.", f'Write "{words}", or make a topic for each word.')
    if plain[0] in "#＃" and not is_tag(plain[1:]):
        return _Complaint(0, "A tag is # and letters, digits or _, at least one letter.", _ADVICE)
    return None if _has_substance(plain) else _Complaint(0, "There is nothing in it to look for.", _ADVICE)


def _phrase(text: str, plain: str) -> Term:
    """Read text that begins with a quote. A phrase of one word is that word, whatever signs it holds."""
    end = plain.find('"', 1)
    if end < 0:
        raise _Complaint(0, "The quote is not closed.", f'Write "{plain[1:].strip()}".').error(text)
    if rest := plain[end + 1 :].lstrip():
        place = len(plain) - len(rest)
        raise _Complaint(place, "Something follows the phrase, and a query is one term.", "Make a topic for each term.").error(
            text
        )
    if spans := address_spans(plain):
        raise _Complaint(spans[0][0], _NO_ADDRESS, _ADVICE).error(text)
    words = plain[1:end].split()
    if not _has_substance("".join(words)):
        raise _Complaint(0, "There is nothing in the phrase to look for.", _ADVICE).error(text)
    return Term(kind="phrase" if len(words) > 1 else "word", text=" ".join(words))


def _has_substance(text: str) -> bool:
    """Whether a letter, digit or picture is left when case, forms and invisible signs are gone; and no control character."""
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text):
        return False
    return any(sign.isalnum() or sign >= _FIRST_SYMBOL for sign in fold_term(text).text)
