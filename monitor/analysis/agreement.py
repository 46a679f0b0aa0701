"""How well a scorer agrees with people: confusion matrix, precision, recall and F1 by label, macro F1, Pearson's r."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import atanh, sqrt, tanh
from statistics import StatisticsError, correlation, fmean

from monitor.analysis.interval import Estimate, Hits, Interval, Z
from monitor.errors import UsageError

_FEWEST_FOR_INTERVAL = 4  # Fisher's error is 1 / sqrt(n - 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelQuality:
    """Of one label: None where nothing was said (precision), or nothing was true (recall); F1 is 0 when neither holds any hit."""

    label: str
    precision: Hits | None
    recall: Hits | None
    f1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """`counts[i][j]`: posts that people called `labels[i]` and the scorer `labels[j]`."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        size = len(self.labels)
        if (
            size < 2
            or len(set(self.labels)) != size
            or len(self.counts) != size
            or any(len(row) != size for row in self.counts)
        ):
            raise UsageError("A confusion matrix has at least two different labels, and as many rows and columns as labels.")
        if any(count < 0 for row in self.counts for count in row):
            raise UsageError("A count in the confusion matrix is negative.")

    @property
    def posts(self) -> int:
        return sum(map(sum, self.counts))

    @property
    def accuracy(self) -> Hits:
        """The part of posts on which both agree; it flatters a scorer that always says the most frequent label."""
        return Hits(hits=sum(row[at] for at, row in enumerate(self.counts)), trials=self.posts)

    @property
    def by_label(self) -> tuple[LabelQuality, ...]:
        """Precision, recall and F1 (their harmonic mean) of each label."""
        return tuple(self._quality(at) for at in range(len(self.labels)))

    @property
    def macro_f1(self) -> float:
        """The plain mean of the labels' F1: rare labels count as much as frequent ones.

        Source: Sokolova, Lapalme 2009, Information Processing & Management 45:427; the mean of F1, not the F1 of means (Opitz,
        Burst 2019, arXiv:1911.03347). A label that neither people nor the scorer ever gave takes no part.
        """
        given = [one.f1 for one in self.by_label if one.precision or one.recall]
        if not given:
            raise UsageError("No post was labelled: there is no F1.")
        return fmean(given)

    def _quality(self, at: int) -> LabelQuality:
        hits = self.counts[at][at]
        true, said = sum(self.counts[at]), sum(row[at] for row in self.counts)
        return LabelQuality(
            label=self.labels[at],
            precision=Hits(hits=hits, trials=said) if said else None,
            recall=Hits(hits=hits, trials=true) if true else None,
            f1=2 * hits / (true + said) if true + said else 0.0,
        )


def confusion(pairs: Iterable[tuple[str, str]], *, labels: Sequence[str]) -> Confusion:
    """Count pairs of (what people say, what the scorer says). Raises UsageError for a label that is not among `labels`."""
    counted = Counter(pairs)
    strange = {label for pair in counted for label in pair} - set(labels)
    if strange:
        raise UsageError(f"Labels {', '.join(sorted(strange))} are none of {', '.join(labels)}.")
    rows = tuple(tuple(counted[true, said] for said in labels) for true in labels)
    return Confusion(labels=tuple(labels), counts=rows)


def pearson_r(people: Sequence[float], scorer: Sequence[float]) -> Estimate | None:
    """Pearson's correlation of two ratings of the same posts, with its 95 % interval from four posts on.

    None when one of the two does not vary, or there are fewer than two posts. Raises UsageError for different lengths.

    Source: Pearson 1896; the interval by Fisher's transformation, atanh(r) with error 1 / sqrt(n - 3) (Fisher 1921, Metron 1:3).
    """
    if len(people) != len(scorer):
        raise UsageError(
            f"There are {len(people)} ratings by people and {len(scorer)} by the scorer: they must be of the same posts."
        )
    try:
        r = correlation(people, scorer)
    except StatisticsError:  # one is constant, or too short
        return None
    r = min(1.0, max(-1.0, r))
    if len(people) < _FEWEST_FOR_INTERVAL:
        return Estimate(value=r, posts=len(people), interval=None)
    if abs(r) == 1:
        return Estimate(value=r, posts=len(people), interval=Interval(low=r, high=r))
    half = Z / sqrt(len(people) - 3)
    return Estimate(value=r, posts=len(people), interval=Interval(low=tanh(atanh(r) - half), high=tanh(atanh(r) + half)))
