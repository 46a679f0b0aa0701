"""What a platform is asked for a term: its own search, a tag timeline, or nothing that it could be asked.

A platform's answer is only ever candidates; `monitor.query.matcher` decides which of them match. What a platform cannot say is
left out, so that its answer is broader than the term. The one exception is said in the note: a platform that searches only by
tag misses posts that use the words without it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from monitor.errors import UsageError
from monitor.query.term import Term
from monitor.text.tags import is_tag

# broader: everything that matches is among the answers. narrower: some of what matches is not, and the note says what.
Relation = Literal["exact", "broader", "narrower"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """`kind` and `parameters` are those of a source of the platform; kind None: there is nothing to ask it for this term."""

    kind: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)
    relation: Relation
    note: str


def compile_term(term: Term, platform: str, *, has_token: bool) -> Native:
    """The native form of a term on one platform; `has_token`: credentials for its search are configured.

    Raises UsageError for a platform that is not known here.
    """
    compilers = {**_KEYLESS, **_WITH_TOKEN} if has_token else _KEYLESS
    if platform not in compilers:
        raise UsageError(f"{platform!r} is no platform that a query can be compiled for: choose among {', '.join(compilers)}.")
    return compilers[platform](term)


def _hackernews(term: Term) -> Native:
    note = "Hacker News finds similar words and beginnings of words too; only posts with the term itself match."
    return Native(kind="query", parameters={"query": _search_words(term)}, relation="broader", note=note)


def _mastodon_search(term: Term) -> Native:
    if term.kind == "tag":
        return _mastodon_tag(term)
    note = "The instance's search: it covers posts whose authors agreed to be found."
    return Native(kind="query", parameters={"query": _search_words(term)}, relation="broader", note=note)


def _mastodon_tag(term: Term) -> Native:
    tag = _as_tag(term)
    if tag is None:
        note = f"Without a token Mastodon is searched by tag, and no tag can say {term}: set MASTODON_TOKEN."
        return Native(kind=None, relation="narrower", note=note)
    relation: Relation = "exact" if term.kind == "tag" else "narrower"
    note = f"The timeline of #{tag}, as far as the instance knows it."
    if relation == "narrower":
        note += f" Without a token Mastodon is searched by tag: posts that say {term} without it are missed."
    return Native(kind="tag", parameters={"tag": tag}, relation=relation, note=note)


def _feeds(term: Term) -> Native:
    note = f"Feeds cannot be searched: those that are collected already are filtered for {term}."
    return Native(kind=None, relation="broader", note=note)


def _lemmy(term: Term) -> Native:
    note = "Lemmy finds the letters of the words anywhere in posts and comments; only those with the term itself match."
    return Native(kind="query", parameters={"query": term.text}, relation="broader", note=note)


def _stackexchange(term: Term) -> Native:
    if term.kind == "tag":
        note = "Questions tagged so on Stack Overflow; for another site of Stack Exchange, name it with community=."
        return Native(kind="tag", parameters={"tag": term.text}, relation="exact", note=note)
    note = "Questions on Stack Overflow that its search finds; answers and comments are not searched."
    return Native(kind="query", parameters={"query": _search_words(term)}, relation="narrower", note=note)


def _discourse(term: Term) -> Native:
    note = f"All new posts of the forum are read and filtered for {term}; forums ask programs not to use their search."
    return Native(kind="public", relation="broader", note=note)


def _devto(term: Term) -> Native:
    if term.kind == "tag":
        note = "Articles tagged so on DEV, as long as they are polled every other day."
        return Native(kind="tag", parameters={"tag": term.text}, relation="exact", note=note)
    note = "Articles that DEV's search finds, also by words of the text that lists do not show: those do not match."
    return Native(kind="query", parameters={"query": term.text}, relation="broader", note=note)


def _bluesky_strangers(term: Term) -> Native:
    note = (
        f"The stream of all of Bluesky, of which posts with {term} are kept, from its last minute on. What was said before is for its "
        "search, which strangers are refused: set BLUESKY_IDENTIFIER and BLUESKY_PASSWORD."
    )
    said = {"tag": term.text} if term.kind == "tag" else {"query": str(term)}
    return Native(kind="stream", parameters={"stream": "jetstream", **said}, relation="exact", note=note)


def _bluesky(term: Term) -> Native:
    if term.kind == "tag":
        return Native(kind="tag", parameters={"tag": term.text}, relation="exact", note=f"Bluesky's search for #{term.text}.")
    note = "Bluesky's search finds words in any order and form; only posts with the term itself match."
    return Native(kind="query", parameters={"query": _search_words(term)}, relation="broader", note=note)


def _github(term: Term) -> Native:
    note = "GitHub's search of issues; pull requests, comments and discussions are not in it."
    return Native(kind="query", parameters={"query": _search_words(term)}, relation="narrower", note=note)


def _telegram(term: Term) -> Native:
    note = f"Telegram's public channels cannot be searched together: those that are collected already are filtered for {term}."
    return Native(kind=None, relation="broader", note=note)


_KEYLESS: Mapping[str, Callable[[Term], Native]] = {
    "hackernews": _hackernews,
    "mastodon": _mastodon_tag,
    "feeds": _feeds,
    "lemmy": _lemmy,
    "stackexchange": _stackexchange,
    "discourse": _discourse,
    "devto": _devto,
    "bluesky": _bluesky_strangers,
    "github": _github,
    "telegram": _telegram,
}
_WITH_TOKEN: Mapping[str, Callable[[Term], Native]] = {"mastodon": _mastodon_search, "bluesky": _bluesky}


def _search_words(term: Term) -> str:
    return f'"{term.text}"' if term.kind == "phrase" else term.text


# What people leave out when they make a tag of words; a tag without any other sign would be another word (C++, C).
_BETWEEN_WORDS = re.compile(r"[\s'’.\-‐‑]+")


def _as_tag(term: Term) -> str | None:
    """The tag that people use for the term: its words joined. None where no tag can say it."""
    joined = _BETWEEN_WORDS.sub("", term.text)
    return joined if is_tag(joined) else None
