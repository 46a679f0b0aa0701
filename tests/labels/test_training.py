"""A model learns in any language and label set; what it says is what scikit-learn says; nothing leaks between the parts of its test."""

import sys
from collections import Counter
from dataclasses import replace

import pytest
from sklearn.model_selection import StratifiedGroupKFold

from monitor.errors import Fatal, UsageError
from monitor.labels import training
from monitor.labels.kin import kin
from monitor.labels.model import Trained, read_model, written
from monitor.labels.training import FOLDS, Example, fit, model_of, trained
from monitor.sentiment.scorer import attempt
from monitor.sentiment.vader import Vader
from monitor.text.utterance import utterance

STANCE = {"positive": "for", "neutral": "off topic", "negative": "against"}


@pytest.fixture(scope="module")
def examples(labelled_posts):
    """Make examples from the generator's posts."""

    def made(**how):
        labelled = labelled_posts(**how)
        posts = [post for post, _ in labelled]
        return [
            Example(
                post=post.id,
                text=utterance(post),
                label=label,
                group=group,
                vader=attempt(Vader(), utterance(post), post.language).label,
            )
            for (post, label), group in zip(labelled, kin(posts), strict=True)
        ]

    return made


@pytest.mark.parametrize("names", [{}, {"neutral": "negative"}], ids=["three labels", "two labels"])
def test_model__says_what_scikit_learn_says(examples, names):
    """The chances, on texts it has and has not seen, from the numbers alone."""
    seen = examples(seed=1, count=240, languages=("en", "de", "ja"), names=names)
    fitted = fit([one.text for one in seen], [one.label for one in seen])
    model = read_model(written(model_of(fitted, name="m", label_set="sentiment", languages=None)))
    texts = [one.text for one in seen + examples(seed=2, count=200, languages=("en", "de", "ja"))]
    texts += ["", "@ann https://x.example", "GREAT great great!!", "最高", "\x00 \ud800 a" * 3]
    theirs, said = fitted.chances(texts), fitted.predict(texts)
    furthest = max(
        abs(ours - other)
        for text, row in zip(texts, theirs, strict=True)
        for ours, other in zip(model.chances(text).values(), row, strict=True)
    )
    equal = sum(model.label(text) == label for text, label in zip(texts, said, strict=True))
    print(f"{equal} of {len(texts)} labels equal, chances at most {furthest:.1e} apart")
    assert equal == len(texts)
    assert furthest < 1e-12


def test_trained__learns_any_language_and_labels(examples):
    seen = examples(seed=3, count=200, languages=("ja",), names=STANCE)
    tested = trained(seen, name="m", label_set="stance", languages=None)
    print(f"Japanese stances: held-out macro F1 {tested.agreement.macro_f1.value:.2f} {tested.agreement.macro_f1.interval}")
    assert tested.model.labels == ("against", "for", "off topic")
    assert 0.7 < tested.agreement.macro_f1.value < 0.97  # 10 % of the labels are noise that nobody can foresee
    assert tested.agreement.posts == 200
    assert tested.beside is None


def test_trained__beside_vader__and_no_kin_on_both_sides(examples, monkeypatch):
    seen = examples(seed=4, count=260, languages=("en", "de"))
    parts = []

    class Watched(StratifiedGroupKFold):
        def split(self, *arguments):
            for learned, tried in super().split(*arguments):
                parts.append((learned, tried))
                yield learned, tried

    monkeypatch.setattr("sklearn.model_selection.StratifiedGroupKFold", Watched)
    beside = trained(seen, name="m", label_set="sentiment", languages=None).beside
    print(f"on {beside.posts} English posts: model {beside.model}, VADER {beside.vader}, difference {beside.difference}")
    assert beside.posts == sum(one.vader is not None for one in seen)
    assert beside.difference.value == pytest.approx(beside.model.value - beside.vader.value, abs=0.0002)
    assert beside.model.value > 0.75
    assert len(parts) == FOLDS
    for learned, tried in parts:
        assert not {seen[at].group for at in learned} & {seen[at].group for at in tried}
    assert Counter(at for _, tried in parts for at in tried) == Counter(range(len(seen)))


def test_trained__same_seed_same_model__to_the_byte(examples):
    seen = examples(seed=5, count=80)
    one, other = (trained(seen, name="m", label_set="sentiment", languages=["en"]) for _ in range(2))
    assert written(one.model) == written(other.model)
    assert one.agreement == other.agreement


def test_labels_that_mean_nothing__give_no_better_than_chance(examples):
    """Each post is there twice, and its words say nothing of its label: who knows the copy knows the label."""
    seen = examples(seed=6, count=90, noise=1.0)
    copies = [replace(one, post=f"{one.post}/copy") for one in seen]
    honest = trained([*seen, *copies], name="m", label_set="sentiment", languages=None).agreement.macro_f1
    apart = [replace(one, group=at) for at, one in enumerate([*seen, *copies])]
    leaking = trained(apart, name="m", label_set="sentiment", languages=None).agreement.macro_f1
    print(f"labels by lot, each post twice: macro F1 {honest.value:.2f} with kin on one side, {leaking.value:.2f} without")
    assert honest.value < 0.45
    assert leaking.value > 0.8


def test_too_few_of_a_label__says_which_and_how_many_are_needed(examples):
    seen = examples(seed=8, count=60)
    rare = [one for one in seen if one.label != "neutral"] + [one for one in seen if one.label == "neutral"][:7]
    with pytest.raises(UsageError, match=r"neutral has 7 posts by \d independent authors.*needs 20 posts by 5 authors"):
        trained(rare, name="m", label_set="sentiment", languages=None)


def test_one_author__is_too_few(examples):
    seen = [replace(one, group=1) for one in examples(seed=8, count=120)]
    with pytest.raises(UsageError, match="by 1 independent authors"):
        trained(seen, name="m", label_set="sentiment", languages=None)


def test_one_label__is_refused(examples):
    seen = [replace(one, label="positive") for one in examples(seed=8, count=60)]
    with pytest.raises(UsageError, match="at least two labels"):
        trained(seen, name="m", label_set="sentiment", languages=None)


def test_nothing_in_common__is_refused():
    with pytest.raises(UsageError, match="anything in common"):
        fit(["ab", "cde"], ["x", "y"])


def test_without_scikit_learn__says_what_to_install(examples, monkeypatch):
    seen = examples(seed=8, count=30)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(Fatal, match=r"pip install 'scikit-learn>=1.6'"):
        trained(seen, name="m", label_set="sentiment", languages=None)


def test_scoring__needs_neither_scikit_learn_nor_numpy(examples, monkeypatch):
    seen = examples(seed=9, count=100)
    model = model_of(
        training.fit([one.text for one in seen], [one.label for one in seen]), name="m", label_set="sentiment", languages=["en"]
    )
    for name in ("sklearn", "numpy", "scipy"):
        monkeypatch.setitem(sys.modules, name, None)
    scorer = Trained(read_model(written(model)))
    assert attempt(scorer, "what a lovely great train", "en").label == "positive"
    assert attempt(scorer, "awful and grim", "en").compound < 0
    assert attempt(scorer, "toll", "de").reason == "language de"
    assert attempt(scorer, " ", "en").reason == "no text"
