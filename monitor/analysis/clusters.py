"""Topic clusters: what the posts of a scope are about, as groups of posts whose words go together, each named by its own words.

Words that stand together more often than chance explains make a network; its communities are the topics, and a post belongs to the
topic whose words it says. So the topics rest on counts over all posts, not on where single posts happen to lie: a few posts more
change few places. There is no chance in it, and no order of the posts.

Copies of one text count as one post while topics are sought (a text that a thousand repeat is no topic of a thousand voices), and
as many when topics are counted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from math import log, sqrt

from monitor.analysis.communities import communities
from monitor.analysis.interval import Interval, wilson
from monitor.analysis.rising import log_odds
from monitor.analysis.sample import Sample
from monitor.stories import Telling, stories

MOST_POSTS = 5_000  # looked at; of more a sample by the hashes of their ids
MOST_TERMS = 2_000  # in the network, those of most posts
MOST_TERMS_OF_POST = 40  # its rarest; the pairs of a post grow with the square
# A word in more posts of its language than that tells no topics apart ("the", and whatever the scope itself asks for).
MOST_SHARE = 0.25
FEWEST_OF_LANGUAGE = 50  # posts by which the stop words of a language are told; rarer languages are told together
FEWEST_OF_TERM = 5  # posts
MOST_TOPICS = 100  # the largest; pairs of them are compared
FEWEST_POSTS = 5  # different texts of a cluster; less is no topic
FEWEST_TOGETHER = 3  # posts that say both terms of a pair
# Pairs are joined where chance explains them with at most e to the minus this; which is best depends on how many posts there are.
SURPRISES = (3.0, 5.0, 8.0, 12.0, 18.0)
LEAST_SEPARATION = 0.05  # of topics; words that are thrown together by chance lie below it
ROUNDS = 5  # of moving posts to the nearest topic; nearly all settle in three
LEAST_LIKENESS = 0.05  # of a post and its topic, cosine; below it a post is about none of them
MERGED = 0.3  # cosine of two topics from which on they are one; planted topics with common words stay below 0.25
LABEL_TERMS = 5
POSTS_SHOWN = 3

Vector = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What of a post decides its topic."""

    id: str
    created_at: datetime
    terms: frozenset[str]
    language: str | None = None
    signature: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One topic: its name (its most distinguishing terms), those terms, its posts by id, how many different texts they are, and
    the ids of those nearest to its middle. `share` is that of all posts looked at, with its Wilson interval.
    """

    label: str
    terms: tuple[str, ...]
    posts: tuple[str, ...]
    texts: int
    share: float
    interval: Interval
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """The topics, largest first. `looked_at` of `posts` were sorted into them; `without` of those are in none."""

    clusters: tuple[Cluster, ...]
    posts: int
    looked_at: int
    without: int


def clusters(posts: Iterable[Said]) -> Clusters:
    """Find the topics of the posts; the same posts in any order give the same topics.

    Above 5,000 posts a sample of 5,000 is looked at, the same of the same posts, so that shares are of the sample. Posts of a single
    topic have no clusters: there is nothing to tell it from. Measured: 5,000 posts of 14 words in 6 s and 20 MB on a busy machine.

    Source: co-word analysis, Callon and others 1983, Social Science Information 22:191; pairs that independence does not explain,
    weighted by normalised mutual information (Bouma 2009, GSCL); communities by `monitor.analysis.communities`; posts by spherical
    k-means from there (Dhillon, Modha 2001, Machine Learning 42:143) on TF-IDF (Salton, Buckley 1988, IPM 24:513); of five networks
    that whose topics lie furthest apart (simplified silhouette, Hruschka and others 2004, IEEE Fuzzy Systems); names by the
    log-odds of `monitor.analysis.rising`. How well it finds planted topics is held by tests/analysis/test_clusters.py.
    """
    sample = Sample[Said](MOST_POSTS)
    for post in posts:
        sample.add(post.id, post)
    return clusters_of(sample)


def clusters_of(sample: Sample[Said]) -> Clusters:
    """The same of posts that were sampled as they were read."""
    looked_at = sample.kept()
    texts = _texts(looked_at)
    weights = _weights([text for text, _ in texts])
    vectors = [_vector(text.terms, weights[text.language or ""]) for text, _ in texts]
    belongs = _best(vectors)
    made = _made(texts, vectors, belongs, looked_at=len(looked_at))
    within = sum(len(cluster.posts) for cluster in made)
    return Clusters(clusters=made, posts=sample.seen, looked_at=len(looked_at), without=len(looked_at) - within)


def _texts(posts: Sequence[Said]) -> list[tuple[Said, tuple[str, ...]]]:
    """Each different text by its oldest post, with the ids of all posts that say nearly the same, by id."""
    by_id = {post.id: post for post in posts}
    told = [Telling(id=one.id, platform="", created_at=one.created_at, signature=one.signature) for one in posts]
    found = [(by_id[story.first_post], story.posts) for story in stories(told)]
    return sorted(found, key=lambda text: text[0].id)


def _weights(texts: Sequence[Said]) -> dict[str, dict[str, float]]:
    """By language the inverse document frequency of each term that is neither rare nor a stop word there."""
    languages = Counter(text.language or "" for text in texts)
    group_of = {language: language if count >= FEWEST_OF_LANGUAGE else "" for language, count in languages.items()}
    sizes: Counter[str] = Counter()
    having: defaultdict[str, Counter[str]] = defaultdict(Counter)
    everywhere: Counter[str] = Counter()
    for text in texts:
        group = group_of[text.language or ""]
        sizes[group] += 1
        having[group].update(text.terms)
        everywhere.update(text.terms)
    kept = {term for term, count in everywhere.items() if count >= FEWEST_OF_TERM}
    weights = {
        group: {
            term: log(sizes[group] / count)
            for term, count in counts.items()
            if term in kept and count <= max(FEWEST_OF_TERM, MOST_SHARE * sizes[group])
        }
        for group, counts in having.items()
    }
    return {language: weights[group] for language, group in group_of.items()}


def _vector(terms: frozenset[str], weights: Mapping[str, float]) -> Vector:
    """The weighted terms of one post, of length 1; its rarest, in order. Empty where it says nothing that counts."""
    weighed = sorted(((weights[term], term) for term in terms if weights.get(term, 0) > 0), reverse=True)
    return _unit({term: weight for weight, term in weighed[:MOST_TERMS_OF_POST]})


def _unit(vector: Mapping[str, float]) -> Vector:
    length = sqrt(sum(weight**2 for weight in vector.values()))
    return {term: weight / length for term, weight in vector.items()} if length else {}


def _best(vectors: Sequence[Vector]) -> list[int | None]:
    """The topic of each post, where the network is cut so that the topics lie furthest apart; None of all where nothing does."""
    network = _network(vectors)
    best: list[int | None] = [None] * len(vectors)
    most = LEAST_SEPARATION
    for surprise in SURPRISES:
        belongs, topics = _settled(vectors, _topics(network, surprise))
        if (apart := _separation(vectors, belongs, topics)) > most:
            best, most = belongs, apart
    return best


@dataclass(frozen=True, slots=True, kw_only=True)
class _Network:
    """The most frequent terms with their posts; pairs of them, by place: their normalised mutual information and surprise."""

    terms: Sequence[tuple[str, int]]
    pairs: Mapping[tuple[int, int], tuple[float, float]]


def _network(vectors: Sequence[Vector]) -> _Network:
    having = Counter(term for vector in vectors for term in vector)
    ranked = sorted(having.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_TERMS]
    places = {term: place for place, (term, _) in enumerate(ranked)}
    together: Counter[tuple[int, int]] = Counter()
    for vector in vectors:
        together.update(combinations(sorted(places[term] for term in vector if term in places), 2))
    whole = len(vectors)
    pairs = {}
    for (one, other), count in together.items():
        expected = ranked[one][1] * ranked[other][1] / whole
        if count >= FEWEST_TOGETHER and expected < count < whole:
            # Chernoff's bound of the Poisson tail, as minus its logarithm.
            surprise = count * log(count / expected) - count + expected
            pairs[one, other] = log(count / expected) / -log(count / whole), surprise
    return _Network(terms=ranked, pairs=pairs)


def _topics(network: _Network, surprise: float) -> list[Vector]:
    """The communities of the terms that are joined by pairs of at least such a surprise, as vectors."""
    weights = {pair: weight for pair, (weight, its) in network.pairs.items() if its >= surprise}
    found = communities(weights, len(network.terms))
    joined = {place for pair in weights for place in pair}
    grouped: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for place, (term, count) in enumerate(network.terms):
        if place in joined:
            grouped[found[place]][term] = sqrt(count)
    return [_unit(topic) for _, topic in sorted(grouped.items())]


def _separation(vectors: Sequence[Vector], belongs: Sequence[int | None], topics: Sequence[Vector]) -> float:
    """How much nearer posts are to their own topic than to the next one, in the mean; 0 for a single topic."""
    if len(topics) < 2:
        return 0.0
    total = 0.0
    for vector, likeness in zip(vectors, _likenesses(vectors, topics), strict=True):
        nearest = sorted(likeness.values(), reverse=True)[:2]
        if vector and len(nearest) == 2:
            total += nearest[0] - nearest[1]
        elif nearest:
            total += nearest[0]
    return total / max(1, sum(place is not None for place in belongs))


def _settled(vectors: Sequence[Vector], topics: list[Vector]) -> tuple[list[int | None], list[Vector]]:
    """The place of each post's topic, None where it is about none of them, and the topics; posts move until they stay."""
    belongs = _nearest(vectors, topics)
    for _ in range(ROUNDS):
        sizes = Counter(place for place in belongs if place is not None)
        ranked = sorted(sizes, key=lambda place: (-sizes[place], place))[:MOST_TOPICS]
        topics = _merged([_middle(vectors, belongs, place) for place in ranked if sizes[place] >= FEWEST_POSTS])
        moved = _nearest(vectors, topics)
        if moved == belongs:
            break
        belongs = moved
    return belongs, topics


def _merged(topics: list[Vector]) -> list[Vector]:
    """Topics that are nearly the same as one, the two most alike first: communities are apt to part what belongs together."""
    living = dict(enumerate(topics))
    alike = {pair: _likeness(topics[pair[0]], topics[pair[1]]) for pair in combinations(living, 2)}
    while alike:
        one, other = min(alike, key=lambda pair: (-alike[pair], pair))
        if alike[one, other] < MERGED:
            break
        joined = Counter(living[one])
        joined.update(living.pop(other))
        living[one] = _unit(joined)
        alike = {pair: likeness for pair, likeness in alike.items() if other not in pair}
        alike |= {pair: _likeness(living[pair[0]], living[pair[1]]) for pair in alike if one in pair}
    return list(living.values())


def _nearest(vectors: Sequence[Vector], topics: Sequence[Vector]) -> list[int | None]:
    found: list[int | None] = []
    for likeness in _likenesses(vectors, topics):
        best = min(likeness, key=lambda place: (-likeness[place], place), default=None)
        found.append(None if best is None or likeness[best] < LEAST_LIKENESS else best)
    return found


def _likenesses(vectors: Sequence[Vector], topics: Sequence[Vector]) -> Iterator[Mapping[int, float]]:
    """Of each post the cosine with each topic that shares a term with it."""
    saying: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for place, topic in enumerate(topics):
        for term, weight in topic.items():
            saying[term].append((place, weight))
    for vector in vectors:
        likeness: defaultdict[int, float] = defaultdict(float)
        for term, weight in vector.items():
            for place, its in saying.get(term, ()):
                likeness[place] += weight * its
        yield likeness


def _middle(vectors: Sequence[Vector], belongs: Sequence[int | None], place: int) -> Vector:
    total: defaultdict[str, float] = defaultdict(float)
    for vector, its in zip(vectors, belongs, strict=True):
        if its == place:
            for term, weight in vector.items():
                total[term] += weight
    return _unit(dict(total))


def _made(
    texts: Sequence[tuple[Said, tuple[str, ...]]],
    vectors: Sequence[Vector],
    belongs: Sequence[int | None],
    *,
    looked_at: int,
) -> tuple[Cluster, ...]:
    members: defaultdict[int, list[int]] = defaultdict(list)
    for at, place in enumerate(belongs):
        if place is not None:
            members[place].append(at)
    having = Counter(term for vector in vectors for term in vector)
    found = []
    for place, ats in members.items():
        if len(ats) < FEWEST_POSTS:
            continue
        terms = _distinguishing(Counter(term for at in ats for term in vectors[at]), having, len(ats), len(texts))
        ids = tuple(sorted(post for at in ats for post in texts[at][1]))
        middle = _middle(vectors, belongs, place)
        near = sorted(ats, key=lambda at: (-_likeness(vectors[at], middle), texts[at][0].id))
        found.append(
            Cluster(
                label=" ".join(terms[:LABEL_TERMS]), terms=terms, posts=ids, texts=len(ats), share=len(ids) / looked_at,
                interval=wilson(len(ids), looked_at), examples=tuple(texts[at][0].id for at in near[:POSTS_SHOWN]),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda cluster: (-len(cluster.posts), cluster.label)))


def _distinguishing(inside: Counter[str], everywhere: Counter[str], texts: int, whole: int) -> tuple[str, ...]:
    """The terms that this topic has more than the others, surest first; by frequency where there are no others."""
    if texts == whole:
        return tuple(term for term, _ in sorted(inside.items(), key=lambda pair: (-pair[1], pair[0])))[: 2 * LABEL_TERMS]
    scored = [
        (log_odds(now=count, before=everywhere[term] - count, posts_now=texts, posts_before=whole - texts)[1], term)
        for term, count in inside.items()
    ]
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    return tuple(term for z, term in scored[: 2 * LABEL_TERMS] if z > 0)


def _likeness(one: Vector, other: Vector) -> float:
    return sum(weight * other[term] for term, weight in one.items() if term in other)
