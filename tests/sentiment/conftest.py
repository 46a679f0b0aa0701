"""The package as oracle, and texts without end from a seed: sentences as people write them, and strings made to find faults."""

import os
import random
from collections.abc import Callable, Iterator

import pytest
from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SPECIAL_CASES, SentimentIntensityAnalyzer

SOAKED = os.environ.get("MONITOR_SOAK") == "1"  # read here, since no test sees the person's own environment

PLAIN = (
    "the a of and to in it is was are that this with for on my your their we they she he I you me at by from about have has had "
    "will would can could there here then when while phone update train office coffee morning weather city team game song film "
    "plot actor battery screen price shop service staff flight hotel room food dinner friend sister neighbour dog garden road "
    "bridge report paper vote minister bank data model laptop keyboard window yesterday today tomorrow Monday week year people "
    "nobody everyone thing part end start place time way look says told got went came made took gives works runs #news @ada"
).split()
TURNS = ("but", "But", "BUT", "though", "and", "or", "nor", "so", "because", "however", "while")
ODD = (
    "no NO No never Never not NOT n't isn't don't DON'T without doubt least at very VERY this so THIS kind of Kind sort just "
    "enough kiss death to die for beating heart bad ass badass the shit SHIT bomb bus stop yeah right hand mouth good GOOD Good "
    "great bad terrible love hate uber hardly kind-of 'good' \"bad\" (great) good... ...good good!!! :) :( :D ;-) =D O_o <3 </3 "
    "lol LOL ! !! !!!! ? ?? ???? !?!? . , - -- 's İ ß ǅ ΣΑΣ 好 хорошо\u00a0да e\u0301 a\u200bb \u2028 \u3000 \x00 \x1c \ud800 "
    "but But bUt but, but! 'but' buts butter"
).split(" ")
ENDS = (".", ".", ".", "!", "!!", "!!!!!", "?", "??", "????", "...", "", " :)", " :(", " \N{GRINNING FACE}")


@pytest.fixture(scope="session")
def oracle() -> Callable[[str], dict[str, float]]:
    """Score a text by the package itself: neg, neu, pos, compound."""
    return SentimentIntensityAnalyzer().polarity_scores


@pytest.fixture(scope="session")
def soaked() -> bool:
    """Whether the long runs were asked for."""
    return SOAKED


@pytest.fixture(scope="session")
def sentences() -> Callable[..., Iterator[str]]:
    """Make `count` posts of one to four sentences, mostly plain words, with the package's rated words among them."""
    analyzer = SentimentIntensityAnalyzer()
    rated = sorted(analyzer.lexicon)
    emoji = sorted(analyzer.emojis)
    boosters, idioms = sorted(BOOSTER_DICT), sorted(SPECIAL_CASES)

    def word(draw: random.Random) -> str:
        kind = draw.random()
        if kind < 0.70:
            return draw.choice(PLAIN)
        if kind < 0.86:
            found = draw.choice(rated)
        elif kind < 0.91:
            found = draw.choice(boosters)
        elif kind < 0.95:
            found = draw.choice(NEGATE)
        else:
            found = draw.choice((draw.choice(idioms), draw.choice(TURNS), draw.choice(emoji)))
        return found.upper() if draw.random() < 0.08 else found

    def sentence(draw: random.Random) -> str:
        said = " ".join(word(draw) for _ in range(draw.randint(3, 14))) + draw.choice(ENDS)
        return said.upper() if draw.random() < 0.02 else said[:1].upper() + said[1:]

    def made(*, seed: int, count: int) -> Iterator[str]:
        draw = random.Random(seed)
        for _ in range(count):
            yield draw.choice((" ", "\n\n", "  ")).join(sentence(draw) for _ in range(draw.randint(1, 4)))

    return made


@pytest.fixture(scope="session")
def fuzzed() -> Callable[..., Iterator[str]]:
    """Make `count` strings of what the rules look at, side by side as nobody would write it, some without a space between."""
    analyzer = SentimentIntensityAnalyzer()
    idioms = [word for phrase in (*SPECIAL_CASES, *BOOSTER_DICT) for word in phrase.split()]
    rated, emoji = sorted(analyzer.lexicon), sorted(analyzer.emojis)
    pools = (ODD, ODD, NEGATE, sorted(BOOSTER_DICT), idioms, idioms, rated, emoji, list(SPECIAL_CASES))

    def token(draw: random.Random) -> str:
        found = draw.choice(draw.choice(pools))
        turn = draw.random()
        if turn < 0.1:
            return found.upper()
        if turn < 0.14:
            return "".join(draw.choice((sign, sign.upper())) for sign in found)
        if turn < 0.2:
            return draw.choice("!?.,;:'\"(*-_") * draw.randint(1, 4) + found + draw.choice("!?.,;:'\")*-_") * draw.randint(0, 4)
        if turn < 0.22:
            return found + chr(draw.randrange(0x110000))
        return found

    def made(*, seed: int, count: int) -> Iterator[str]:
        draw = random.Random(seed)
        for _ in range(count):
            joint = draw.choice((" ", " ", " ", " ", "\t", ""))
            yield joint.join(token(draw) for _ in range(draw.randint(1, 14)))

    return made
