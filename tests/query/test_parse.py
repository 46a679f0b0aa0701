"""What can be typed as a query, and what is said about everything else."""

import contextlib
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.query.needle import needle_of
from monitor.query.parse import DEEPEST, MOST_TERMS, parse, parse_search
from monitor.query.refusal import FieldValueError, QueryError, QueryLimitError, QuerySyntaxError, UnknownFieldError
from monitor.query.term import LONGEST_TERM, Term
from monitor.query.tokens import LONGEST_QUERY
from monitor.query.tree import And, Field, Near, Not, Or, leaves


@pytest.mark.parametrize(
    ("query", "kind", "text"),
    [
        ("python", "word", "python"),
        ("  python ", "word", "python"),
        ("C++", "word", "C++"),
        ("C#", "word", "C#"),
        ("node.js", "word", "node.js"),
        ("covid-19", "word", "covid-19"),
        ("AT&T", "word", "AT&T"),
        ("and", "word", "and"),
        ("東京", "word", "東京"),
        ("🔥", "word", "🔥"),
        ("👩‍💻", "word", "👩‍💻"),
        ('"climate change"', "phrase", "climate change"),
        ('"climate \n change"', "phrase", "climate change"),
        ("“climate change”", "phrase", "climate change"),
        ("„Klima Wandel“", "phrase", "Klima Wandel"),
        ('"python"', "word", "python"),
        ('"AND"', "word", "AND"),
        ('"std::vector"', "word", "std::vector"),
        ("#python", "tag", "python"),
        ("＃日本", "tag", "日本"),
        ("#हिन्दी", "tag", "हिन्दी"),
        ("#c_99", "tag", "c_99"),
    ],
)
def test_parse__one_term(query, kind, text):
    assert parse(query).tree == Term(kind=kind, text=text)


def word(text, **more):
    return Term(kind="word", text=text, **more)


A, B, C, D = map(word, "abcd")


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("a b", And((A, B))),
        ("a AND b c", And((A, B, C))),
        ("a OR b AND c", Or((A, And((B, C))))),
        ("a | b|c", Or((A, B, C))),
        ("a (b OR c)", And((A, Or((B, C))))),
        ("a (b c)", And((A, B, C))),
        ("((a))", A),
        ("NOT a b", And((Not(A), B))),
        ("-a OR -(b c)", Or((Not(A), Not(And((B, C)))))),
        ("a NEAR/2 b c", And((Near(A, B, 2), C))),
        ("NOT a NEAR/2f b", None),
        ("a OR b NEAR/3f c", Or((A, Near(B, C, 3, ordered=True)))),
        ("(a OR b) NEAR/3 c", Near(Or((A, B)), C, 3)),
        ('"a b"~2', Term(kind="phrase", text="a b", within=2)),
        ('="a b"*', Term(kind="phrase", text="a b", exact=True, prefix=True)),
        ("a*", word("a", prefix=True)),
        ("=a", word("a", exact=True)),
        ("#a*", Term(kind="tag", text="a", prefix=True)),
        ("@a@b.org", Term(kind="handle", text="a@b.org")),
        ("mentions:@a", Term(kind="handle", text="a")),
        ("tag:(a OR #b)", Or((Term(kind="tag", text="a"), Term(kind="tag", text="b")))),
        ("title:(a -b)", And((word("a", part="title"), Not(word("b", part="title"))))),
        ("cw:a", word("a", part="summary")),
        ("LANG:EN", Field("lang", "en")),
        ("min_likes:5", Field("likes", ">=5")),
        ("has:(link image)", And((Field("has", "link"), Field("has", "image")))),
        ("domain:https://www.A.org/x", Field("domain", "a.org")),
        ("since:2026-11-01T02:00:00+02:00", Field("since", "2026-11-01")),
        ("is:original", Field("is", "post")),
        ('community:"a b"', Field("community", "a b")),
        ("url:https://a.org/?x=1", Field("url", "https://a.org/?x=1")),
        ("Re:a", word("Re:a")),
        ("https:", word("https:")),
        ('"or" b', And((word("or"), B))),
    ],
)
def test_parse__several_terms(query, tree):
    if tree is None:
        with pytest.raises(QuerySyntaxError, match="cannot measure from NOT a"):
            parse(query)
    else:
        assert parse(query).tree == tree


@pytest.mark.parametrize(
    ("query", "place", "what", "advice"),
    [
        ("OR", 0, "OR joins two terms, and none stands before it", '"OR"'),
        ("AND cats", 0, "AND joins two terms, and none stands before it", '"AND"'),
        ("cats AND", 5, "AND joins two terms, and none follows it", '"AND"'),
        ("cats OR AND dogs", 5, "OR joins two terms, and none follows it", '"OR"'),
        ("(cats OR) dogs", 6, "OR joins two terms, and none follows it", '"OR"'),
        ("NOT", 0, "NOT excludes what follows, and nothing does", '"NOT"'),
        ("cats | ", 5, "| joins two terms", "Write a term there"),
        ("a NEAR b", 2, "NEAR does not say how near", "NEAR/5"),
        ("a NEAR/0 b", 2, "NEAR/0 does not say how near", "NEAR/5"),
        ("a NEAR/500 b", 2, "NEAR/500 does not say how near", "NEAR/5"),
        ("a NEAR/5 lang:en", 2, "NEAR/5 cannot measure from lang:en", "a word, a phrase"),
        ("cats or dogs", 5, "or in small letters is a word here", "Write OR"),
        ("(cats", 0, "This bracket is not closed", "Write )"),
        ("cats (a (b)", 5, "This bracket is not closed", "Write )"),
        ("cats)", 4, "This bracket closes none", "Leave it out"),
        ("cats ( )", 5, "nothing in these brackets", "Write a term"),
        ("f(x)", 1, "A bracket follows a term directly", "a space"),
        ("lang:)", 5, "This bracket closes none", "Leave it out"),
        ("(lang:)", 1, "Nothing follows lang:", "Write a term"),
        ("lang:(en OR tag:x)", 12, "tag: stands inside the brackets of lang:", "Close the brackets"),
        ("*cat", 0, "only at the end", '"*cat"'),
        ("/py.*/", 0, "/ begins a pattern", '"/py.*/"'),
        ("lnag:en", 0, "lnag: looks like a field", "Did you mean lang:?"),
        ("std::vector", 0, "std: looks like a field", '"std::vector"'),
        ("lang:english", 5, "lang: cannot be english", "two or three letters"),
        ("since:yesterday", 6, "since: cannot be yesterday", "since:2026-11-01"),
        ("since:2026-11-01T08:00:00", 6, "since: cannot be", "with its zone"),
        ("likes:10", 6, "likes: cannot be 10", "likes:>=10"),
        ("min_likes:ten", 10, "min_likes: cannot be", "likes:>=10"),
        ("has:poll", 4, "not collected", "link, media"),
        ("a sentiment:neg", 2, "only of posts that are stored", "Leave it out"),
        ("日本 (x", 3, "This bracket is not closed", "Write )"),
        ("https://example.org/a", 0, "Addresses in posts are not searched", "url:https://example.org/a"),
        ('tea url:="x"', 8, 'url: takes quotes alone, not ="x".', 'Write "x".'),
        ('url:"abc"~3 tea', 4, "url: takes quotes alone", 'Write "abc".'),
        ('from:"ann"*', 5, "from: takes quotes alone", 'Write "ann".'),
        ('lang:(en OR ="de")', 12, "lang: takes quotes alone", 'Write "de".'),
        ("www.example.org", 0, "Addresses in posts are not searched", "url:www.example.org"),
        ('"see www.example.org"', 5, "Addresses in posts are not searched", "Write words"),
        ('"open', 0, "The quote is not closed.", '"open"'),
        ('a"b', 1, "A phrase has to begin with its quote.", '"ab"'),
        ('"a b"c', 5, "Something follows the phrase", "a space"),
        ('"a b"~x', 5, "~x cannot follow", '"a b"~3'),
        ('"a"~2', 3, "~2 cannot follow", "two words"),
        ('""', 0, "nothing in the phrase", "Write words"),
        ('" ! "', 0, "nothing in the phrase", "Write words"),
        ("!!!", 0, "nothing in it", "Write words"),
        ("\u00ad", 0, "nothing in it", "Write words"),
        ("a\x00b", 0, "nothing in it", "Write words"),
        ("#", 0, "A tag is #", "Write words"),
        ("#2026", 0, "A tag is #", "Write words"),
        ("#a-b", 0, "A tag is #", "Write words"),
    ],
)
def test_parse__what_cannot_be_meant__says_where_and_what_to_write(query, place, what, advice):
    with pytest.raises(QueryError) as caught:
        parse(query)
    error = caught.value
    assert what in error.what
    assert advice in error.suggestion
    assert error.position == place + 1
    assert error.line == "".join(sign if sign.isprintable() else " " for sign in query.strip())
    columns = sum(2 if "\u3000" < sign < "\ua000" else 1 for sign in query[:place])
    assert str(error) == f"{error.what}\n  {error.line}\n  {' ' * columns}^\n{error.suggestion}"


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("(", QuerySyntaxError),
        ("nofield:x", UnknownFieldError),
        ("topic:x", UnknownFieldError),
        ("lang:x", FieldValueError),
        ("(" * 21 + "a" + ")" * 21, QueryLimitError),
    ],
)
def test_parse__each_kind_of_refusal_has_its_class(query, kind):
    with pytest.raises(kind):
        parse(query)


def test_parse__long_query__is_shown_around_the_place():
    query = "tea " * 200 + "AND"
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert len(caught.value.line) < 110
    assert caught.value.line.startswith("…")
    assert caught.value.line[len(caught.value.caret) - 1 :] == "AND"


@pytest.mark.parametrize("inner", ["({})", "NOT {}", "-{}", "a ({})", "title:({})"])
def test_parse__twenty_deep_is_read_and_more_is_refused(inner):
    if inner.startswith("title"):
        inner = "({})"
    query = "b"
    for _ in range(DEEPEST):
        query = inner.format(query)
    assert parse(query)
    with pytest.raises(QueryLimitError, match="20 deep"):
        parse(inner.format(query))


def test_parse__two_hundred_terms_are_read_and_more_are_refused():
    assert len(list(leaves(parse("x " * MOST_TERMS).tree))) == MOST_TERMS
    with pytest.raises(QueryLimitError, match="200 terms") as caught:
        parse("x " * (MOST_TERMS + 1))
    assert caught.value.position == 2 * MOST_TERMS + 1


def test_parse__four_thousand_characters_are_read_and_more_are_refused():
    query = " OR ".join(["x" * 96] * 40)
    assert parse(query + "x" * (LONGEST_QUERY - len(query)))
    with pytest.raises(QueryLimitError, match="4,001 characters"):
        parse(query + "x" * (LONGEST_QUERY - len(query) + 1))


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    "query", ["(" * 3999, "NOT " * 999 + "a", "-" * 3999 + "a", ")" * 4000, '"' * 3999, "a|" * 1999, "a:" * 2000]
)
def test_parse__evil__is_refused_or_read_at_once(query):
    begun = process_time()
    with contextlib.suppress(QueryError):
        parse(query)
    assert process_time() - begun < 1


def test_parse_search__knows_what_only_stored_posts_have():
    tree = parse_search("sentiment:neg score:<-0.5 reach:>=10 topic:x").tree
    assert tree == And((Field("sentiment", "negative"), Field("score", "<-0.5"), Field("reach", ">=10"), Field("topic", "x")))


@pytest.mark.parametrize("query", ["", "  ", "x" * (LONGEST_TERM + 1)])
def test_parse__empty_or_endless__is_refused(query):
    with pytest.raises(QueryError, match=r"The query is empty|A term has at most"):
        parse(query)


queries = st.text(max_size=30) | st.text('ab "#-()|@*:/=“~ \nNOTAND', max_size=16)


@given(queries)
def test_parse__any_text__a_query_or_a_sentence(text):
    try:
        query = parse(text)
    except QueryError:
        return
    assert all(needle_of(leaf).text for leaf in leaves(query.tree) if isinstance(leaf, Term) and not leaf.split)


@given(queries)
def test_str__of_any_query__is_read_as_the_same_query(text):
    try:
        query = parse(text)
    except QueryError:
        return
    assert parse(str(query)) == query
