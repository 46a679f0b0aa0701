"""Our VADER against the package's own: each line a ratio measured in one go, so that a busy machine slows both alike."""

import random
import sys
from collections.abc import Callable
from time import process_time

from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SentimentIntensityAnalyzer

from monitor.sentiment.vader import score

LEAST_WARM, LEAST_EMOJI = 8.0, 200.0
# Ten times the text may take this many times as long: ten, and what larger lists cost the processor's caches.
MOST_GROWTH = 14.0
POSTS, LETTERS = 400, 219  # the mean length of the posts that the design was measured with
ROUNDS = 7
SEED = 11

# The words that stand most often in English posts, about three quarters of all; the rest are the package's own, of all kinds.
PLAIN = (
    "the to and a of in is for on it with that this was at as be are have from by an or not they we he she you my your our his "
    "their its has had will would can could if so all about out up one what when who which there more some time people day new "
    "just now than then into only over also back after first work year way even because any these most us phone update train "
    "office coffee weather city team game film screen price service staff room food friend street report paper data model week"
).split()
RATED_SHARE, BOOSTER_SHARE, NEGATION_SHARE, BUT_SHARE, EMOJI_SHARE = 0.12, 0.04, 0.02, 0.01, 0.01


def posts() -> list[str]:
    """Posts of about `LETTERS` characters."""
    draw = random.Random(SEED)
    analyzer = SentimentIntensityAnalyzer()
    rated = sorted(word for word in analyzer.lexicon if word.isalpha())
    emoji = sorted(emoji for emoji in analyzer.emojis if len(emoji) == 1)
    shares = (
        (RATED_SHARE, rated),
        (BOOSTER_SHARE, sorted(BOOSTER_DICT)),
        (NEGATION_SHARE, NEGATE),
        (BUT_SHARE, ["but"]),
        (EMOJI_SHARE, emoji),
    )
    pools = [PLAIN, *(pool for _, pool in shares)]
    weights = [1 - sum(share for share, _ in shares), *(share for share, _ in shares)]

    def post() -> str:
        words: list[str] = []
        while sum(map(len, words)) + len(words) < LETTERS:
            word = draw.choice(draw.choices(pools, weights)[0])
            words.append(
                word.upper() if draw.random() < 0.02 else word + draw.choice(("", "", "", "", "", "", ",", ".", "!", "?"))
            )
        return " ".join(words)

    return [post() for _ in range(POSTS)]


def seconds(work: Callable[[], object], *, times: int = 1) -> float:
    """CPU seconds of one call."""
    begun = process_time()
    for _ in range(times):
        work()
    return (process_time() - begun) / times


def times_as_fast(theirs: Callable[[], object], ours: Callable[[], object], *, times: int) -> float:
    """The median of several rounds, in each of which both were measured one after the other."""
    ratios = [seconds(theirs) / seconds(ours, times=times) for _ in range(ROUNDS)]
    return sorted(ratios)[ROUNDS // 2]


def main() -> int:
    theirs = SentimentIntensityAnalyzer().polarity_scores
    texts = posts()
    length = sum(map(len, texts)) / POSTS
    for text in texts:
        score(text, "en")  # every token looked up, as after a minute of collecting
    warm = times_as_fast(lambda: list(map(theirs, texts)), lambda: [score(text, "en") for text in texts], times=5)
    emoji = times_as_fast(lambda: theirs("😀" * 500), lambda: score("😀" * 500, "en"), times=50)
    short, long = "😀" * 5000, "😀" * 50_000
    growth = min(seconds(lambda: score(long, "en")) for _ in range(ROUNDS)) / min(
        seconds(lambda: score(short, "en"), times=5) for _ in range(ROUNDS)
    )
    print(f"scorer: warm {length:.0f}-character posts {warm:.1f} x")
    print(f"scorer: 500 emoji {emoji:.0f} x")
    print(f"scorer: 5,000 emoji {'linear' if growth <= MOST_GROWTH else 'not linear'} (ten times the text {growth:.1f} x)")
    return 0 if warm >= LEAST_WARM and emoji >= LEAST_EMOJI and growth <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
