"""What is taken of each post of a scope as they stream by, so that memory does not grow with their number.

Counts of authors, tags, domains and links keep the most frequent with bounds; terms and topics are of samples; stories and shared
things are of the newest posts. What was cut is told.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from heapq import heappush, heappushpop

from monitor.analysis.clusters import MOST_POSTS as MOST_CLUSTERED
from monitor.analysis.clusters import Said
from monitor.analysis.coordination import Sharing
from monitor.analysis.engagement import engagement
from monitor.analysis.excerpt import Excerpt, account
from monitor.analysis.sample import Sample
from monitor.analysis.tally import Tally
from monitor.analysis.terms import terms_of
from monitor.post import Post
from monitor.stories import Telling
from monitor.text.link_identity import domains, is_front_page, link_identities

SECTIONS = (
    "volume", "spikes", "change", "rising", "posts", "authors", "tags", "domains", "links", "rhythm", "stories", "clusters",
    "coordination",
)  # fmt: skip
TOPS = ("authors", "tags", "domains", "links")
OF_POSTS = frozenset(
    {*TOPS, "rising", "posts", "stories", "clusters", "coordination"}
)  # sections that need the posts themselves

MOST_COMPARED = 50_000  # posts of either period, whose terms are compared
MOST_TOLD = 50_000  # posts that are put into stories, the newest
MOST_SHARES = 10_000  # of links, texts and reposts, the newest; each is shuffled 200 times


@dataclass(slots=True)
class Gathering:
    """Fed with each post, newest first; holds what the chosen sections need."""

    sections: AbstractSet[str]
    limit: int
    posts: int = 0
    unknown_engagement: int = 0
    tallies: dict[str, Tally] = field(default_factory=lambda: {top: Tally() for top in TOPS})
    compared: Sample[Excerpt] = field(default_factory=lambda: Sample[Excerpt](MOST_COMPARED))
    clustered: Sample[Said] = field(default_factory=lambda: Sample[Said](MOST_CLUSTERED))
    tellings: list[Telling] = field(default_factory=list)
    shares: list[Sharing] = field(default_factory=list)
    shares_left_out: int = 0
    _engaging: list[tuple[int, str]] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)

    def add(self, post: Post) -> None:
        """Take what is needed of one post."""
        self.posts += 1
        if not self.sections:
            return
        author = account(post.platform, post.author.handle or post.author.id)
        if not self.sections.isdisjoint(TOPS):
            self._count(post, author)
        if "posts" in self.sections:
            self._engage(post)
        if "rising" in self.sections or "clusters" in self.sections:
            self._take_terms(post, author)
        if "stories" in self.sections and len(self.tellings) < MOST_TOLD:
            self.tellings.append(Telling.of(post))
        if "coordination" in self.sections and post.deleted_at is None:
            self._share(post, author)

    def engaging(self) -> tuple[tuple[int, str], ...]:
        """Engagement and id of the posts with most of it; equal ones by id."""
        return tuple((amount, _mirrored(name)) for amount, name in sorted(self._engaging, reverse=True))

    def _count(self, post: Post, author: str) -> None:
        links = links_of(post)
        counted = {
            "authors": [author] if post.kind != "repost" and post.deleted_at is None else [],
            "tags": post.tags,
            "domains": post.domains or domains(links),
            "links": links,
        }
        for top, keys in counted.items():
            if top in self.sections:
                for key in dict.fromkeys(keys):
                    self.tallies[top].add(key, author)

    def _engage(self, post: Post) -> None:
        amount = engagement(post.counts)
        if amount is None:
            self.unknown_engagement += 1
            return
        # Of equal amounts the first by id stays; a heap drops the smallest, so ids are kept mirrored.
        entry = (amount, _mirrored(post.id))
        if len(self._engaging) < self.limit:
            heappush(self._engaging, entry)
        else:
            heappushpop(self._engaging, entry)

    def _take_terms(self, post: Post, author: str) -> None:
        # One text for each word, and not one for each post that says it.
        terms = frozenset(self._names.setdefault(term, term) for term in terms_of(post))
        if len(self._names) > 8 * MOST_COMPARED:
            self._names.clear()
        tags = frozenset(self._names.setdefault(tag, tag) for tag in post.tags)
        if "rising" in self.sections:
            self.compared.add(post.id, Excerpt(id=post.id, author=author, created_at=post.created_at, tags=tags, terms=terms))
        if "clusters" in self.sections and post.deleted_at is None:
            said = Said(id=post.id, created_at=post.created_at, terms=terms, language=post.language, signature=post.signature)
            self.clustered.add(post.id, said)

    def _share(self, post: Post, author: str) -> None:
        things = [f"repost of {post.repost_of}"] if post.repost_of else [f"link {link}" for link in links_of(post)]
        if post.signature is not None and not post.repost_of:
            things.append(f"text {post.signature[:16].hex()}")
        if len(self.shares) + len(things) > MOST_SHARES:
            self.shares_left_out += len(things)
            return
        self.shares += [Sharing(account=author, item=thing, at=post.created_at) for thing in things]


def links_of(post: Post) -> tuple[str, ...]:
    """The pages that a post links to, each in one form for all copies of its address; front pages of sites left out."""
    return tuple(link for link in post.link_ids or link_identities(post.links) if not is_front_page(link))


def _mirrored(name: str) -> str:
    """A name that sorts the other way round; twice, it is the name again."""
    return "".join(chr(0x10FFFF - ord(sign)) for sign in name)
