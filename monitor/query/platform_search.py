"""What each platform's search understands, one entry each: the facts that `monitor.query.native` compiles with.

Checked 2026-11-22 against the sources that the platform files name.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from monitor.query.cover import Literal as Leaf
from monitor.query.term import Term
from monitor.query.tree import Field
from monitor.text.tags import is_tag

LONGEST_SEARCH = 200  # characters of words that are asked for at once; no platform's search takes much more

# words: finds posts with all of the words. letters: finds posts with the letters, anywhere in them and in this order.
Engine = Literal["words", "letters"]

# Words that can be sent as they are; of all others only what stands between their signs, since signs mean something to searches.
_PLAIN = re.compile(r"[^\W_][\w.+#'’&‐-]*")
_OPERATORS = frozenset({"AND", "OR", "NOT", "TO"})
_RUN = re.compile(r"\w+")
# What people leave out when they make a tag of words; a tag without any other sign would be another word (C++, C).
_BETWEEN_WORDS = re.compile(r"[\s'’.\-‐‑]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeAsk:
    """`kind` and `parameters` are those of a source of the platform."""

    kind: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How a platform can be asked. `note` and `misses` are sentences; {query} stands for the query.

    `phrases`: quotes are understood. `one`: of several terms only one can be asked for. `tags`: there are tag timelines.
    `tag_words`: how the search is asked for tags that stand beside the text. `own_tags`: tags stand nowhere else, so that what looks
    like one in a text is words to it; `tags_apart`: a search for words does not find them either. `accounts`: what the name of an
    account looks like that has a timeline. `all_posts`: all can be read, so nothing is asked for.
    """

    title: str
    note: str
    engine: Engine | None = None
    phrases: bool = True
    one: bool = False
    tags: bool = False
    tag_note: str = ""
    tag_words: str | None = None
    own_tags: bool = False
    tags_apart: bool = False
    accounts: re.Pattern[str] | None = None
    all_posts: NativeAsk | None = None
    misses: str | None = None
    words_as_tags: bool = False

    def says(self, leaf: Leaf) -> tuple[Leaf, ...]:
        """The literals of which a post with this leaf has one; () where none can be asked for."""
        if isinstance(leaf, Field):
            told = leaf.name == "from" and self.accounts is not None and self.accounts.fullmatch(leaf.value)
            return (leaf,) if told else ()
        if leaf.kind == "handle" or leaf.split:
            return ()
        if leaf.kind == "tag" and not leaf.prefix and (self.tags or self.tag_words):
            tag = Term(kind="tag", text=leaf.text)
            return (*self._says_words(leaf), tag) if self.own_tags else (tag,)
        return _as_tag(leaf) if self.words_as_tags else self._says_words(leaf)

    def _says_words(self, leaf: Term) -> tuple[Leaf, ...]:
        words = self._words(leaf) if self.engine else None
        if words is None:
            return ()
        apart = self.tags_apart and leaf.kind == "word" and not (leaf.prefix or leaf.exact or leaf.part)
        return (words, Term(kind="tag", text=leaf.text)) if apart else (words,)

    def ask(self, literals: Sequence[Leaf]) -> NativeAsk:
        """For posts that have all of the literals: the narrowest way that can be asked for one or several of them."""
        for leaf in literals:
            if isinstance(leaf, Field):
                return NativeAsk(kind="account", parameters={"account": leaf.value})
        terms = [leaf for leaf in literals if isinstance(leaf, Term)]
        tags = [term for term in terms if term.kind == "tag"]
        if tags and self.tags:
            return NativeAsk(kind="tag", parameters={"tag": tags[0].text})
        if tags and self.tag_words:
            return NativeAsk(kind="query", parameters={"query": self.tag_words.format(tag=tags[0].text)})
        said = [self._said(term) for term in terms]
        if self.one:
            return NativeAsk(kind="query", parameters={"query": max(said, key=len)})
        words = said[0]
        for more in said[1:]:
            words = f"{words} {more}" if len(words) + len(more) < LONGEST_SEARCH else words
        return NativeAsk(kind="query", parameters={"query": words})

    def _words(self, term: Term) -> Term | None:
        """The part of a term that the search can be asked for, as a word or phrase; None where nothing is left."""
        words = term.text.split()
        if term.prefix and self.engine == "words":
            words = words[:-1]  # what a search makes of the beginning of a word is not told anywhere
        text = " ".join(words)
        if not _RUN.search(text):
            return None  # pictures and signs are no words to a search
        return Term(kind="phrase" if len(words) > 1 else "word", text=text)

    def _said(self, term: Term) -> str:
        words = [" ".join(_sent(word)) for word in term.text.split()]
        if self.engine == "letters":
            return " ".join(_RUN.findall(term.text))
        text = " ".join(word for word in words if word)
        return f'"{text}"' if term.kind == "phrase" and self.phrases else text


def _sent(word: str) -> Sequence[str]:
    if word.upper() in _OPERATORS:
        return (word.lower(),)
    return (word,) if _PLAIN.fullmatch(word) else _RUN.findall(word)


def _as_tag(term: Term) -> tuple[Leaf, ...]:
    """The tag that people use for a word or phrase: its words joined. () where no tag can say it."""
    joined = _BETWEEN_WORDS.sub("", term.text)
    return (Term(kind="tag", text=joined),) if is_tag(joined) and not term.prefix else ()


_MASTODON = Search(
    title="Mastodon",
    note="Without a token Mastodon is searched by tag, and no tag can say {query}: set MASTODON_TOKEN.",
    tags=True,
    tag_note="The timeline of {tags}, as far as the instance knows it.",
    accounts=re.compile(r"[\w.-]+@[\w.-]+"),
)
_BLUESKY = Search(
    title="Bluesky",
    note="Bluesky's search finds words in any order and form; only posts with the term itself match.",
    engine="words",
    tags=True,
    tag_note="Bluesky's search for {tags}.",
    accounts=re.compile(r"[\w-]+(?:\.[\w-]+)+"),
)
_STREAM_NOTE = (
    "The stream of all of Bluesky, of which posts with {query} are kept, from its last minute on. What was said before is for its "
    "search, which strangers are refused: it takes BLUESKY_IDENTIFIER and BLUESKY_PASSWORD."
)

KEYLESS: Mapping[str, Search] = {
    "hackernews": Search(
        title="Hacker News",
        note="Hacker News finds similar words and beginnings of words too; only posts with the term itself match.",
        engine="words",
    ),
    "mastodon": _MASTODON,
    "feeds": Search(title="Feeds", note="Feeds cannot be searched: those that are collected already are filtered for {query}."),
    "lemmy": Search(
        title="Lemmy",
        note="Lemmy finds the letters of the words anywhere in posts and comments; only those with the term itself match.",
        engine="letters",
        one=True,
        misses="Posts that write the letters with other marks.",
    ),
    "stackexchange": Search(
        title="Stack Overflow",
        note="Questions on Stack Overflow that its search finds.",
        engine="words",
        tags=True,
        tag_note="Questions tagged {tags} on Stack Overflow; for another site of Stack Exchange, name it with community=.",
        own_tags=True,
        tags_apart=True,
        misses="Answers and comments are not searched.",
    ),
    "discourse": Search(
        title="Discourse",
        note="All new posts of the forum are read and filtered for {query}; forums ask programs not to use their search.",
        all_posts=NativeAsk(kind="public"),
    ),
    "devto": Search(
        title="DEV",
        note="Articles that DEV's search finds, also by words of the text that lists do not show: those do not match.",
        engine="words",
        phrases=False,
        one=True,
        tags=True,
        tag_note="Articles tagged {tags} on DEV, as long as they are polled every other day.",
        own_tags=True,
        accounts=re.compile(r"\w+"),
    ),
    "bluesky": replace(
        _BLUESKY, note=_STREAM_NOTE, all_posts=NativeAsk(kind="stream", parameters={"stream": "jetstream"}), accounts=None
    ),
    "github": Search(
        title="GitHub",
        note="GitHub's search of issues.",
        engine="words",
        tag_words='label:"{tag}"',
        tag_note="Issues with the label {tags}.",
        own_tags=True,
        tags_apart=True,
        misses="Pull requests, comments and discussions are not in it.",
    ),
    "telegram": Search(
        title="Telegram",
        note="Telegram's public channels cannot be searched together: those that are collected already are filtered for {query}.",
        accounts=re.compile(r"\w+"),
    ),
}
WITH_TOKEN: Mapping[str, Search] = {
    "mastodon": replace(
        _MASTODON,
        note="The instance's search finds the words in any order.",
        engine="words",
        misses="It covers posts whose authors agreed to be found.",
    ),
    "bluesky": _BLUESKY,
}
# Asked instead where the platform cannot be asked for the words themselves.
STAND_IN: Mapping[str, Search] = {"mastodon": replace(_MASTODON, words_as_tags=True)}
