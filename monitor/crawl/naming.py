"""Where a text or a link names an account: with @, by an address of its page, or by the names that its own post tells. Pure."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from urllib.parse import unquote, urlsplit

from monitor.crawl.pseudonym import Pseudonyms
from monitor.post import Post
from monitor.text.addresses import address_spans
from monitor.text.links import link_spans
from monitor.text.replaced import Edit

LINK = "[link]"
NAME = "[name]"
SHORTEST_NAME = 4  # characters; shorter names are words of many languages
_ACCOUNT_PATHS = frozenset(
    {
        "u",
        "user",
        "users",
        "profile",
        "profiles",
        "people",
        "author",
        "authors",
        "member",
        "members",
        "in",
        "c",
        "channel",
        "status",
    }
)
# Where the path is an account, or what accounts have written.
_ACCOUNT_HOSTS = (
    "bsky.app", "bsky.social", "twitter.com", "x.com", "facebook.com", "fb.com", "instagram.com", "threads.net", "threads.com",
    "tiktok.com", "t.me", "telegram.me", "reddit.com", "linkedin.com", "github.com", "gist.github.com", "gitlab.com", "medium.com",
    "dev.to", "news.ycombinator.com", "vk.com", "pinterest.com", "tumblr.com", "substack.com", "mastodon.social", "youtube.com",
    "soundcloud.com", "twitch.tv", "snapchat.com", "wa.me", "patreon.com", "ko-fi.com", "linktr.ee",
)  # fmt: skip
# As generous as a handle can be; what is replaced too much is no harm here. A mail address is none.
_AT = re.compile(r"(?<!\w)[@＠]([\w][\w.-]{0,62}(?:[@＠][\w-]{1,63}(?:\.[\w-]{1,63}){1,8})?)")
_DID = re.compile(r"(?:at://)?did:[a-z]{1,16}:[\w.:%-]{1,200}(?:/[\w./-]{1,300})?")


class Names:
    """The names that one post tells, and the pseudonyms in their place."""

    def __init__(self, post: Post, pseudonyms: Pseudonyms) -> None:
        self._post = post
        self._pseudonyms = pseudonyms

    def edits(self, text: str) -> list[Edit]:
        """What in a text has to be replaced; it may overlap."""
        links = [*address_spans(text), *link_spans(text)]
        edits = [Edit(start, end, LINK) for start, end in links if self.in_link(text[start:end])]
        edits += [Edit(found.start(), found.end(), NAME) for found in _DID.finditer(text)]
        edits += [
            Edit(found.start(), found.start() + 1 + len(name), f"@{self._pseudonym(name)}")
            for found in _AT.finditer(text)
            if not any(start < found.start() < end for start, end in links) and (name := found[1].rstrip(".-"))
        ]
        if self._known is not None:
            edits += [Edit(found.start(), found.end(), self._in_place(found[0])) for found in self._known.finditer(text)]
        return edits

    def is_name(self, word: str) -> bool:
        """Whether a word is one of the names."""
        return word.casefold() in self._handles or word.casefold() in self._said

    def in_link(self, link: str) -> bool:
        """Whether a link leads to somebody's account or to what it wrote, or holds one of the names."""
        parts = urlsplit(link if "://" in link else f"https://{link}")
        host, path = (parts.hostname or "").removeprefix("www."), unquote(parts.path + "?" + parts.query)
        if "@" in link or "%40" in link or any(host == known or host.endswith(f".{known}") for known in self._hosts):
            return True
        steps = path.casefold().replace("?", "/").split("/")
        return not _ACCOUNT_PATHS.isdisjoint(steps) or (self._known is not None and bool(self._known.search(unquote(link))))

    def _in_place(self, word: str) -> str:
        handle = self._handles.get(word.casefold())
        return NAME if handle is None else self._pseudonyms.handle(self._post.platform, handle)

    def _pseudonym(self, written: str) -> str:
        """Of a handle in a text: with its host where the post tells it elsewhere."""
        name = written.casefold().replace("＠", "@")
        return self._pseudonyms.handle(self._post.platform, self._handles.get(name, name))

    @cached_property
    def _hosts(self) -> tuple[str, ...]:
        """Where accounts live: the well-known hosts, and those of this post and its author."""
        own = (urlsplit(address).hostname for address in (self._post.url, self._post.author.url, self._post.id) if address)
        return (*_ACCOUNT_HOSTS, *(host.removeprefix("www.") for host in own if host))

    @cached_property
    def _handles(self) -> dict[str, str]:
        """The whole handle by each way in which it may be written, casefolded: with its host, and without."""
        post = self._post
        whole = [name.lstrip("@").casefold() for name in (*((post.author.handle or "",)), *post.mentions) if name]
        short = {name.partition("@")[0]: name for name in reversed(whole)}
        return short | {name: name for name in whole}

    @cached_property
    def _said(self) -> frozenset[str]:
        author = self._post.author
        return frozenset(name.casefold() for name in (author.name, author.id) if name)

    @cached_property
    def _known(self) -> re.Pattern[str] | None:
        author = self._post.author
        told = {*self._handles, *self._said, *(name for name in (author.name, author.handle) if name)}
        names = sorted((name for name in told if len(name) >= SHORTEST_NAME or "@" in name), key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(_words(names))})(?!\w)", re.IGNORECASE) if names else None


def names_of(post: Post, pseudonyms: Pseudonyms) -> Names:
    """The names that a post tells."""
    return Names(post, pseudonyms)


def _words(names: Iterable[str]) -> Iterator[str]:
    return (r"\s{1,3}".join(re.escape(word) for word in name.split()) for name in names if name.split())
