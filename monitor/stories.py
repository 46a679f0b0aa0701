"""Stories: the posts that pass one thing on, over all platforms, with who had it first and how long the others took. Pure.

Posts are one story when they link to the same page (`monitor.text.link_identity`), say nearly the same (`monitor.text.signature`),
or one is a repost of another; what joins is handed on, so a post that links to two pages joins the stories of both. So counts can be
shown as they are and by unique story. It says what was seen first here, not who began: what was not collected is not known.

Limits: texts that differ in a word or two of a template ("It is 21 degrees in Ulm") are one story, a rumour in other words is not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.post import Post
from monitor.text.link_identity import is_front_page
from monitor.text.signature import bands, similarity

# Of the word pairs that either of two texts holds, this share is in both. Measured on 2,400 generated posts, copies of 400 texts of
# 8 to 40 words (tests/test_stories.py): all pairs of posts put into one story were copies of one text; found were 99 of 100 such
# pairs where up to one place was changed, 94 with up to two, 85 with up to three. At 0.5 it would be 96 of those, but then each post
# of one template with four gaps is joined to some other and all 300 become one story; at 0.65 they are about 200.
LEAST_SIMILARITY = 0.65
MOST_LINKS = 3  # a post with more is a list of links, and would make one story of all that it lists
LONGEST_SILENCE = timedelta(days=30)  # what nobody told for so long and is told again is another story: "Happy New Year"
MOST_IN_BUCKET = 16  # the latest different texts that a new one is compared with; copies lie close together in time


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What of a post decides its story: identities of its links, the signature of its text, and the id of what it reposts."""

    id: str
    platform: str
    created_at: datetime
    links: tuple[str, ...] = ()
    signature: bytes | None = None
    repost_of: str | None = None

    @classmethod
    def of(cls, post: Post) -> "Telling":
        """Take it from an enriched post."""
        return cls(
            id=post.id,
            platform=post.platform,
            created_at=post.created_at,
            links=post.link_ids,
            signature=post.signature,
            repost_of=post.repost_of,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Ids of its posts, oldest first; when it began and where; how much later than that each platform had it, soonest first."""

    posts: tuple[str, ...]
    began_at: datetime
    first_platform: str
    lags: Mapping[str, timedelta]

    @property
    def first_post(self) -> str:
        return self.posts[0]


class Stories:
    """Stories that grow with each post, in any order of posts; those of nearly one text are found best in the order of time.

    A post costs at most a fixed number of comparisons, whatever was added before.
    """

    def __init__(self) -> None:
        self._tellings: list[Telling] = []
        self._parents: list[int] = []
        self._latest: dict[tuple[str, str | bytes], int] = {}  # what joins (an id, a link, a signature) -> who told it last
        self._buckets: dict[bytes, tuple[bytes, ...]] = {}  # a band -> signatures that have it
        self._added: set[str] = set()
        self._joined = 0

    @property
    def raw(self) -> int:
        """How many posts there are."""
        return len(self._tellings)

    @property
    def unique(self) -> int:
        """How many stories they tell."""
        return len(self._tellings) - self._joined

    def add(self, telling: Telling) -> None:
        """Put a post where it belongs, which may make one story of several; one that is there already stays as it was added."""
        if telling.id in self._added:
            return
        self._added.add(telling.id)
        index = len(self._tellings)
        self._tellings.append(telling)
        self._parents.append(index)
        for post in filter(None, (telling.id, telling.repost_of)):
            self._join(self._latest.setdefault(("post", post), index), index)
        for link in _joining(telling.links):
            self._tell(("link", link), index)
        if telling.signature is not None and not self._tell(("text", telling.signature), index):
            self._compare(telling.signature, index)

    def stories(self) -> tuple[Story, ...]:
        """All stories, by when they began, then by the id of their first post."""
        members: dict[int, list[Telling]] = {}
        for index, telling in enumerate(self._tellings):
            members.setdefault(self._root(index), []).append(telling)
        return tuple(sorted(map(_story, members.values()), key=lambda story: (story.began_at, story.first_post)))

    def _tell(self, what: tuple[str, str | bytes], index: int) -> bool:
        """Join the story in which this was told before, and say whether there is one that is not too long ago."""
        before = self._latest.get(what)
        if joins := before is not None and self._are_near(before, index):
            assert before is not None
            self._join(before, index)
        self._latest[what] = index
        return joins

    def _compare(self, signature: bytes, index: int) -> None:
        """Join the stories of similar texts, and be found by those to come."""
        compared = set()
        for band in bands(signature):
            bucket = self._buckets.get(band, ())
            for known in bucket:
                if known not in compared:
                    compared.add(known)
                    self._join_similar(known, signature, index)
            if signature not in bucket:
                # A tuple, and not a deque, which takes 600 bytes; nearly all have one signature for ever.
                self._buckets[band] = (*bucket, signature)[-MOST_IN_BUCKET:]

    def _join_similar(self, known: bytes, signature: bytes, index: int) -> None:
        last = self._latest["text", known]
        if self._root(last) == self._root(index) or not self._are_near(last, index):
            return
        if similarity(known, signature) >= LEAST_SIMILARITY:
            self._join(last, index)

    def _are_near(self, one: int, other: int) -> bool:
        return abs(self._tellings[one].created_at - self._tellings[other].created_at) <= LONGEST_SILENCE

    def _root(self, index: int) -> int:
        while (parent := self._parents[index]) != index:
            self._parents[index] = self._parents[parent]  # halves the way for the next time
            index = parent
        return index

    def _join(self, one: int, other: int) -> None:
        one, other = sorted((self._root(one), self._root(other)))
        if one != other:
            self._parents[other] = one
            self._joined += 1


def stories(tellings: Iterable[Telling]) -> tuple[Story, ...]:
    """The stories of the posts, the same for any order of them; sorted as by `Stories.stories`."""
    grown = Stories()
    for telling in sorted(tellings, key=_age):
        grown.add(telling)
    return grown.stories()


def _joining(links: tuple[str, ...]) -> list[str]:
    told = [link for link in links if not is_front_page(link)]
    return told if len(told) <= MOST_LINKS else []


def _story(members: list[Telling]) -> Story:
    members.sort(key=_age)
    first = members[0]
    lags: dict[str, timedelta] = {}
    for telling in members:
        lags.setdefault(telling.platform, telling.created_at - first.created_at)
    return Story(
        posts=tuple(telling.id for telling in members),
        began_at=first.created_at,
        first_platform=first.platform,
        lags=lags,
    )


def _age(telling: Telling) -> tuple[datetime, str]:
    return telling.created_at, telling.id
