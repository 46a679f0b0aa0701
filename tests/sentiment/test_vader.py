"""Scores are those of the package, in time that grows with the text; what cannot be scored says why."""

import random
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from monitor.sentiment import vader
from monitor.sentiment.vader import score

# Every word that a rule knows, and plain ones between them.
WORDS = (
    "good bad great terrible love lol :) :( ! ?? 😀 👎 the of a film and but BUT Not never so this without doubt least at very "
    "kind sort no or nor isn't n't GREAT REALLY extremely hardly shit ass bomb cut mustard hand mouth yeah right kiss death "
    "upper break leg cooking gas back handed blow off"
).split()


ORACLE = SentimentIntensityAnalyzer()


def shares(text: str) -> dict[str, float]:
    scored = score(text, "en")
    return {"neg": scored.negative, "neu": scored.neutral, "pos": scored.positive, "compound": scored.compound}


def test_score__sentences_of_rule_words__equal_to_the_package():
    """20,000 sentences with a fixed seed, each number the same to the last digit."""
    draw = random.Random(20)
    sentences = (" ".join(draw.choices(WORDS, k=draw.randint(1, 25))) for _ in range(20_000))
    assert [text for text in sentences if shares(text) != ORACLE.polarity_scores(text)] == []


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=8), min_size=1).map(" ".join).filter(str.strip))
def test_score__any_text__equal_to_the_package(text):
    assert shares(text) == ORACLE.polarity_scores(text)


@pytest.mark.parametrize(
    ("text", "label"),
    [("What a wonderful day!", "positive"), ("This is terrible.", "negative"), ("The train leaves at ten.", "neutral")],
)
def test_score__plain_sentences__label(text, label):
    assert score(text, "en").label == label


@pytest.mark.parametrize(
    ("compound", "label"),
    [(0.05, "positive"), (0.0499, "neutral"), (0.0, "neutral"), (-0.0499, "neutral"), (-0.05, "negative")],
)
def test_label__at_the_published_thresholds(compound, label):
    assert vader._label(compound) == label


@pytest.mark.parametrize("language", ["en", "en-GB", "en_us", "EN"])
def test_score__english_however_it_is_written__is_scored(language):
    assert score("good", language).label == "positive"


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("gut", "de", "language de"),
        ("gut", "de-AT", "language de"),
        ("good", None, "language unknown"),
        ("good", "", "language unknown"),
        ("", "en", "no text"),
        (" \n ", "en", "no text"),
    ],
)
def test_score__cannot_be_scored__no_label_and_the_reason(text, language, reason):
    unscored = score(text, language)
    assert (unscored.label, unscored.compound, unscored.reason) == (None, None, reason)


def test_score__names_scorer_and_version():
    assert (score("good", "en").scorer, score("gut", "de").version) == ("vader", "3.3.2")


@pytest.mark.parametrize("unit", ["😀", "good ", "but good bad ", "good not film but ", "GOOD ", "! "])
def test_score__text_of_eight_times_the_length__takes_no_more_than_about_eight_times_as_long(unit):
    """The package takes 64 times as long; one post could stop a crawler for seconds. 20 leaves room for a busy machine."""
    score("warm", "en")

    def seconds(text):
        begun = process_time()
        score(text, "en")
        return process_time() - begun

    short, long = unit * 1000, unit * 8000
    assert min(seconds(long) for _ in range(3)) < 20 * max(min(seconds(short) for _ in range(5)), 0.001)
