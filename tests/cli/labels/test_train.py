"""`monitor labels train` as it is typed, and that no model is shown anywhere without its held-out figures beside VADER's."""

import csv
import io
import json
import sys

from monitor.errors import Fatal
from monitor.labels.kin import kin

STANCE = {"positive": "for", "neutral": "off topic", "negative": "against"}


def test_a_model_of_sentiment__from_labels_to_scored_posts(command, stored, imported, with_store):
    labelled = stored(seed=11, count=260, languages=("en", "de"))
    imported(labelled[:200])
    told = command("labels", "train", "--name", "mood")
    assert told.exit_code == 0, told.exception
    says = told.stdout.splitlines()[0]
    print(says)
    assert says.startswith("mood 1-")
    assert "is trained on 200 labels of sentiment: held-out macro F1 0." in says
    assert "VADER's 0." in says
    assert "It knows posts in de, en. To use it: monitor score --scorer mood --rescore" in told.stderr

    # nothing is measured on what was learned; of the 60 posts that are not labelled nothing is known
    refused = str(command("labels", "evaluate", "--scorer", "mood").exception)
    assert refused.startswith(says)
    assert "Besides, 0 labelled posts that it was not trained on" in refused

    scored = command("score", "--scorer", "mood", "--rescore")
    assert scored.stdout.startswith("scored 260 (0 without a label)")
    assert says in scored.stderr
    post, label = next((post, label) for post, label in labelled if "toll" in post.text and label == "positive")
    sentiment = with_store(lambda store: store.posts.find(post.id)).sentiment
    assert (sentiment.scorer, sentiment.version, sentiment.label) == ("mood", says.split()[1], label)

    # wherever its name or what it said is shown
    typed = ("why", "--text", "toll", "--language", "de", "--scorer", "mood")
    for words in (("posts", "--limit", "1"), ("stats", "--json"), ("why", post.id), typed, ("labels", "show", "sentiment")):
        shown = command(*words)
        assert shown.exit_code == 0, shown.exception
        assert shown.stderr.count(says) == 1, words
    assert says in command("labels", "list").stdout
    assert json.loads(command("labels", "list", "--json").stdout)["models"][0]["held_out"] == says

    # shares of all posts are corrected by the held-out errors
    found = json.loads(command("labels", "evaluate", "--scorer", "mood", "--correct", "", "--json").stdout)
    assert (found["evaluation"], found["held_out"]) == (None, says)
    assert (found["corrected"]["posts"], found["corrected"]["labelled"]) == (260, 200)
    for share in found["corrected"]["shares"]:
        low, high = share["share_interval"]
        assert low <= sum(label == share["label"] for _, label in labelled) / 260 <= high

    # more labels: those alone are measured, kin of the learned ones excluded, and the model is out of date
    imported(labelled)
    groups = kin([post for post, _ in labelled])
    fresh = sum(group not in groups[:200] for group in groups[200:])
    found = json.loads(command("labels", "evaluate", "--scorer", "mood", "--json").stdout)
    assert 30 <= found["evaluation"]["posts"] == found["fresh"] == fresh < 60
    assert "It is out of date: the labels of sentiment changed since." in command("labels", "list").stdout
    again = command("labels", "train", "--name", "mood", "--language", "de")
    assert again.stdout.startswith("mood 2-")
    assert "VADER scores none of these posts" in again.stdout
    assert "out of date" not in command("labels", "list").stdout


def test_a_model_of_other_labels__predicts_and_is_no_scorer(command, stored, imported):
    labelled = stored(seed=12, count=150, languages=("ja",), names=STANCE)
    imported(labelled, "--set", "stance")
    told = command("labels", "train", "--set", "stance")
    assert told.exit_code == 0, told.exception
    says = told.stdout.splitlines()[0]
    assert says.startswith("trained-stance 1-")
    assert "VADER gives no such labels" in says
    assert "which are no sentiment" in str(command("score", "--scorer", "trained-stance").exception)
    stored(seed=13, count=20)
    table = command("labels", "predict", "--model", "trained-stance")
    assert says in table.stderr
    assert "150 posts of all posts, 20 left out" in table.stderr
    assert sum(int(line.split()[-2]) for line in table.stdout.splitlines()[1:]) == 150
    rows = list(
        csv.DictReader(io.StringIO(command("labels", "predict", "lang=ja", "--model", "trained-stance", "--csv").stdout))
    )
    lines = [
        json.loads(line)
        for line in command("labels", "predict", "lang=ja", "--model", "trained-stance", "--jsonl").stdout.splitlines()
    ]
    assert [(row["id"], row["label"]) for row in rows] == [(line["id"], line["label"]) for line in lines]
    there = {post.id: label for post, label in labelled}
    assert sum(there[row["id"]] == row["label"] for row in rows) > 120
    assert rows[0]["version"] == says.split()[1]


def test_train__what_cannot_be__is_said(command, stored, imported, monkeypatch):
    assert "no name of a model" in str(command("labels", "train", "--name", "A B").exception)
    assert "There is a scorer vader" in str(command("labels", "train", "--name", "vader").exception)
    assert "no labels in the set 'sentiment'" in str(command("labels", "train").exception)
    imported(stored(seed=11, count=40))
    assert "Too few labelled posts" in str(command("labels", "train").exception)
    assert "nothing to learn from" in str(command("labels", "train", "--language", "fr").exception)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    error = command("labels", "train").exception
    assert isinstance(error, Fatal)
    assert "pip install 'scikit-learn>=1.6'" in str(error)
