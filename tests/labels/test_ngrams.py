"""What a model sees of a text: the same as scikit-learn's own analyzers see, less addresses and names."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from monitor.labels.ngrams import LONGEST_READ, folded, runs, words

texts = st.text(st.sampled_from("ab c.é今 \n😀"), max_size=30)


@settings(deadline=None)
@given(texts)
def test_words_and_runs__are_those_of_scikit_learn(text):
    by_word = CountVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), lowercase=False).build_analyzer()
    by_run = CountVectorizer(analyzer="char_wb", ngram_range=(2, 4), lowercase=False).build_analyzer()
    assert sorted(words(text)) == sorted(by_word(text))
    assert sorted(runs(text)) == sorted(by_run(text))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("GREAT Straße", "great strasse"),
        ("so ｇｏｏｄ", "so good"),
        ("see https://x.example/good-news now", "see   now"),
        ("@ann thanks @bob@x.example!", "  thanks  !"),
    ],
)
def test_folded__no_capitals_addresses_or_names(text, read):
    assert folded(text) == read


def test_long_text__is_cut():
    assert len(folded("ab " * LONGEST_READ)) <= LONGEST_READ


def test_script_without_spaces__has_runs():
    assert {"最高", "高の", " 最"} <= set(runs("最高の一日"))
