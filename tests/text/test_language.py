"""The language of a post: named only when it is certain enough, measured on texts in languages.tsv."""

import subprocess
import sys
from pathlib import Path
from time import process_time

import pytest

from monitor.text.language import detect, primary_subtag

SAMPLES = [line.split("\t") for line in Path(__file__).with_name("languages.tsv").read_text(encoding="utf-8").splitlines()]


def test_detect__short_texts_in_eight_languages__none_wrong_and_nearly_all_named():
    found = [(language, detect(text), text) for language, text in SAMPLES]
    assert len({language for language, _ in SAMPLES}) == 8
    assert len(found) >= 60
    assert [row for row in found if row[1] not in {row[0], None}] == []
    assert sum(row[1] is None for row in found) <= len(found) * 0.02


def test_detect__first_three_words_of_each__none_wrong():
    """Too little to be certain of: many stay unknown, which is better than a wrong one."""
    short = [(language, detect(" ".join(text.split()[:3])), text) for language, text in SAMPLES]
    assert [row for row in short if row[1] not in {row[0], None}] == []


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "ok", "lol", "haha", "wow", "hmm", "LOL XD", "FTW!!!", "Python 3.14", "v2.0.1", "iPhone 17 Pro Max", "Berlin",
        "Mozilla Firefox", "C++", "3:2 (1:0)", "👍👍", "😂😂😂😂😂😂😂", "asdf qwer", "@ada @bob@example.org",
        "https://example.org/this/is/an/english/address", "#this #is #all #tags", "👍 https://example.org/a #python",
    ],
)  # fmt: skip
def test_detect__nothing_that_tells_a_language__unknown(text):
    assert detect(text) is None


def test_detect__english_tags_and_addresses_in_a_german_post__german():
    text = "Heute regnet es schon wieder #weather #rainyday https://example.org/the-weather-of-today"
    assert detect(text) == "de"


def test_detect__long_text__bounded_time():
    detect("loads the model")
    begun = process_time()
    detect("word " * 200_000)
    assert process_time() - begun < 0.5


def test_detect__half_of_a_surrogate_pair__is_no_error():
    assert detect("this is a plain english sentence \ud83d with a broken sign") == "en"


def test_import__model_is_not_loaded():
    """It takes a second and numpy; a command that prints its version must not pay for it."""
    script = "import sys, monitor.text.language; assert not {'py3langid', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en", "en"), ("en-US", "en"), ("EN_us", "en"), ("zh-Hant-TW", "zh"), ("gsw", "gsw"), ("iw", "he"), (" de ", "de"),
        (None, None), ("", None), ("und", None), ("zxx", None), ("mul", None), ("x-klingon", None), ("english", None),
        ("e", None), ("12", None),
    ],
)  # fmt: skip
def test_primary_subtag(tag, language):
    assert primary_subtag(tag) == language
