"""Field coverage of a crawl: of how many posts each field was known. A drop shows that an API or a parser changed. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from operator import attrgetter

from monitor.post import Author, Counts, Post

# What platforms say of a post. Fields that the pipelines fill themselves would always be full.
_OWN = ("url", "edited_at", "text", "title", "summary", "language", "place", "reply_to", "thread", "repost_of", "quote_of")
_MORE = ("community", "sensitive", "tags", "mentions", "links", "media")
_AUTHOR = tuple(each.name for each in fields(Author))
_COUNTS = tuple(each.name for each in fields(Counts))
_NAMES = (*_OWN, *_MORE, *(f"author.{name}" for name in _AUTHOR), *(f"counts.{name}" for name in _COUNTS))
_values_of = attrgetter(*_NAMES)


@dataclass(slots=True)
class Coverage:
    """Counts posts and, per field, those where it holds something."""

    posts: int = 0
    known: Counter[str] = field(default_factory=Counter)

    def add(self, posts: Iterable[Post]) -> None:
        for post in posts:
            self.posts += 1
            self.known.update([name for name, value in zip(_NAMES, _values_of(post), strict=True) if value or value == 0])

    def shares(self) -> dict[str, float]:
        """Per field the share of posts that have it, 0 to 1, rounded to three places; empty before the first post."""
        return {name: round(self.known[name] / self.posts, 3) for name in _NAMES} if self.posts else {}
