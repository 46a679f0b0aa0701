"""`monitor labels sample` as it is typed."""

import csv
from pathlib import Path

from monitor.errors import UsageError


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_sample__posts_of_the_scope__without_any_score__the_same_again(command, stored, tmp_path):
    posts = dict.fromkeys(post.id for post, _ in stored(seed=1, count=60, languages=("en", "de")) if post.language == "de")
    told = command("labels", "sample", "lang=de", "--out", str(tmp_path / "a.csv"), "--size", "15", "--seed", "4")
    assert told.exit_code == 0, told.exception
    assert f"15 of {len(posts)} posts in {tmp_path}/a.csv, by seed 4\n" in told.stderr
    rows = read(tmp_path / "a.csv")
    assert len({row["id"] for row in rows}) == 15
    assert {row["id"] for row in rows} <= posts.keys()
    assert {tuple(row) for row in rows} == {("id", "url", "text", "label")}
    assert {row["label"] for row in rows} == {""}
    command("labels", "sample", "lang=de", "--out", str(tmp_path / "b.csv"), "--size", "15", "--seed", "4")
    command("labels", "sample", "lang=de", "--out", str(tmp_path / "c.csv"), "--size", "15", "--seed", "5")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() != (tmp_path / "c.csv").read_bytes()


def test_sample__a_file_that_exists__may_hold_labels_and_stays(command, stored, tmp_path):
    stored(seed=1, count=5)
    (tmp_path / "a.csv").write_text("mine")
    told = command("labels", "sample", "--out", str(tmp_path / "a.csv"))
    assert isinstance(told.exception, UsageError)
    assert (tmp_path / "a.csv").read_text() == "mine"


def test_sample__nothing_there__or_nowhere_to_write__says_so(command, stored, tmp_path):
    assert "there is nothing to label" in str(command("labels", "sample", "--out", str(tmp_path / "a.csv")).exception)
    stored(seed=1, count=5)
    assert "cannot be written" in str(command("labels", "sample", "--out", str(tmp_path / "no" / "a.csv")).exception)
    told = command("labels", "sample", "--out", str(tmp_path / "a.csv"))
    assert "(there are no more than 5)" in told.stderr
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.csv"]
