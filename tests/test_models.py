"""Trained models on disk: versioned, checked as they are read, and never run."""

import json
import pickle
import stat

import msgspec
import pytest

from monitor.errors import ConfigurationError, UsageError
from monitor.labels.held_out import Beside, Figure, HeldOut, sentence
from monitor.labels.model import FORM, Model, Trained, read_model, written
from monitor.models import Models, model_name
from monitor.sentiment.scorer import named

FIGURE = Figure(value=0.8, low=0.75, high=0.85)


def a_model(**changes):
    told = {
        "form": FORM, "name": "mood", "number": 1, "label_set": "sentiment", "labels": ("negative", "positive"),
        "languages": ("de",), "intercepts": (0.0, 0.1), "words": {"gut": (1.5, -1.0, 1.0)}, "runs": {" g": (1.0, -0.5, 0.5)},
    }  # fmt: skip
    return Model(**told | changes)


def a_held_out(model, **changes):
    told = {
        "model": model.name, "version": model.version, "label_set": model.label_set, "of_sentiment": True,
        "labels": model.labels, "posts": 400, "groups": 200, "folds": 5, "seed": 0, "confusion": ((180, 20), (30, 170)),
        "accuracy": FIGURE, "macro_f1": FIGURE, "f1": {"negative": FIGURE, "positive": FIGURE}, "beside": None,
        "trained_at": "2026-11-29T10:00:00.000Z", "made_with": "x", "digest": "0", "trained_on": ("x:1",),
    }  # fmt: skip
    return HeldOut(**told | changes)


@pytest.fixture
def models(tmp_path):
    return Models(tmp_path / "home")


def test_add__numbers_go_up__the_newest_is_used__the_old_ones_stay(models):
    one, _, path = models.add(a_model(), a_held_out)
    other, held_out, _ = models.add(a_model(intercepts=(0.5, 0.5)), a_held_out)
    assert (one.number, other.number) == (1, 2)
    assert models.newest() == {"mood": 2}
    assert models.model("mood") == other
    assert models.held_out("mood") == held_out
    assert models.held_out("mood", 1).version == one.version
    assert read_model(path.read_bytes()) == one
    assert sorted(each.name for each in models.folder.iterdir()) == [
        "mood.1.evaluation.json", "mood.1.json", "mood.2.evaluation.json", "mood.2.json",
    ]  # fmt: skip


def test_add__only_its_owner_reads_it(models):
    """It holds words of posts and the ids of those it was trained on."""
    *_, path = models.add(a_model(), a_held_out)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(models.folder.stat().st_mode) == 0o700


def test_version__is_another_for_other_numbers():
    assert a_model().version != a_model(intercepts=(0.0, 0.2)).version
    assert a_model().version == a_model().version
    assert a_model().version.startswith("1-")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (pickle.dumps({"form": 1}), "is no model"),
        (b"{}", "is no model"),
        (b"[" * 100_000, "is no model"),
        (written(a_model(form=2)), "its form is 2"),
        (written(a_model(words={"gut": (1.0, 2.0)})), "one weight for each label"),
        (written(a_model(intercepts=(0.0,))), "one intercept"),
        (written(a_model(name="other")), "another model than its name says"),
        (written(a_model(intercepts=(9.0, 0.1))), "not the model that was evaluated"),
        (written(a_model()).replace(b"0.1", b"1e999"), "no model"),
    ],
)
def test_model__file_is_not_what_it_should_be__is_refused(models, content, why):
    *_, path = models.add(a_model(), a_held_out)
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=why) as raised:
        models.model("mood")
    assert str(path) in str(raised.value)


def test_held_out__damaged__is_refused(models):
    *_, path = models.add(a_model(), a_held_out)
    path.with_suffix(".evaluation.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="no evaluation of a model"):
        models.held_out("mood")


def test_model__there_is_none__says_which_there_are(models):
    with pytest.raises(UsageError, match=r"no trained model 'x'; there are: none\. To make one: monitor labels train"):
        models.model("x")
    models.add(a_model(), a_held_out)
    with pytest.raises(UsageError, match="there are: mood"):
        models.model("../mood")


def test_scorers__are_found_by_name_as_others_are(models):
    models.add(a_model(), a_held_out)
    scorer = named("mood", models.scorers())
    assert isinstance(scorer, Trained)
    assert scorer.score("Gut", "de").label == "positive"
    with pytest.raises(UsageError, match=r"no scorer 'x'; installed are: .*vader.*; trained here are: mood"):
        named("x", models.scorers())


def test_scorers__a_model_of_other_labels__is_none(models):
    models.add(a_model(labels=("against", "for")), lambda model: a_held_out(model, of_sentiment=False))
    with pytest.raises(UsageError, match=r"which are no sentiment.*monitor labels predict"):
        named("mood", models.scorers())


def test_trained__two_labels__shares_and_compound_by_hand():
    """Of "gut": word 1.5 / 1.5, run " g" of four runs, of which one is known: logits -1.5 and 1.6."""
    score = Trained(a_model()).score("gut", "de")
    assert (score.positive, score.negative, score.neutral) == (0.957, 0.043, 0.0)
    assert score.compound == 0.9138


@pytest.mark.parametrize("name", ["", "Mood", "a/b", "..", "a.1", "x" * 41])
def test_model_name__that_cannot_be__is_refused(name):
    with pytest.raises(UsageError, match="no name of a model"):
        model_name(name)


def test_model_name__of_an_installed_scorer__is_refused():
    with pytest.raises(UsageError, match="There is a scorer vader"):
        model_name("vader")


# ---- the sentence


@pytest.mark.parametrize(
    ("low", "high", "judged"),
    [(0.1, 0.3, "the model is better"), (-0.3, -0.1, "VADER is better"), (-0.1, 0.1, "no difference can be told")],
)
def test_sentence__f1_beside_vader_on_the_same_posts(low, high, judged):
    beside = Beside(
        posts=150, model=FIGURE, vader=Figure(value=0.6, low=0.5, high=0.7), difference=Figure(value=0.2, low=low, high=high)
    )
    model = a_model()
    told = sentence(a_held_out(model, beside=beside), outdated=False)
    assert told == (
        f"mood {model.version} is trained on 1 labels of sentiment: held-out macro F1 0.80 (0.75 to 0.85); VADER's 0.60 (0.50 to 0.70) "
        f"on the 150 of them that it scores, where the model has 0.80 (0.75 to 0.85): {judged}."
    )
    told = sentence(a_held_out(model, beside=msgspec.structs.replace(beside, posts=400)), outdated=False)
    assert f"VADER's 0.60 (0.50 to 0.70) on the same posts: {judged}." in told


def test_sentence__other_labels_or_languages__say_so():
    assert "VADER gives no such labels" in sentence(a_held_out(a_model(), of_sentiment=False), outdated=False)
    assert "VADER scores none of these posts" in sentence(a_held_out(a_model()), outdated=False)


def test_sentence__out_of_date__says_what_to_type():
    told = sentence(a_held_out(a_model()), outdated=True)
    assert told.endswith(
        "It is out of date: the labels of sentiment changed since. To train it anew: monitor labels train --set sentiment --name mood"
    )


def test_written__is_plain_json():
    assert json.loads(written(a_model()))["words"] == {"gut": [1.5, -1.0, 1.0]}
