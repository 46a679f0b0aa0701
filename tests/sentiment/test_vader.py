"""Scores are those of the package, in time that grows with the text; what cannot be scored says why."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from math import sqrt
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from monitor.sentiment import vader
from monitor.sentiment.vader import Vader, score, why

SENTENCES = 40_000
STRINGS, STRINGS_SOAKED = 50_000, 200_000
RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings"
MOST_RECORDED = 10_000
# Every word that a rule knows, and plain ones between them.
WORDS = (
    "good bad great terrible love lol :) :( ! ?? 😀 👎 the of a film and but BUT Not never so this without doubt least at very "
    "kind sort no or nor isn't n't GREAT REALLY extremely hardly shit ass bomb cut mustard hand mouth yeah right kiss death "
    "upper break leg cooking gas back handed blow off just enough to die for bus stop beating heart"
).split()

Oracle = Callable[[str], dict[str, float]]


def shares(text: str) -> dict[str, float]:
    scored = score(text, "en")
    return {"neg": scored.negative, "neu": scored.neutral, "pos": scored.positive, "compound": scored.compound}


def differing(texts: Iterable[str], oracle: Oracle) -> tuple[int, list[str]]:
    """How many texts were compared, and the first of those whose scores are not the package's to the last digit."""
    compared = 0
    wrong: list[str] = []
    for text in texts:
        if text.strip():
            compared += 1
            if shares(text) != oracle(text):
                wrong.append(text)
    return compared, wrong[:20]


def test_score__40000_posts_as_people_write_them__equal_to_the_package(
    oracle: Oracle, sentences: Callable[..., Iterator[str]]
) -> None:
    assert differing(sentences(seed=1, count=SENTENCES), oracle) == (SENTENCES, [])


def test_score__strings_made_to_find_faults__equal_to_the_package(
    oracle: Oracle, fuzzed: Callable[..., Iterator[str]], *, soaked: bool
) -> None:
    """Negations, boosters, idioms, "but", capitals, emoji, emoticons, punctuation, foreign letters, in any order."""
    count = STRINGS_SOAKED if soaked else STRINGS
    compared, wrong = differing(fuzzed(seed=2, count=count), oracle)
    print(f"compared {compared} of {count} strings, {len(wrong)} differ")
    assert wrong == []
    assert compared > count * 0.99


def test_score__recorded_posts__equal_to_the_package(oracle: Oracle) -> None:
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings are not beside this repository")
    texts = list(islice(recorded(), MOST_RECORDED))
    assert len(texts) > 1000
    compared, wrong = differing(texts, oracle)
    print(f"compared {compared} recorded texts")
    assert wrong == []


def recorded() -> Iterator[str]:
    """The longer strings of all recorded replies, each once, markup and all."""
    seen: set[str] = set()
    for path in sorted(RECORDINGS.rglob("*.json")):
        for text in re.findall(r'"((?:[^"\\]|\\.){30,2000})"', path.read_text(encoding="utf-8", errors="replace")):
            said = json.loads(f'"{text}"', strict=False) if "\\u" not in text else text
            if " " in said and said not in seen:
                seen.add(said)
                yield said


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=8), min_size=1).map(" ".join).filter(str.strip))
def test_score__any_text__equal_to_the_package(text: str) -> None:
    assert shares(text) == _PACKAGE.polarity_scores(text)


_PACKAGE = SentimentIntensityAnalyzer()


@pytest.mark.parametrize(
    "text",
    [
        "good but good but good",  # the first equal value is changed, not the one it is the turn of
        "great good but great good",
        "love accept but good",  # half of one is the other, so that the half is halved and not the other
        "3:) but bad",
        "so good",  # "so" right before raises a word only from the fourth on
        "it is so good",
        "it is all so good",
        "kind of good",
        "a kind of good film",
        "it was just enough good",
        "it is all sort of a good film",
        "this is surely the bomb",
        "they bring the kiss of death",
        "a film to die for love",
        "no good",
        "no kind",
        "no bad or good",
        "the very least good",
        "NO good thing",  # the "no" that counts for nothing is in capitals all the same
        "GOOD BAD",  # nothing but capitals is no emphasis
        "without a doubt great",
        "least good",
        "at least good",
        "x" * 1000 + "n't good",
        "😀good",  # what follows directly is joined to the description
        "good😀",
        "🔛",  # its description has an exclamation mark
        "☹️",
    ],
)
def test_score__oddities_of_the_package__are_kept(text: str, oracle: Oracle) -> None:
    assert shares(text) == oracle(text)


def test_score__more_spellings_than_are_remembered__still_equal(
    oracle: Oracle, sentences: Callable[..., Iterator[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.sentiment.lexicon.MOST_REMEMBERED", 50)
    vader.words().clear()
    assert differing(sentences(seed=3, count=300), oracle) == (300, [])
    assert 0 < len(vader.words()) <= 50


def test_words__all_that_the_package_lists__share_few_values() -> None:
    """What stands for the words in use is small, and near at hand for the processor."""
    known = vader.words()
    listed = [*known.tables.ratings, *known.tables.boosters, *known.tables.negations]
    assert len(listed) > 7000
    assert len({known[word] for word in (*listed, *map(str.upper, listed))}) < 300


def test_score__endless_word__is_not_remembered() -> None:
    vader.words().clear()
    assert score("good " + "x" * 1_000_000, "en").label == "positive"
    assert list(vader.words()) == ["good"]


@pytest.mark.parametrize(
    ("text", "label"),
    [("What a wonderful day!", "positive"), ("This is terrible.", "negative"), ("The train leaves at ten.", "neutral")],
)
def test_score__plain_sentences__label(text: str, label: str) -> None:
    assert score(text, "en").label == label


@pytest.mark.parametrize(
    ("compound", "label"),
    [(0.05, "positive"), (0.0499, "neutral"), (0.0, "neutral"), (-0.0499, "neutral"), (-0.05, "negative")],
)
def test_label__at_the_published_thresholds(compound: float, label: str) -> None:
    assert vader._label(compound) == label


@pytest.mark.parametrize("language", ["en", "en-GB", "en_us", "EN"])
def test_score__english_however_it_is_written__is_scored(language: str) -> None:
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
def test_score__cannot_be_scored__no_label_and_the_reason(text: str, language: str | None, reason: str) -> None:
    unscored = score(text, language)
    assert (unscored.label, unscored.compound, unscored.reason) == (None, None, reason)


def test_score__names_scorer_and_version() -> None:
    assert (score("good", "en").scorer, score("gut", "de").version) == ("vader", "3.3.2")


def test_vader__is_the_function_as_a_scorer() -> None:
    assert Vader().score("Not bad!", "en") == score("Not bad!", "en")


def test_import__reads_no_lexicon() -> None:
    """Starting a process costs nothing for the scores it may never make."""
    script = "import sys, monitor.sentiment.vader; sys.exit('vaderSentiment' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# ---- why


def test_why__names_the_words_that_drove_the_score() -> None:
    assert why("The plot was GOOD, but the dialog is not great!") == [
        ("GOOD", pytest.approx((1.9 + 0.733) / 2)),
        ("great", pytest.approx(3.1 * -0.74 * 1.5)),
        ("!", pytest.approx(-0.292)),
    ]


def test_why__nothing_carries_sentiment__is_empty() -> None:
    assert why("The train leaves at ten!") == why("") == []


def test_why__contributions_make_the_compound(sentences: Callable[..., Iterator[str]]) -> None:
    for text in sentences(seed=4, count=2000):
        total = sum([contribution for _, contribution in why(text)])
        assert round(total / sqrt(total * total + 15), 4) == score(text, "en").compound, text


def test_why__words_stand_in_the_text_or_in_the_name_of_an_emoji() -> None:
    assert [word for word, _ in why("I (love) it 😀 awful??")] == ["love", "grinning", "awful", "??"]


# ---- growth

_EMOJI = [emoji for emoji in SentimentIntensityAnalyzer().emojis if len(emoji) == 1]


def repeated(unit: str) -> Callable[[int], str]:
    return lambda count: unit * count


LONG: dict[str, Callable[[int], str]] = {
    "one emoji": repeated("😀"),
    "all emoji": lambda count: "".join(islice(cycle(_EMOJI), count)),
    "emoji and text": repeated("😀 good "),
    "rated words": repeated("good "),
    "capitals": repeated("GOOD "),
    "capitals, then not": lambda count: "GOOD " * count + "good",
    "but": repeated("but good bad "),
    "but, many values": repeated("good very GOOD not film great isn't so bad but "),
    "but at the end": lambda count: "good very bad hardly GREAT " * count + "but",
    "idioms": repeated("the shit kind of bad ass to die for "),
    "negations": repeated("not isn't never good "),
    "no": repeated("no good "),
    "distinct words": lambda count: " ".join(f"word{number}n't" for number in range(count)),
    "one word": repeated("a"),
    "punctuation": repeated("!?"),
    "punctuation apart": repeated("! ? "),
    "punctuation about a word": lambda count: "!" * count + "good" + "?" * count,
    "spaces": lambda count: "good" + " " * count + "bad",
}


@pytest.mark.parametrize("name", LONG)
def test_score__twice_the_text__takes_twice_the_calls(name: str) -> None:
    """Exact on any machine: Python's own count of calls, of C functions too; n log n would show as a little more than 2."""
    short, long = (calls(LONG[name](count)) for count in (2000, 4000))
    assert long <= 2.3 * short + 50


@pytest.mark.parametrize("name", LONG)
def test_score__text_of_eight_times_the_length__takes_no_more_than_about_eight_times_as_long(name: str) -> None:
    """Seen from outside, loops inside C functions too. The package takes 64 times as long; 20 leaves room for a busy machine."""
    short, long = LONG[name](2500), LONG[name](20_000)
    taken = [(seconds(short), seconds(long)) for _ in range(5)]  # by turns, so that a slow moment falls on both
    assert min(of_long for _, of_long in taken) < 20 * max(min(of_short for of_short, _ in taken), 0.0005)


def calls(text: str) -> int:
    """Calls made while `text` is scored, with nothing remembered and the lexicon loaded."""
    score("warm", "en")
    vader.words().clear()
    made = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal made
        made += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        score(text, "en")
    finally:
        sys.setprofile(before)
    return made


def seconds(text: str) -> float:
    """CPU time."""
    begun = process_time()
    score(text, "en")
    return process_time() - begun
