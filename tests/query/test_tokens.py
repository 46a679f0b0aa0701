"""The signs of a query with their places, and what is refused before the grammar sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.query.refusal import QueryError, QueryLimitError, QuerySyntaxError, UnknownFieldError
from monitor.query.term import MOST_APART
from monitor.query.tokens import LONGEST_QUERY, tokens_of


def signs(query: str) -> list[str]:
    return [f"{token.sign}:{token.text}" for token in tokens_of(query)]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("tea", ["WORD:tea"]),
        ("tea milk", ["WORD:tea", "WORD:milk"]),
        ("tea AND milk", ["WORD:tea", "AND:AND", "WORD:milk"]),
        ("tea|milk", ["WORD:tea", "OR:|", "WORD:milk"]),
        ("tea OR milk", ["WORD:tea", "OR:OR", "WORD:milk"]),
        ("tea or milk", ["WORD:tea", "WORD:or", "WORD:milk"]),
        ("(tea)OR(milk)", ["LPAR:(", "WORD:tea", "RPAR:)", "OR:OR", "LPAR:(", "WORD:milk", "RPAR:)"]),
        ('NOT"tea"', ["NOT:NOT", 'QUOTED:"tea"']),
        ("ORANGE", ["WORD:ORANGE"]),
        ("NOTHING", ["WORD:NOTHING"]),
        # what is negated
        ("-tea", ["NOT:-", "WORD:tea"]),
        ("--tea", ["NOT:-", "NOT:-", "WORD:tea"]),
        ("covid-19", ["WORD:covid-19"]),
        ("- tea", ["WORD:-", "WORD:tea"]),
        ("(-)", ["LPAR:(", "WORD:-", "RPAR:)"]),
        # how near
        ("tea NEAR/5 milk", ["WORD:tea", "NEAR:NEAR/5", "WORD:milk"]),
        ("tea NEAR/5f milk", ["WORD:tea", "NEAR:NEAR/5f", "WORD:milk"]),
        ("NEARBY", ["WORD:NEARBY"]),
        # fields and what looks like some
        ("lang:en", ["FIELD:lang:", "WORD:en"]),
        ("LANG:en", ["FIELD:LANG:", "WORD:en"]),
        ('title:"a b"', ["FIELD:title:", 'QUOTED:"a b"']),
        ("from:(a b)", ["FIELD:from:", "LPAR:(", "WORD:a", "WORD:b", "RPAR:)"]),
        ("tag~:tea", ["FIELD:tag~:", "WORD:tea"]),
        ("lang:-en", ["FIELD:lang:", "WORD:-en"]),
        ("lang:OR", ["FIELD:lang:", "WORD:OR"]),
        ("lang: en", ["WORD:lang:", "WORD:en"]),
        ("Re:tea", ["WORD:Re:tea"]),
        ("a:b", ["WORD:a:b"]),
        ("12:30", ["WORD:12:30"]),
        ("https://a.example/b", ["WORD:https://a.example/b"]),
        # phrases
        ('"green tea"', ['QUOTED:"green tea"']),
        ("“green tea„", ['QUOTED:"green tea"']),
        ('"green tea"~3', ['QUOTED:"green tea"~3']),
        ('"green te"*', ['QUOTED:"green te"*']),
        ('="Green Tea"', ['QUOTED:="Green Tea"']),
        ('"a (b|c"', ['QUOTED:"a (b|c"']),
        ('"AND"', ['QUOTED:"AND"']),
        ("#tea @ann tea* =NASA", ["WORD:#tea", "WORD:@ann", "WORD:tea*", "WORD:=NASA"]),
        ("東京 茶", ["WORD:東京", "WORD:茶"]),
        ("tea\u3000milk\n cup", ["WORD:tea", "WORD:milk", "WORD:cup"]),
    ],
)
def test_signs(query: str, told: list[str]) -> None:
    assert signs(query) == told


@given(
    st.lists(
        st.sampled_from(("tea", "AND", "OR", "NOT", "(", ")", '"a b"', "-x", "lang:", "NEAR/3", "|", "#t", " ", "  ")),
        max_size=9,
    )
)
def test_places__are_those_of_the_signs_and_nothing_but_white_space_lies_between(parts: list[str]) -> None:
    query = "".join(parts).strip()
    try:
        tokens = tokens_of(query)
    except QueryError:
        return
    end = 0
    for token in tokens:
        assert query[token.place : token.place + len(token.text)] == token.text
        assert not query[end : token.place].strip()
        end = token.place + len(token.text)
    assert end == len(query)


@pytest.mark.parametrize(
    ("query", "error", "position", "said"),
    [
        ("", QuerySyntaxError, 1, "The query is empty."),
        ("tea (milk", QuerySyntaxError, 5, "This bracket is not closed."),
        ("((tea)", QuerySyntaxError, 1, "This bracket is not closed."),
        ("tea) (milk", QuerySyntaxError, 4, "This bracket closes none."),
        ("tea(milk)", QuerySyntaxError, 4, "A bracket follows a term directly."),
        ('"tea"(milk)', QuerySyntaxError, 6, "A bracket follows a term directly."),
        ('tea "green', QuerySyntaxError, 5, "The quote is not closed."),
        ('="green', QuerySyntaxError, 2, "The quote is not closed."),
        ('te"a b"', QuerySyntaxError, 3, "A phrase has to begin with its quote."),
        ('"green tea"s', QuerySyntaxError, 12, "Something follows the phrase directly."),
        ('"a""b"', QuerySyntaxError, 4, "Something follows the phrase directly."),
        ("tea NEAR milk", QuerySyntaxError, 5, "NEAR does not say how near."),
        ("tea NEAR/0 milk", QuerySyntaxError, 5, "NEAR/0 does not say how near."),
        (f"tea NEAR/{MOST_APART + 1} milk", QuerySyntaxError, 5, "does not say how near."),
        ("tea NEAR/x milk", QuerySyntaxError, 5, "NEAR/x does not say how near."),
        ("tea NEAR/5ff milk", QuerySyntaxError, 5, "NEAR/5ff does not say how near."),
        ("tea lnag:en", UnknownFieldError, 5, "lnag: looks like a field, and there is none."),
        ("a" * (LONGEST_QUERY + 1), QueryLimitError, LONGEST_QUERY + 1, "The query has 4,001 characters, and 4,000 are the most."),
    ],
)  # fmt: skip
def test_refused__with_the_place_and_what_is_wrong(query: str, error: type[QueryError], position: int, said: str) -> None:
    with pytest.raises(error) as refused:
        tokens_of(query)
    assert said in refused.value.what
    assert refused.value.position == position


@pytest.mark.parametrize(
    ("query", "advice"),
    [
        ("lnag:en", 'Did you mean lang:? For these very characters, write "lnag:en".'),
        ("zzzzz:en", "Fields are "),
        ('te"a b"', 'write "tea b".'),
        ('"green tea', 'Write "green tea".'),
        ("tea NEAR/999 milk", f"{MOST_APART} at most"),
    ],
)  # fmt: skip
def test_refused__says_what_to_write_instead(query: str, advice: str) -> None:
    with pytest.raises(QueryError) as refused:
        tokens_of(query)
    assert advice in refused.value.suggestion


def test_longest_query__is_read() -> None:
    assert signs("a" * LONGEST_QUERY) == [f"WORD:{'a' * LONGEST_QUERY}"]


@pytest.mark.parametrize("words", [1, MOST_APART])
def test_nearest_and_farthest__are_read(words: int) -> None:
    assert signs(f"a NEAR/{words} b")[1] == f"NEAR:NEAR/{words}"
