"""`monitor labels list` and `monitor labels show` as they are typed."""

import json

from monitor.errors import UsageError


def test_show__counts_raters_and_agreement(command, stored, imported):
    labelled = stored(seed=1, count=60)
    imported(labelled, "--rater", "ann")
    differing = [(post, "neutral" if at < 6 else label) for at, (post, label) in enumerate(labelled[:40])]
    imported(differing, "--rater", "bob")
    told = json.loads(command("labels", "show", "sentiment", "--json").stdout)
    assert (told["posts"], told["judgements"], told["raters"]) == (60, 100, {"ann": 60, "bob": 40})
    assert sum(told["labels"].values()) == 100
    assert told["ties"] == sum(one[1] != other[1] for one, other in zip(labelled, differing, strict=False)) > 0
    assert told["alpha_posts"] == 40
    low, high = told["alpha_interval"]
    assert 0.6 < low < told["alpha"] < high <= 1
    (pair,) = told["kappas"]
    assert (pair["raters"], pair["posts"]) == (["ann", "bob"], 40)
    text = command("labels", "show", "sentiment").stdout
    assert f"Krippendorff's alpha {told['alpha']:.2f} ({low:.2f} to {high:.2f}) on 40 posts" in text
    assert f"Cohen's kappa of ann and bob: {pair['kappa']:.2f} on 40 posts" in text


def test_show__one_rater__asks_for_a_second(command, stored, imported):
    imported(stored(seed=1, count=5))
    assert "let a second person label some of them" in command("labels", "show", "sentiment").stdout


def test_show__no_such_set__names_those_there_are(command, stored, imported):
    imported(stored(seed=1, count=5), "--set", "tone")
    error = command("labels", "show", "stance").exception
    assert isinstance(error, UsageError)
    assert "no labels in the set 'stance'; the sets are: tone" in str(error)


def test_list__sets_and_no_model(command, stored, imported):
    assert "There are no labels. To begin: monitor labels sample" in command("labels", "list").stderr
    labelled = stored(seed=1, count=5)
    imported(labelled)
    imported(labelled, "--set", "tone", "--rater", "ann")
    told = json.loads(command("labels", "list", "--json").stdout)
    assert [(each["set"], each["posts"], each["raters"]) for each in told["sets"]] == [
        ("sentiment", 5, {"unnamed": 5}),
        ("tone", 5, {"ann": 5}),
    ]
    assert told["models"] == []
    assert command("labels", "list").stdout.split()[:5] == ["set", "posts", "raters", "labels", "sentiment"]
