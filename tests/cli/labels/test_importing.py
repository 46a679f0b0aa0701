"""`monitor labels import` as it is typed: all or nothing, all mistakes at once, and the same file twice."""

import csv

from monitor.errors import UsageError
from monitor.store.labels import Labels


def labels(with_store, name="sentiment"):
    return {
        (each.post, each.rater): (each.label, each.rating)
        for each in with_store(lambda store: Labels(store.database).of_set(name))
    }


def test_sample_filled_in__is_read_back__and_again_changes_nothing(command, stored, with_store, tmp_path):
    there = {post.id: label for post, label in stored(seed=1, count=12)}
    path = tmp_path / "a.csv"
    command("labels", "sample", "--out", str(path), "--size", "10")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    filled = [rows[0], *([*row[:3], there[row[0]][:3]] for row in rows[1:9]), *rows[9:]]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(filled)
    told = command("labels", "import", str(path), "--rater", "ann")
    assert (told.exit_code, told.stdout) == (0, "sentiment: 8 new, 0 changed, 0 as before, 2 rows without a label\n")
    assert labels(with_store) == {(row[0], "ann"): (there[row[0]], None) for row in rows[1:9]}
    again = command("labels", "import", str(path), "--rater", "ann")
    assert again.stdout == "sentiment: 0 new, 0 changed, 8 as before, 2 rows without a label\n"
    assert command("labels", "import", str(path), "--rater", "bob").stdout.startswith("sentiment: 8 new")


def test_mistakes__all_at_once__nothing_is_imported(command, stored, with_store, tmp_path):
    stored(seed=1, count=3)
    path = tmp_path / "a.csv"
    path.write_text(
        "id,url,label\nhttps://en.example/0,,pos\nhttps://en.example/1,,angry\nx:\x1b9,,neg\n,https://no.example/,neg\n"
    )
    told = command("labels", "import", str(path))
    assert isinstance(told.exception, UsageError)
    assert str(told.exception).splitlines() == [
        (
            f"{path}:3: the label 'angry' is none of negative, neutral, positive (or pos, neu, neg); for other labels name a set of "
            "their own with --set"
        ),
        f"{path}:4: no stored post has the id x:\N{REPLACEMENT CHARACTER}9",
        f"{path}:5: no stored post has the url https://no.example/",
        "3 lines cannot be imported, so nothing was imported. Mend these lines, or import the others with --partial.",
    ]
    assert labels(with_store) == {}
    partly = command("labels", "import", str(path), "--partial")
    assert (partly.exit_code, partly.stdout) == (6, "sentiment: 1 new, 0 changed, 0 as before\n")
    assert len(partly.stderr.splitlines()) == 3
    assert labels(with_store) == {("https://en.example/0", "unnamed"): ("positive", None)}


def test_by_url__other_labels__ratings__raters_in_a_column(command, stored, with_store, tmp_path):
    stored(seed=1, count=3)
    path = tmp_path / "a.csv"
    path.write_text(
        "url;stance;label;rating;rater\nhttps://en.example/@a/0;;For;2,5;ann\nhttps://en.example/@a/0;;against;;bob\n"
        "https://en.example/1;;;-1;ann\n"
    )
    told = command("labels", "import", str(path), "--set", "stance")
    assert told.exit_code == 0, told.exception
    assert labels(with_store, "stance") == {
        ("https://en.example/0", "ann"): ("for", 2.5),
        ("https://en.example/0", "bob"): ("against", None),
        ("https://en.example/1", "ann"): (None, -1.0),
    }


def test_id_and_url_of_one_post__that_differ__are_a_mistake(command, stored, tmp_path):
    stored(seed=1, count=3)
    path = tmp_path / "a.csv"
    path.write_text("id,url,label\nhttps://en.example/0,,pos\n,https://en.example/@a/0,neg\n")
    assert f"{path}:3: the post is labelled otherwise" in str(command("labels", "import", str(path)).exception)


def test_url_of_two_posts__is_a_mistake(command, stored, with_store, tmp_path):
    post, _ = stored(seed=1, count=1)[0]
    with_store(lambda store: store.posts.upsert([post.filled(id="x:2", native_id="2")]))
    path = tmp_path / "a.csv"
    path.write_text("url,label\nhttps://en.example/@a/0,pos\n")
    assert "2 stored posts have the url" in str(command("labels", "import", str(path)).exception)


def test_changed_labels_of_an_unnamed_rater__advise_names(stored, imported):
    (post, _), *_ = stored(seed=1, count=3)
    imported([(post, "positive")])
    told = imported([(post, "negative")])
    assert told.stdout == "sentiment: 0 new, 1 changed, 0 as before\n"
    assert "import each with --rater NAME" in told.stderr


def test_no_label_in_it__no_text__no_name__are_refused(command, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,label\nx:1,\n")
    assert "1 rows are not labelled yet" in str(command("labels", "import", str(path)).exception)
    path.write_bytes("id,label\nx:1,é\n".encode("latin-1"))
    assert "no text in UTF-8" in str(command("labels", "import", str(path)).exception)
    assert "no name of a label set" in str(command("labels", "import", str(path), "--set", "A B").exception)
