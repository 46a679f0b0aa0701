"""Top lists: authors, tags, domains and links by posts, posts by engagement; ties are shown for what they are."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from monitor.analysis.excerpt import Excerpt
from monitor.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One row. Equal amounts share a rank, and the next rank counts them all (1, 2, 2, 4).

    `authors`: by how many accounts these posts are; one account that repeats itself makes no trend.
    """

    rank: int
    key: str
    amount: int
    authors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """The first rows, largest first, equal ones by name.

    `tied`: how many that are not shown have just the amount of the last row, which is above them by its name alone.
    `left`: how many are not shown in all. `unknown`: posts of which the amount is not known.
    """

    rows: tuple[Ranked, ...]
    tied: int
    left: int
    unknown: int = 0


def top_authors(posts: Iterable[Excerpt], *, limit: int) -> Top:
    """Accounts by their posts."""
    return _by_posts(posts, lambda post: {post.author}, limit=limit)


def top_tags(posts: Iterable[Excerpt], *, limit: int) -> Top:
    """Tags by the posts that have them; a post counts once for each of its tags."""
    return _by_posts(posts, lambda post: post.tags, limit=limit)


def top_domains(posts: Iterable[Excerpt], *, limit: int) -> Top:
    """Domains by the posts that link to them; two links to one domain in a post count once."""
    return _by_posts(posts, lambda post: post.domains, limit=limit)


def top_links(posts: Iterable[Excerpt], *, limit: int) -> Top:
    """Links by the posts that share them."""
    return _by_posts(posts, lambda post: post.links, limit=limit)


def top_posts(posts: Iterable[Excerpt], *, limit: int) -> Top:
    """Posts by engagement; those of unknown engagement are only counted, as `unknown`."""
    amounts, unknown = {}, set()
    for post in posts:
        if post.engagement is None:
            unknown.add(post.id)
        else:
            amounts[post.id] = (post.engagement, 1)
    made = _cut(amounts, limit=limit)
    return Top(rows=made.rows, tied=made.tied, left=made.left, unknown=len(unknown))


def _by_posts(posts: Iterable[Excerpt], keys_of: Callable[[Excerpt], Iterable[str]], *, limit: int) -> Top:
    counts: defaultdict[str, int] = defaultdict(int)
    authors: defaultdict[str, set[str]] = defaultdict(set)
    for post in posts:
        for key in keys_of(post):
            counts[key] += 1
            authors[key].add(post.author)
    return _cut({key: (count, len(authors[key])) for key, count in counts.items()}, limit=limit)


def _cut(amounts: dict[str, tuple[int, int]], *, limit: int) -> Top:
    if limit < 1:
        raise UsageError(f"A top list has at least one row, not {limit}.")
    ordered = sorted(amounts.items(), key=lambda entry: (-entry[1][0], entry[0]))
    rows: list[Ranked] = []
    for place, (key, (amount, authors)) in enumerate(ordered[:limit], start=1):
        rank = rows[-1].rank if rows and rows[-1].amount == amount else place
        rows.append(Ranked(rank=rank, key=key, amount=amount, authors=authors))
    left = ordered[limit:]
    return Top(rows=tuple(rows), tied=sum(amount == rows[-1].amount for _, (amount, _) in left), left=len(left))
