"""Our VADER against the package's own, on texts that it takes long over: each line a ratio measured in one go."""

import sys
from time import perf_counter

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from monitor.sentiment.vader import score

# How many times faster ours has to be; half of what was measured, so that a busy machine fails only for a reason.
TEXTS = {
    "500 emoji": ("😀" * 500, 4.0),
    "1,000 words": ("good bad film but " * 250, 4.0),
}


def seconds(work, *, times):
    begun = perf_counter()
    for _ in range(times):
        work()
    return (perf_counter() - begun) / times


def main() -> int:
    package = SentimentIntensityAnalyzer()
    score("warm", "en")
    slow = 0
    for name, (text, least) in TEXTS.items():
        theirs = seconds(lambda text=text: package.polarity_scores(text), times=3)
        ours = seconds(lambda text=text: score(text, "en"), times=10)
        ratio = theirs / ours
        slow += ratio < least
        print(f"scorer: {name}: {ratio:.1f} times the package's speed (at least {least:.0f}), {ours * 1000:.1f} ms")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
