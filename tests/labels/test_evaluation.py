"""An evaluation recounted by hand and by scikit-learn; few posts are refused; posts without a label are in no figure."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from monitor.errors import UsageError
from monitor.labels.evaluation import FEWEST, Judged, evaluated, f1_figures

LABELS = ("negative", "neutral", "positive")


def judged(number, people, said, *, language="en", platform="x", rating=None, compound=None):
    return Judged(
        post=f"x:{number}", group=number, language=language, platform=platform, people=people, rating=rating, said=said,
        compound=compound,
    )  # fmt: skip


def many(people, said, times, **changes):
    return [judged(number, people, said, **changes) for number in range(times)]


def test_evaluated__figures_by_hand():
    posts = [
        *many("positive", "positive", 30, compound=0.8, language="de"),
        *many("positive", "negative", 10, compound=-0.6),
        *many("negative", "negative", 40, compound=-0.5),
        *many("negative", None, 7),
        *many(None, "positive", 5, compound=0.5),
    ]
    told = evaluated(posts, labels=LABELS)
    assert told.agreement.posts == 80
    assert told.unscored == 7
    assert told.agreement.confusion.counts == ((40, 0, 0), (0, 0, 0), (10, 0, 30))
    assert told.agreement.confusion.accuracy.share == 70 / 80
    assert told.agreement.macro_f1.value == pytest.approx((80 / 90 + 60 / 70) / 2)
    assert told.agreement.macro_f1.value in told.agreement.macro_f1.interval
    assert {key: part.posts for key, part in told.by_language.items()} == {"en": 50, "de": 30}
    assert {key: part.posts for key, part in told.by_platform.items()} == {"x": 80}
    assert told.r_of == "labels"
    assert told.r.value > 0.7


def test_r__is_of_ratings_where_there_are_any():
    posts = [judged(n, "positive", "positive", rating=n, compound=min(1, n / 40)) for n in range(40)]
    told = evaluated([*posts, *many("negative", "negative", 10, compound=-0.5)])
    assert (told.r_of, told.r.posts) == ("ratings", 40)
    assert told.r.value == pytest.approx(1)


def test_other_labels__have_no_r():
    told = evaluated([*many("for", "for", 20), *many("against", "for", 20)])
    assert (told.r, told.r_of) == (None, None)
    assert [one.label for one in told.agreement.by_label] == ["against", "for"]


def test_unknown_language__is_told_as_und():
    assert list(evaluated(many("positive", "positive", 40, language=None), labels=LABELS).by_language) == ["und"]


def test_few_posts__are_refused__and_how_many_are_missing_is_said():
    posts = [*many("positive", "positive", FEWEST - 4), *many("positive", None, 10)]
    with pytest.raises(UsageError, match=r"26 posts of 36 labelled ones .* 30 are needed: label at least 4 more"):
        evaluated(posts, labels=LABELS)


pairs = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=60)


@settings(deadline=None, max_examples=40)
@given(pairs)
def test_f1_figures__are_those_of_scikit_learn(said):
    people, scorer = map(list, zip(*said, strict=True))
    there = sorted({*people, *scorer})
    macro, *each = f1_figures(Counter(said), LABELS)
    assert macro == pytest.approx(f1_score(people, scorer, labels=there, average="macro", zero_division=0))
    theirs = dict(zip(there, f1_score(people, scorer, labels=there, average=None, zero_division=0), strict=True))
    assert each == [None if label not in theirs else pytest.approx(theirs[label]) for label in LABELS]
