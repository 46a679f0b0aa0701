"""Labels in their stored form, and what several raters say together."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.labels.judgement import Judgement, canonical, label_set, of_sentiment, verdict


def judgement(post, rater, label, rating=None):
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return Judgement(post=post, label_set="sentiment", rater=rater, label=label, rating=rating, at=at, file="a.csv")


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("pos", "positive"),
        (" POSITIVE ", "positive"),
        ("neu", "neutral"),
        ("Neg", "negative"),
        ("-1", "negative"),
        ("0", "neutral"),
    ],
)
def test_sentiment__synonyms(typed, label):
    assert canonical(typed, label_set="sentiment") == label


def test_sentiment__another_word__says_what_there_is():
    with pytest.raises(UsageError, match=r"'angry' is none of negative, neutral, positive \(or pos, neu, neg\)"):
        canonical("angry", label_set="sentiment")


@pytest.mark.parametrize(
    ("typed", "label"), [("For", "for"), ("  off   topic ", "off topic"), ("賛成", "賛成"), ("pos", "pos")]
)
def test_other_sets__any_words(typed, label):
    assert canonical(typed, label_set="stance") == label


@pytest.mark.parametrize("typed", ["", "\x1b[31m", "x" * 61, "a\u202eb"])
def test_other_sets__what_cannot_be_printed__is_refused(typed):
    with pytest.raises(UsageError, match="is no label"):
        canonical(typed, label_set="stance")


@pytest.mark.parametrize("name", ["", "Stance", "a b", "../x", "a\n", "x" * 41])
def test_set__no_name__is_refused(name):
    with pytest.raises(UsageError, match="no name of a label set"):
        label_set(name)


def test_of_sentiment():
    assert of_sentiment({"positive", "negative"})
    assert not of_sentiment({"positive", "for"})
    assert not of_sentiment(())


def test_verdict__the_majority__ties_have_none__ratings_are_averaged():
    said = verdict(
        [
            judgement("x:1", "ann", "positive", 1.0), judgement("x:1", "bob", "positive", 2.0), judgement("x:1", "cy", "negative"),
            judgement("x:2", "ann", "positive"), judgement("x:2", "bob", "negative"),
            judgement("x:3", "ann", None, -2.0),
        ]
    )  # fmt: skip
    assert said.labels == {"x:1": "positive"}
    assert said.ties == {"x:2"}
    assert said.ratings == {"x:1": 1.5, "x:3": -2.0}


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["for", "against", "neither"]), min_size=1, max_size=9), st.randoms())
def test_verdict__does_not_depend_on_the_order(labels, random):
    judgements = [judgement("x:1", str(number), label) for number, label in enumerate(labels)]
    shuffled = random.sample(judgements, k=len(judgements))
    assert verdict(judgements) == verdict(shuffled)
    most = max(labels.count(label) for label in labels)
    winners = {label for label in labels if labels.count(label) == most}
    assert (verdict(judgements).labels.get("x:1") is None) == (len(winners) > 1)
