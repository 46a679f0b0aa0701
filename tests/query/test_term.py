"""What can be typed as a query, and what is said about everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.query.term import LONGEST_TERM, Term, parse


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
    assert parse(query) == Term(kind=kind, text=text)


@pytest.mark.parametrize(
    ("query", "place", "what", "advice"),
    [
        ("climate change", 8, "Several words need quotes.", '"climate change"'),
        ("cats AND dogs", 5, "AND joins several terms", '"cats AND dogs"'),
        ("OR", 0, "OR joins several terms", '"OR"'),
        ("NOT cats", 0, "NOT joins several terms", '"NOT cats"'),
        ("a NEAR/5f b", 2, "NEAR/5f joins several terms", '"a NEAR/5f b"'),
        ("(python)", 0, "( joins several terms", '"(python)"'),
        ("a|b", 1, "| joins several terms", '"a|b"'),
        ("-python", 0, "- excludes", '"-python"'),
        ("good -bad", 5, "- excludes", '"good -bad"'),
        ("pyth*", 4, "* stands for any ending", '"pyth*"'),
        ("=NASA", 0, "= asks for exact capitals", '"=NASA"'),
        ("@ada", 0, "-a account=NAME", '"@ada"'),
        ("/py.*/", 0, "/ begins a pattern", '"/py.*/"'),
        ("lang:en", 0, "lang: looks like a field", '"lang:en"'),
        ("https://example.org/a", 0, "Addresses in posts are not searched", "Write one word"),
        ("www.example.org", 0, "Addresses in posts are not searched", "Write one word"),
        ('"see www.example.org"', 5, "Addresses in posts are not searched", "Write one word"),
        ('"open', 0, "The quote is not closed.", '"open"'),
        ('a"b', 1, "A phrase has to begin with its quote.", '"ab"'),
        ('"a b" c', 6, "Something follows the phrase", "a topic for each term"),
        ('"a" "b"', 4, "Something follows the phrase", "a topic for each term"),
        ('""', 0, "nothing in the phrase", "Write one word"),
        ('" ! "', 0, "nothing in the phrase", "Write one word"),
        ("!!!", 0, "nothing in it", "Write one word"),
        ("\u00ad", 0, "nothing in it", "Write one word"),
        ("a\x00b", 0, "nothing in it", "Write one word"),
        ("#", 0, "A tag is #", "Write one word"),
        ("#2026", 0, "A tag is #", "Write one word"),
        ("#a-b", 0, "A tag is #", "Write one word"),
    ],
)
def test_parse__not_one_term__says_where_and_what_to_write(query, place, what, advice):
    with pytest.raises(UsageError) as caught:
        parse(query)
    said, shown, caret, help_line = str(caught.value).split("\n")
    assert what in said
    assert shown == "  " + "".join(sign if sign.isprintable() else " " for sign in query.strip())
    assert caret == "  " + " " * place + "^"
    assert advice in help_line


@pytest.mark.parametrize("query", ["", "  ", "x" * (LONGEST_TERM + 1)])
def test_parse__empty_or_endless__is_refused(query):
    with pytest.raises(UsageError, match="The query"):
        parse(query)


@given(st.text(max_size=30) | st.text('ab "#-()|@*:/=“ \n', max_size=12))
def test_parse__any_text__a_term_or_a_sentence(text):
    try:
        term = parse(text)
    except UsageError:
        return
    assert term.needle.text


@given(st.text(max_size=30) | st.text('ab "#-()|@*:/=“ \n', max_size=12))
def test_str__of_any_term__is_read_as_the_same_term(text):
    try:
        term = parse(text)
    except UsageError:
        return
    assert parse(str(term)) == term
