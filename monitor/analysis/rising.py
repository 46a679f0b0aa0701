"""Rising terms: words and tags that a larger part of the posts has than before, beyond what chance would bring."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import NormalDist

from monitor.analysis.excerpt import Excerpt

# The prior counts as much as this many posts with the mix of both periods: it keeps a term of two posts from being infinite times
# as frequent as none.
PRIOR_POSTS = 100
FEWEST_POSTS = 3
FALSE_SHARE = 0.05  # of the terms returned, at most, owe their place to chance (on average)
POSTS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Rising:
    """`now` and `before`: posts that have the term. `log_odds`: the natural logarithm of how many times the odds of a post to
    have it grew, drawn towards 0 where little is known; `z`: that in standard errors. `posts`: ids behind it, newest first.
    """

    term: str
    now: int
    before: int
    authors: int
    log_odds: float
    z: float
    posts: tuple[str, ...]


def rising_terms(now: Sequence[Excerpt], before: Sequence[Excerpt], *, limit: int) -> tuple[Rising, ...]:
    """Terms that rose from one period to the other, the surest first; empty when chance explains all, or a period is empty.

    Source: log-odds ratio with an informative Dirichlet prior, Monroe, Colaresi, Quinn 2008, Political Analysis 16:372,
    equations 16 to 22, over posts that have a term rather than its repetitions (a post that shouts counts once). The prior is
    the mix of both periods. Of the many terms only those are kept that pass Benjamini, Hochberg 1995, JRSS B 57:289, at 5 %, one-sided.
    """
    return _rising(now, before, lambda post: post.terms, limit=limit)


def rising_tags(now: Sequence[Excerpt], before: Sequence[Excerpt], *, limit: int) -> tuple[Rising, ...]:
    """As `rising_terms`, of tags."""
    return _rising(now, before, lambda post: post.tags, limit=limit)


def log_odds(*, now: int, before: int, posts_now: int, posts_before: int) -> tuple[float, float]:
    """The change of the log-odds of one term, and that in standard errors; both 0 when its share did not change.

    The share of the prior is that of both periods together; see `rising_terms`. Both periods have posts.
    """
    prior = PRIOR_POSTS * (now + before) / (posts_now + posts_before)
    if prior in {0, PRIOR_POSTS}:  # no post or every post has it, in both periods
        return 0.0, 0.0
    with_now, with_before = now + prior, before + prior
    change = log(with_now / (posts_now + PRIOR_POSTS - with_now)) - log(
        with_before / (posts_before + PRIOR_POSTS - with_before)
    )
    # Equation 19, with the terms of the posts that lack it too: they matter for terms that most posts have.
    without_now, without_before = posts_now + PRIOR_POSTS - with_now, posts_before + PRIOR_POSTS - with_before
    return change, change / sqrt(1 / with_now + 1 / with_before + 1 / without_now + 1 / without_before)


def _rising(
    now: Sequence[Excerpt], before: Sequence[Excerpt], terms_of: Callable[[Excerpt], Iterable[str]], *, limit: int
) -> tuple[Rising, ...]:
    if not now or not before:
        return ()
    earlier = Counter(term for post in before for term in terms_of(post))
    having: defaultdict[str, list[Excerpt]] = defaultdict(list)
    for post in now:
        for term in terms_of(post):
            having[term].append(post)
    scored = [
        (*log_odds(now=len(posts), before=earlier[term], posts_now=len(now), posts_before=len(before)), term)
        for term, posts in having.items()
        if len(posts) >= FEWEST_POSTS
    ]
    scored.sort(key=lambda one: (-one[1], one[2]))
    kept = scored[: _discoveries([z for _, z, _ in scored])]
    return tuple(
        Rising(
            term=term, now=len(having[term]), before=earlier[term], authors=len({post.author for post in having[term]}),
            log_odds=odds, z=z, posts=_newest(having[term]),
        )
        for odds, z, term in kept[:limit]
    )  # fmt: skip


def _discoveries(scores: Sequence[float]) -> int:
    """How many of the z-scores, largest first, pass the procedure of Benjamini and Hochberg."""
    chances = [NormalDist().cdf(-z) for z in scores]
    passing = [place for place, chance in enumerate(chances, start=1) if chance <= FALSE_SHARE * place / len(scores)]
    return max(passing, default=0)


def _newest(posts: Iterable[Excerpt]) -> tuple[str, ...]:
    ordered = sorted(posts, key=lambda post: (post.created_at, post.id), reverse=True)
    return tuple(post.id for post in ordered[:POSTS_SHOWN])
