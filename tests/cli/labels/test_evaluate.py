"""`monitor labels evaluate` as it is typed: figures against a recount, intervals that hold the truth, and refusals."""

import json
from collections import Counter

import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from monitor.errors import UsageError
from monitor.query.refusal import QueryError
from monitor.scope import parse


def told(result):
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def test_json__every_figure_is_a_recount(command, stored, imported):
    labelled = stored(seed=2, count=200, languages=("en", "de"))
    imported(labelled)
    found = told(command("labels", "evaluate", "--json"))
    both = [(label, post.sentiment.label) for post, label in labelled if post.sentiment.label is not None]
    people, said = zip(*both, strict=True)
    evaluation = found["evaluation"]
    assert (found["set"], found["scorer"], found["version"]) == ("sentiment", "vader", "3.3.2")
    assert (found["labelled"], evaluation["posts"], evaluation["unscored"]) == (200, len(both), 200 - len(both))
    assert evaluation["labels"] == ["negative", "neutral", "positive"]
    assert evaluation["confusion"] == confusion_matrix(people, said).tolist()
    assert evaluation["accuracy"] == pytest.approx(accuracy_score(people, said))
    assert evaluation["macro_f1"] == pytest.approx(f1_score(people, said, average="macro"))
    assert [one["f1"] for one in evaluation["by_label"]] == pytest.approx(f1_score(people, said, average=None))
    assert [(part["language"], part["posts"]) for part in evaluation["by_language"]] == [("en", len(both))]
    platforms = Counter(post.platform for post, _ in labelled if post.sentiment.label is not None)
    assert {part["platform"]: part["posts"] for part in evaluation["by_platform"]} == platforms
    assert evaluation["r_of"] == "labels"
    for name in ("accuracy", "macro_f1", "r"):
        low, high = evaluation[f"{name}_interval"]
        assert low < evaluation[name] < high
    print(f"VADER on {len(both)} made posts: macro F1 {evaluation['macro_f1']:.2f} {evaluation['macro_f1_interval']}")


def test_text__matrix_figures_and_how_the_intervals_are_made(command, stored, imported):
    labelled = stored(seed=2, count=90)
    imported(labelled, "--rater", "ann")
    imported([(post, "neutral") for post, _ in labelled[:10]], "--rater", "bob")
    shown = command("labels", "evaluate", "--seed", "7").stdout
    ties = sum(label != "neutral" for _, label in labelled[:10])
    assert f"vader 3.3.2 on {90 - ties} posts labelled in sentiment" in shown
    assert f"not among them: {ties} on which raters are evenly divided" in shown
    for word in ("macro F1", "Pearson's r", "people \\ scorer", "precision", "recall", "Wilson", "seed 7"):
        assert word in shown


def test_scope__only_its_posts(command, stored, imported):
    labelled = stored(seed=2, count=120)
    imported(labelled)
    found = told(command("labels", "evaluate", "platform=mastodon", "--json"))
    assert found["evaluation"]["posts"] == sum(post.platform == "mastodon" for post, _ in labelled)
    assert [part["platform"] for part in found["evaluation"]["by_platform"]] == ["mastodon"]


def test_few_labels__are_refused__and_how_many_are_needed_is_said(command, stored, imported):
    imported(stored(seed=2, count=20))
    assert "20 posts have a label by people and one by the scorer, and 30 are needed: label at least 10 more" in str(
        command("labels", "evaluate").exception
    )
    assert "no labels in the set 'stance'" in str(command("labels", "evaluate", "--set", "stance").exception)


def test_labels_that_the_scorer_never_says__are_refused(command, stored, imported):
    imported([(post, "for") for post, _ in stored(seed=2, count=40)], "--set", "stance")
    error = command("labels", "evaluate", "--set", "stance").exception
    assert isinstance(error, UsageError)
    assert "People gave the labels for, and vader says negative, neutral, positive" in str(error)


@pytest.mark.parametrize("words", [("nonsense",), ("--correct", "nonsense")])
def test_scope__cannot_be_read__is_refused(command, words):
    assert isinstance(command("labels", "evaluate", *words).exception, QueryError)


def test_correct__raw_shares_are_off__the_interval_holds_the_truth(command, stored, imported):
    """600 posts of which 250 are labelled; VADER does not know half of the words."""
    labelled = stored(seed=5, count=600)
    imported(labelled[:250])
    found = told(command("labels", "evaluate", "--correct", "lang=en", "--json"))["corrected"]
    truth, raw = Counter(label for _, label in labelled), Counter(post.sentiment.label for post, _ in labelled)
    assert (found["posts"], found["left_out"], found["labelled"]) == (600, 0, 250)
    missed = {}
    for share in found["shares"]:
        low, high = share["share_interval"]
        true = truth[share["label"]] / 600
        assert share["counted"] == raw[share["label"]] / 600
        assert low <= true <= high
        missed[share["label"]] = round(abs(share["counted"] - true), 3), round(abs(share["share"] - true), 3)
    print(f"off by, as scored and corrected: {missed}")
    assert max(raw for raw, _ in missed.values()) > max(corrected for _, corrected in missed.values())
    assert sum(share["share"] for share in found["shares"]) == pytest.approx(1)
    assert parse(found["scope"], now=labelled[0][0].created_at).as_of is not None


def test_correct__text__says_from_how_many_labels_and_what_it_rests_on(command, stored, imported):
    imported(stored(seed=5, count=100)[:60])
    shown = command("labels", "evaluate", "--correct", "platform=bluesky").stdout
    assert "corrected for the errors measured on 60 labelled posts" in shown
    assert "as far as the scorer errs on these posts as it does on those that were labelled" in shown


def test_correct__no_scored_post__is_refused(command, stored, imported):
    imported(stored(seed=5, count=60))
    assert "No post of the scope platform=feeds has a label by vader" in str(
        command("labels", "evaluate", "--correct", "platform=feeds").exception
    )
