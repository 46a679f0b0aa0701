"""Random queries over random posts: printing and reading, the matcher against an obvious one, the laws of logic, the index."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from operator import eq, ge, gt, le, lt

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.post import Author, Counts, Media, Post, Score
from monitor.query.fields import COUNTS, HAS, IS
from monitor.query.parse import parse_search
from monitor.query.query import Query
from monitor.query.searchable import Searchable
from monitor.query.term import Term
from monitor.query.tree import And, Field, Near, Not, Or, either, every
from monitor.query.watch import Watch
from monitor.topic import Topic

DAY = datetime(2026, 11, 1, tzinfo=UTC)
WORDS = ("tea", "Tea", "TEA", "teas", "milk", "café", "cafe", "Café", "don't", "🔥", "日", "日本")
# Words of a text, with how many words they count for.
SAID = dict.fromkeys(WORDS, 1) | {"日本": 2, "#tea": 1, "#Milk": 1, "@ann": 1, "@ann@x.org": 2, "https://x.org/tea": 1}
PAUSES = (" ", "\n\n", ", ")
EXAMPLES = 150
COMPARED = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq}


# ---- random values


words = st.builds(
    Term,
    kind=st.just("word"),
    text=st.sampled_from(WORDS),
    prefix=st.booleans(),
    exact=st.booleans(),
    part=st.sampled_from([None, None, "title", "alt"]),
)
phrases = st.builds(
    lambda said, **more: Term(kind="phrase", text=" ".join(said), **more),
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=3),
    exact=st.booleans(),
    part=st.sampled_from([None, None, "text"]),
)
loose = st.builds(
    lambda said, **more: Term(kind="phrase", text=" ".join(said), **more),
    st.lists(st.sampled_from(("tea", "milk", "cafe")), min_size=2, max_size=3),
    within=st.integers(1, 4),
)
tags = st.builds(Term, kind=st.just("tag"), text=st.sampled_from(("tea", "Milk", "mil")), prefix=st.booleans())
handles = st.builds(Term, kind=st.just("handle"), text=st.sampled_from(("ann", "ann@x.org", "Ann")))
joined_tags = st.builds(Term, kind=st.just("tag"), text=st.sampled_from(("tea", "milk")), split=st.just(True))
near_words = st.builds(
    Term, kind=st.sampled_from(("word", "tag")), text=st.sampled_from(("tea", "milk", "cafe")), prefix=st.booleans()
)
sides = near_words | st.lists(near_words, min_size=2, max_size=3).map(lambda parts: either(*parts))
nears = st.builds(Near, sides, sides, st.integers(1, 4), ordered=st.booleans())
facts = st.one_of(
    st.builds(Field, st.just("lang"), st.sampled_from(("en", "de", "und"))),
    st.builds(Field, st.just("is"), st.sampled_from(sorted(IS))),
    st.builds(Field, st.just("has"), st.sampled_from(sorted(HAS))),
    st.builds(Field, st.sampled_from(sorted(COUNTS)), st.sampled_from((">=1", "<2", "=0", "<=1", ">0"))),
    st.builds(
        Field, st.sampled_from(("since", "until")), st.sampled_from(("2026-11-01", "2026-11-02", "2026-11-01T12:00:00Z"))
    ),
    st.builds(Field, st.just("score"), st.sampled_from(("<-0.5", ">=0.25"))),
    st.builds(Field, st.just("from"), st.sampled_from(("ann", "ann@x.org"))),
    st.builds(Field, st.just("community"), st.sampled_from(("rust", "two words"))),
    st.builds(Field, st.just("sentiment"), st.just("negative")),
    st.builds(Field, st.just("domain"), st.sampled_from(("x.org", "org"))),
    st.builds(Field, st.just("url"), st.sampled_from(("x.org/tea", "(x"))),
)
leaves = words | phrases | loose | tags | handles | joined_tags | nears | facts
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: every(*parts)),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: either(*parts)),
    ),
    max_leaves=12,
)
few = st.lists(st.tuples(st.sampled_from(("tea", "milk", "café", "Tea")), st.just(" ")), min_size=2, max_size=7)
texts = (st.lists(st.tuples(st.sampled_from(sorted(SAID)), st.sampled_from(PAUSES)), max_size=9) | few).map(tuple)


@st.composite
def posts(draw):
    """A post and what was said in it: text, title, alt, each as words with the pauses behind them."""
    text, title, alt = draw(texts), draw(texts), draw(texts)
    counts = draw(st.fixed_dictionaries({}, optional={name: st.integers(0, 2) for name in COUNTS.values()}))
    media = tuple(draw(st.lists(st.builds(Media, kind=st.sampled_from(("image", "gif", "link"))), max_size=1)))
    media += (Media(kind="image", alt=written(alt)),) if alt else ()
    post = Post(
        id="s:1",
        platform="s",
        native_id="1",
        url=None,
        text=written(text),
        title=written(title) or None,
        media=media,
        created_at=DAY + draw(st.integers(-2, 3)) * timedelta(hours=12),
        kind=draw(st.sampled_from(("post", "reply", "repost", "quote"))),
        language=draw(st.sampled_from((None, "en", "de"))),
        author=Author(id="7", handle=draw(st.sampled_from((None, "ann", "Ann@x.org", "bob"))), bot=draw(st.booleans())),
        tags=draw(st.sampled_from(((), ("tea",), ("milky", "日本")))),
        mentions=draw(st.sampled_from(((), ("ann@x.org",)))),
        links=draw(st.sampled_from(((), ("https://www.X.org/Tea",), ("https://axorg.example/",)))),
        community=draw(st.sampled_from((None, "Rust", "two words"))),
        counts=Counts(**counts),
        sensitive=draw(st.sampled_from((None, True))),
        sentiment=draw(st.sampled_from((None, Score(scorer="s", label="negative", compound=-0.6)))),
    )
    return post, {"text": text, "title": title, "alt": alt}


def written(said):
    return "".join(word + pause for word, pause in said).strip()


# ---- the obvious matcher


def plain(word, *, like):
    """Without case, and without accents where the term has none; with capitals where it asks for them."""
    told = word if "é" in like.text else word.replace("é", "e")
    return told if like.exact else told.lower()


def says(term, word):
    """Whether one word of a text says the term by itself."""
    if word.startswith("https:"):
        return False
    if term.kind == "handle":
        name, wanted = word.lower(), f"@{term.text.lower()}"
        return name == wanted or name.startswith(f"{wanted}@")
    if term.kind == "tag":
        body, wanted = word.lower(), f"#{term.text.lower()}"
        return body.startswith(wanted) if term.prefix else body == wanted
    wanted = plain(term.text, like=term)
    for piece in plain(word.lstrip("#@"), like=term).replace("@", " ").replace(".", " ").split(" "):
        if piece == wanted or (term.prefix and piece.startswith(wanted)) or (wanted in piece and wanted in {"日", "日本"}):
            return True
    # An apostrophe ends no word and begins none: "don" is not asked for here, so only whole words are left.
    return False


def places(term, said):
    """(first, last) number of each place where the words of a text say it, counted in words."""
    numbers, number = [], 0
    for word, _ in said:
        numbers.append((number + 1, number + SAID[word]))
        number += SAID[word]
    if term.kind != "phrase":
        return [numbers[place] for place, (word, _) in enumerate(said) if says(term, word)]
    wanted = [Term(kind="word", text=word, exact=term.exact) for word in term.text.split()]
    return [
        (numbers[place][0], numbers[place + len(wanted) - 1][1])
        for place in range(len(said) - len(wanted) + 1)
        if in_a_row(wanted, [*said[place : place + len(wanted)]], like=term)
    ]


def in_a_row(wanted, said, *, like):
    """Signs may stand before the first word and behind the last; in scripts without spaces it may begin and end inside."""
    inner = "".join(word + (" " if pause != ", " else ", ") for word, pause in said)[: -1 if said[-1][1] != ", " else -2]
    first, last = said[0][0], said[-1][0]
    if any(word.startswith(("#", "@", "https:")) for word, _ in said[1:]) or first.startswith("https:"):
        return False
    told, phrase = plain(inner.lstrip("#@"), like=like), plain(like.text, like=like)
    if told == phrase:
        return True
    return (first == "日本" or last == "日本") and phrase in told and told.count(" ") == phrase.count(" ") and "日" in phrase


def loosely(term, said):
    wanted = [Term(kind="word", text=word) for word in term.text.split()]
    found = [places(word, said) for word in wanted]
    numbered = [(which, place) for which, each in enumerate(found) for place in each]
    for chosen in permutations(numbered, len(wanted)):
        if [which for which, _ in chosen] == list(range(len(wanted))) and len({place for _, place in chosen}) == len(wanted):
            numbers = [number for _, place in chosen for number in place]
            if max(numbers) - min(numbers) + 1 - len(wanted) <= term.within:
                return True
    return False


def nearby(tree, said):
    def found(side):
        return [place for term in (side.parts if isinstance(side, Or) else (side,)) for place in places(term, said)]

    def follows(first, second):
        return 0 < second[0] - first[1] <= tree.words

    pairs = [(left, right) for left in found(tree.left) for right in found(tree.right)]
    return any(follows(left, right) or (not tree.ordered and follows(right, left)) for left, right in pairs)


def holds(tree, post, said):
    """The meaning of a query, straight from docs/query-language.md."""
    if isinstance(tree, And):
        return all(holds(part, post, said) for part in tree.parts)
    if isinstance(tree, Or):
        return any(holds(part, post, said) for part in tree.parts)
    if isinstance(tree, Not):
        return not holds(tree.part, post, said)
    if isinstance(tree, Near):
        return any(nearby(tree, part) for part in said.values())
    if isinstance(tree, Field):
        return has_fact(tree.name, tree.value, post)
    return is_said(tree, post, said)


def is_said(term, post, said):
    parts = [said[term.part]] if term.part else [*said.values()]
    if term.within:
        return any(loosely(term, part) for part in parts)
    if term.split:
        tagged = any(word.lower() == f"#{term.text}" for part in parts for word, _ in part)
        return tagged or term.text in post.tags
    elsewhere = not (term.part or term.exact or term.kind == "phrase") and beside_the_text(term, post)
    return elsewhere or any(places(term, part) for part in parts)


def beside_the_text(term, post):
    wanted = plain(term.text, like=term)
    if term.kind == "handle":
        return any(name == wanted or name.partition("@")[0] == wanted for name in post.mentions)
    return any(tag == wanted or (term.prefix and tag.startswith(wanted)) for tag in post.tags)


def has_fact(name, value, post):
    if name in COUNTS or name == "score":
        number = getattr(post.counts, COUNTS[name]) if name in COUNTS else post.sentiment and post.sentiment.compound
        sign, bound = value.rstrip("-.0123456789"), float(value.lstrip("<=>"))
        return number is not None and COMPARED[sign](number, bound)
    handle = (post.author.handle or "").lower()
    links = [link.lower() for link in post.links]
    return {
        "lang": lambda: post.language == (None if value == "und" else value),
        "is": lambda: IS[value](post),
        "has": lambda: HAS[value](post),
        "since": lambda: post.created_at >= moment(value),
        "until": lambda: post.created_at < moment(value),
        "from": lambda: handle == value or handle.split("@")[0] == value,
        "community": lambda: (post.community or "").lower() == value,
        "sentiment": lambda: post.sentiment is not None,
        "domain": lambda: any("x.org" in link for link in links),
        "url": lambda: any(value in link for link in links),
    }[name]()


def moment(value):
    return datetime.fromisoformat(value) if "T" in value else datetime.fromisoformat(value).replace(tzinfo=UTC)


# ---- what always holds


@settings(max_examples=EXAMPLES)
@given(trees)
def test_str__printed_and_read__is_the_same_tree(tree):
    assert parse_search(str(Query(tree))).tree == tree


@settings(max_examples=2 * EXAMPLES, deadline=None)
@given(st.lists(leaves, min_size=12, max_size=12), posts())
def test_find__one_leaf__as_the_obvious_matcher_says(several, drawn):
    post, said = drawn
    searchable = Searchable(post)
    found = [str(tree) for tree in several if Query(tree).matcher(searchable) is not None]
    assert found == [str(tree) for tree in several if holds(tree, post, said)], (post.text, post.title)


@settings(max_examples=EXAMPLES, deadline=None)
@given(trees, posts())
def test_find__as_the_obvious_matcher_says(tree, drawn):
    post, said = drawn
    assert (Query(tree).find(post) is not None) == holds(tree, post, said), (str(tree), post.text)


@settings(max_examples=EXAMPLES)
@given(trees, posts())
def test_find__spans__are_in_the_text_in_order_and_disjoint(tree, drawn):
    post, _ = drawn
    spans = Query(tree).find(post) or ()
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(0 <= start < end <= len(post.text) for start, end in spans)


@settings(max_examples=EXAMPLES)
@given(trees, trees, trees, posts())
def test_find__the_laws_of_logic(a, b, c, drawn):
    post = Searchable(drawn[0])

    def found(tree):
        return Query(tree).matcher(post) is not None

    assert found(Not(a)) != found(a)
    assert found(Not(Not(a))) == found(a)
    assert found(every(a, b)) == (found(a) and found(b)) == found(every(b, a))
    assert found(either(a, b)) == (found(a) or found(b)) == found(either(b, a))
    assert found(Not(either(a, b))) == found(every(Not(a), Not(b)))
    assert found(every(a, either(b, c))) == found(either(every(a, b), every(a, c)))


@settings(max_examples=EXAMPLES)
@given(trees, posts())
def test_failing__tells_why_exactly_when_it_does_not_match(tree, drawn):
    query, post = Query(tree), drawn[0]
    clauses = query.failing(post)
    assert (clauses == ()) == (query.find(post) is not None)
    assert all(parse_search(clause).find(post) is None for clause in clauses)


@settings(max_examples=EXAMPLES)
@given(st.lists(trees, min_size=1, max_size=6), posts())
def test_candidates__all_that_match_are_among_them_in_order(trees, drawn):
    watch = Watch((Topic(id=f"t{number}", name="t", query="t"), Query(tree)) for number, tree in enumerate(trees))
    post = Searchable(drawn[0])
    candidates = [topic.id for topic, _ in watch.candidates(post)]
    matching = [topic.id for topic, query in watch if query.matcher(post) is not None]
    assert [name for name in candidates if name in matching] == matching
    assert candidates == sorted(candidates)
