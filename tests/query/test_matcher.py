"""Where a post says a term; the table is the documentation of what matches."""

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.post import Author, Media, Post
from monitor.query.folded import fold_term, without_marks
from monitor.query.needle import MOST_SPANS, needle_of
from monitor.query.parse import parse
from monitor.query.query import Query
from monitor.query.searchable import Searchable
from monitor.query.term import Term


def said(text, **fields):
    return Post(
        id="sample:1",
        platform="sample",
        native_id="1",
        url=None,
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
        author=Author(id="7"),
        text=text,
        **fields,
    )


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        # words are found whole
        ("python", "I like Python.", ["Python"]),
        ("python", "pythonic", None),
        ("python", "PYTHON, python; (python)", ["PYTHON", "python", "python"]),
        ("python", "python's", ["python"]),
        ("python", "python3", None),
        ("python", "my_python", None),
        ("python", "python-based", ["python"]),
        ("python", "", None),
        # ... and as a hashtag
        ("python", "learn #Python now", ["Python"]),
        ("python", "#PythonTips", None),
        # signs belong to the word
        ("c++", "C++ and C", ["C++"]),
        ("c#", "C# not C", ["C#"]),
        ("node.js", "Node.js!", ["Node.js"]),
        ("covid-19", "COVID‐19", ["COVID‐19"]),
        ("don't", "I don’t know", ["don’t"]),
        # phrases: any white space between the words, nothing else
        ('"climate change"', "Climate\n  change is here", ["Climate\n  change"]),
        ('"climate change"', "climate, change", None),
        ('"climate change"', "#climatechange", None),
        ('"climate change"', "climate changes", None),
        # case and forms
        ("straße", "STRASSE", ["STRASSE"]),
        ("strasse", "Straße", ["Straße"]),
        ("file", "ﬁle", ["ﬁle"]),
        ("full", "Ｆｕｌｌ width", ["Ｆｕｌｌ"]),
        ("istanbul", "İstanbul", ["İstanbul"]),
        # marks: only a term without them ignores them
        ("cafe", "das Café", ["Café"]),
        ("café", "cafe", None),
        ("café", "cafe\u0301", ["cafe\u0301"]),
        ("cafe", "cafe\u0301s", None),
        ("елка", "Ёлка", ["Ёлка"]),
        ("мои", "мой", None),
        # scripts without spaces, and Korean
        ("東京", "東京都に行く", ["東京"]),
        ("python", "Pythonで書く", ["Python"]),
        ("แมว", "เลี้ยงแมวไว้", ["แมว"]),
        ("파이썬", "파이썬을 배운다", ["파이썬"]),
        # scripts with spaces and marks
        ("हिन्दी", "यह हिन्दी है", ["हिन्दी"]),
        ("हिन्द", "यह हिन्दी है", None),
        # pictures
        ("👍", "so 👍🏽!", ["👍🏽"]),
        ("❤", "I ❤\ufe0f it", ["❤\ufe0f"]),
        # addresses are no words
        ("python", "https://example.org/python", None),
        ("python", "www.python.example/x", None),
        ("python", "see https://example.org/python python", ["python"]),
        # tags
        ("#python", "learn #Python now", ["#Python"]),
        ("#python", "python", None),
        ("#python", "#pythonic", None),
        ("#python", "x#python", None),
        ("#東京", "#東京タワー", None),
        ("#cafe", "#Café", ["#Café"]),
        ("#python", "https://example.org/#python", None),
    ],
)
def test_find__in_the_text(query, text, found):
    spans = parse(query).find(said(text))
    assert (None if spans is None else [text[start:end] for start, end in spans]) == found


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Python 4"},
        {"summary": "about python"},
        {"media": (Media(kind="image", alt="A python asleep"),)},
        {"tags": ("python",)},
    ],
)
def test_find__elsewhere_in_the_post__matches_without_spans(fields):
    assert parse("python").find(said("look", **fields)) == ()


def test_find__tag_of_the_post__matches_the_tag_term():
    assert parse("#python").find(said("look", tags=("Python",))) == ()


def test_find__tag_of_the_post__is_not_the_phrase():
    assert parse('"climate change"').find(said("look", tags=("climatechange",))) is None


def test_find__word_in_text_and_title__spans_are_those_of_the_text():
    assert parse("python").find(said("a python", title="python")) == ((2, 8),)


words = st.text(st.characters(codec="utf-8", categories=["L", "Nd"]), min_size=1, max_size=8)
fillers = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@given(words, fillers, fillers)
def test_find__word_between_spaces__is_found_there(word, before, after):
    text = f"{before} {word} {after}"
    spans = Query(Term(kind="word", text=word)).find(said(text))
    assume("://" not in text)
    start = len(before) + 1
    assert spans is not None
    assert any(left <= start and start + len(word) <= right for left, right in spans)


@given(words, st.text(st.characters(codec="utf-8"), max_size=60))
def test_find__any_span__folds_to_the_term(word, text):
    term = Term(kind="word", text=word)
    text = f"{text}{word} {word.upper()}"
    for start, end in Query(term).find(said(text)) or ():
        part, needle = fold_term(text[start:end]), needle_of(term)
        assert needle.text in (part if needle.has_marks else without_marks(part)).text


@given(words, st.text(max_size=60))
def test_find__spans__are_disjoint_and_in_order(word, text):
    spans = Query(Term(kind="word", text=word)).find(said(f"{text} {word} {text}{word}")) or ()
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(start < end for start, end in spans)


def test_find__several_terms_over_one_post__folded_once():
    post = Searchable(said("Größe und python"))
    assert parse("python").matcher(post) == ((10, 16),)
    folded = post.text.marked
    assert parse("größe").matcher(post) == ((0, 5),)
    assert post.text.marked is folded


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("tea milk", "milk and tea", ["milk", "tea"]),
        ("tea OR milk", "more milk", ["milk"]),
        ("tea -milk", "tea", ["tea"]),
        ("(tea milk) OR cake", "tea and cake", ["cake"]),
        ('"red car" OR car', "a red car", ["red car"]),
        ("clim*", "climates, climbing", ["climates", "climbing"]),
        ("=NASA", "nasa NASA", ["NASA"]),
        ('="A a"', "a A a", ["A a"]),
        ("a NEAR/2 b", "a x b x x x a", ["a", "b"]),
        ('"a b c"~1', "b x a c x x a", ["b x a c"]),
        ("@ann", "hi @Ann@x.org", ["@Ann"]),
        ("tag~:now", "#ClimateNow", ["#ClimateNow"]),
        ("lang:und", "tea", []),
        ("-milk", "tea", []),
        ("text:tea", "tea", ["tea"]),
        ("title:tea OR milk", "tea milk", ["milk"]),
    ],
)
def test_find__joined_terms__spans_of_what_was_found(query, text, found):
    assert [text[start:end] for start, end in parse(query).find(said(text))] == found


def test_find__word_said_a_thousand_times__so_many_spans_and_no_more():
    assert len(parse("a").find(said("a " * 1000))) == MOST_SPANS


@pytest.mark.parametrize(
    ("query", "text", "clauses"),
    [
        ("tea milk", "tea", ("milk",)),
        ("tea milk -sugar", "sugar", ("tea", "milk", "NOT sugar")),
        ("tea (milk OR cream) lang:en", "tea", ("milk OR cream", "lang:en")),
        ("tea OR milk", "water", ("tea OR milk",)),
        ("tea NEAR/1 milk", "tea and milk", ("tea NEAR/1 milk",)),
        ("tea", "tea", ()),
    ],
)
def test_failing__names_the_clauses_from_left_to_right(query, text, clauses):
    assert parse(query).failing(said(text)) == clauses
