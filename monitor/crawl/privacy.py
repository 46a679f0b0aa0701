"""What may be kept of a post: authors and all that names them replaced by pseudonyms, and what a topic redacts taken out. Pure.

A post is matched as it was written, and changed afterwards: the spans of its matches are moved into the text that is kept, and
the links, their identities and the signature are made anew of it. The raw row is never kept: it holds everything.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from monitor.crawl.naming import Names, names_of
from monitor.crawl.pseudonym import Pseudonyms, is_sealed
from monitor.post import Author, Match, Media, Post, Revision
from monitor.text.link_identity import domains, link_identities
from monitor.text.redaction import Rule, link_redactions, redactions, rules
from monitor.text.replaced import Replaced, replaced
from monitor.text.signature import signature
from monitor.text.utterance import utterance
from monitor.topic import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What is asked for: pseudonyms, and the rules of `monitor.text.redaction`. False where posts are kept as they are."""

    pseudonymise: bool = False
    redact: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.pseudonymise or bool(self.redact)

    def __or__(self, other: "Privacy") -> "Privacy":
        """The stricter of both in each respect."""
        return Privacy(
            pseudonymise=self.pseudonymise or other.pseudonymise, redact=tuple(dict.fromkeys((*self.redact, *other.redact)))
        )


OPEN = Privacy()


def privacy_of(topic: Topic) -> Privacy:
    """What a topic asks for."""
    return Privacy(pseudonymise=topic.authors == "pseudonymise", redact=topic.redact)


def strictest(wanted: Iterable[Privacy]) -> Privacy:
    """All that any of them asks for."""
    joined = OPEN
    for each in wanted:
        joined |= each
    return joined


def private(post: Post, privacy: Privacy, pseudonyms: Pseudonyms) -> Post:
    """The post as it may be kept; done again, it changes nothing. Its matches have their spans in the new text."""
    hide = privacy.pseudonymise and not is_sealed(post.id)
    names = names_of(post, pseudonyms) if hide else None
    texts = _Texts(_read(privacy.redact), names)
    text = texts.edited(post.text)
    links = tuple(dict.fromkeys(kept for link in post.links if (kept := texts.link(link)) is not None))
    link_ids = link_identities(links) if links else ()
    made = post.filled(
        text=text.text,
        title=texts.optional(post.title),
        summary=texts.optional(post.summary),
        tags=tuple(kept for tag in post.tags if (kept := texts.tag(tag)) is not None),
        links=links,
        link_ids=link_ids,
        domains=domains(link_ids) if link_ids else (),
        media=tuple(_media(each, texts) for each in post.media),
        topics=tuple(_moved(match, text) for match in post.topics),
        revisions=tuple(_revision(each, texts) for each in post.revisions),
        raw=None,
    )
    made = made if names is None else _sealed(made, post, pseudonyms)
    return made.filled(signature=signature(utterance(made)) if post.deleted_at is None else None)


def _sealed(made: Post, post: Post, pseudonyms: Pseudonyms) -> Post:
    """Without what leads to the account: addresses, ids, names, number of followers and place."""

    def other(post_id: str | None) -> str | None:
        return None if post_id is None else pseudonyms.post(post_id)

    author, platform = post.author, post.platform
    told = (author.id, author.handle, author.name)
    return made.filled(
        id=pseudonyms.post(post.id),
        native_id=pseudonyms.native(platform, post.native_id),
        url=None,
        author=Author(
            id=pseudonyms.author(platform, author.id),
            handle=None if author.handle is None else pseudonyms.handle(platform, author.handle),
            bot=author.bot,
        ),
        mentions=tuple(dict.fromkeys(pseudonyms.handle(platform, name) for name in post.mentions)),
        place=None,
        reply_to=other(post.reply_to),
        thread=other(post.thread),
        repost_of=other(post.repost_of),
        quote_of=other(post.quote_of),
        community=None if _tells(post.community, told) else post.community,
    )


class _Texts:
    """Texts, tags and links of one post as they may be kept."""

    def __init__(self, wanted: Sequence[Rule], names: Names | None) -> None:
        self._rules = wanted
        self._names = names

    def edited(self, text: str) -> Replaced:
        edits = redactions(text, self._rules) if self._rules else []
        return replaced(text, edits if self._names is None else [*self._names.edits(text), *edits])

    def optional(self, text: str | None) -> str | None:
        return text and self.edited(text).text

    def tag(self, tag: str) -> str | None:
        """None for a tag that is somebody's name, or holds what is redacted."""
        if self._names is not None and self._names.is_name(tag):
            return None
        return None if redactions(tag, self._rules) else tag

    def link(self, link: str) -> str | None:
        """None for a link that leads to an account."""
        if self._names is not None and self._names.in_link(link):
            return None
        return replaced(link, link_redactions(link, self._rules)).text

    @property
    def hides(self) -> bool:
        return self._names is not None


def _media(media: Media, texts: _Texts) -> Media:
    # Where it lies names the account on most platforms.
    kept = None if texts.hides or media.url is None else texts.link(media.url)
    return replace(media, url=kept, alt=texts.optional(media.alt))


def _moved(match: Match, text: Replaced) -> Match:
    return replace(match, spans=text.spans(match.spans)) if text.edits else match


def _revision(revision: Revision, texts: _Texts) -> Revision:
    return replace(
        revision,
        text=texts.edited(revision.text).text,
        title=texts.optional(revision.title),
        summary=texts.optional(revision.summary),
    )


def _tells(community: str | None, told: Iterator[str | None] | Sequence[str | None]) -> bool:
    """Whether a community is the author's own, as a channel is."""
    if community is None:
        return False
    known = community.casefold()
    return "@" in known or any(name.casefold() in known or known in name.casefold() for name in told if name)


@lru_cache(64)
def _read(redact: tuple[str, ...]) -> tuple[Rule, ...]:
    return rules(redact)
