"""A query: its tree, and what is asked of it. `monitor.query.parse` reads one from text."""

from dataclasses import dataclass
from functools import cached_property

from monitor.post import Post
from monitor.query.fields import FIELDS
from monitor.query.matcher import Found, Matcher, failing, matcher_of
from monitor.query.searchable import Searchable
from monitor.query.tree import Field, Tree, leaves


@dataclass(frozen=True)
class Query:
    """Equal when the trees are; printed so that it can be typed again."""

    tree: Tree

    def __str__(self) -> str:
        return str(self.tree)

    @cached_property
    def matcher(self) -> Matcher:
        """For many queries over one post: that is folded once in `query.matcher(searchable)`."""
        return matcher_of(self.tree)

    def find(self, post: Post) -> Found:
        """Where `post.text` says it: character offsets, end exclusive, in order, disjoint. None: the post does not match.

        Empty: the post matches elsewhere, by its title, summary, a description of its media, a tag, or by no words at all.
        """
        return self.matcher(Searchable(post))

    def failing(self, post: Post) -> tuple[str, ...]:
        """The clauses that keep the post from matching, as they can be typed; one for a near miss, none where it matches."""
        return tuple(str(clause) for clause in failing(self.tree, Searchable(post)))

    @cached_property
    def reads_completed(self) -> bool:
        """Whether it asks for what a post may only have when it is completed from its own text (`monitor.crawl.enrich`)."""
        return any(isinstance(leaf, Field) and FIELDS[leaf.name].completed for leaf in leaves(self.tree))
