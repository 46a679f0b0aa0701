"""Shares corrected for the errors of the scorer, as measured on posts that people labelled.

A scorer that takes one neutral post in five for positive finds positive posts where there are none. From its confusion matrix the
true shares follow, with an interval that holds both the luck of the posts and that of the labels. One assumption cannot be
tested here: the scorer errs on the posts counted as it does on those labelled (same topic, same language, drawn at random).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random

from monitor.analysis.agreement import Confusion
from monitor.analysis.interval import Hits, Interval, Z
from monitor.errors import UsageError

DRAWS = 2_000  # the ends of a 95 % interval then rest on 50 draws each
_TAIL = 0.025
_PRIOR = 0.5  # Jeffreys: a cell without posts is rare, not impossible
_SINGULAR = 1e-9

Matrix = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedShare:
    """`counted`: the share by the scorer's labels; `share`: what it is likely to be in truth, with its 95 % interval."""

    label: str
    counted: float
    share: float
    interval: Interval


def rogan_gladen(label: str, counted: Hits, *, sensitivity: Hits, specificity: Hits) -> CorrectedShare:
    """The true share of one label against all others, cut at 0 and 1; its interval takes all three as measured.

    `sensitivity`: of posts that have the label, how many the scorer finds; `specificity`: of those that do not, how many it
    leaves. Raises UsageError when one of them rests on no post, or the scorer does no better than chance.

    Source: Rogan, Gladen 1978, American Journal of Epidemiology 107:71; interval: Lang, Reiczigel 2014, Preventive Veterinary
    Medicine 113:13, which adds posts to all three counts to hold its level when they are small.
    """
    if not (counted.trials and sensitivity.trials and specificity.trials):
        raise UsageError("Correcting a share needs posts that were counted, and labelled posts with and without the label.")
    share = _inverted(counted.share, sensitivity=sensitivity.share, specificity=specificity.share)
    n, positives, negatives = counted.trials + Z**2, sensitivity.trials + 2, specificity.trials + 2
    apparent = (counted.hits + Z**2 / 2) / n
    found, left = (sensitivity.hits + 1) / positives, (specificity.hits + 1) / negatives
    youden = found + left - 1
    if youden <= 0:
        raise UsageError(_CHANCE)
    middle = (apparent + left - 1) / youden
    shift = 2 * Z**2 * (middle * found * (1 - found) / positives - (1 - middle) * left * (1 - left) / negatives)
    variance = (
        apparent * (1 - apparent) / n
        + middle**2 * found * (1 - found) / positives
        + (1 - middle) ** 2 * left * (1 - left) / negatives
    )
    half = Z * sqrt(variance) / youden
    interval = Interval(low=_cut(middle + shift - half), high=_cut(middle + shift + half))
    return CorrectedShare(label=label, counted=counted.share, share=_cut(share), interval=interval)


def corrected_shares(
    counted: Mapping[str, int], measured: Confusion, *, seed: int = 0, draws: int = DRAWS
) -> tuple[CorrectedShare, ...]:
    """The true shares of all labels at once, in the order of the confusion matrix; they add up to 1.

    `counted`: posts by the scorer's label. The share vector s solves s = M t, with M the chance of each label for each true one;
    where that leaves 0 to 1 (sampling), the nearest shares are taken. The intervals are the middle 95 % of `draws` of counts and
    matrix, each corrected likewise; the same seed gives the same. 2,000 draws of three labels take 0.1 s.

    Raises UsageError when a label has no labelled posts, counted ones are missing or unknown, or labels cannot be told apart.

    Source: matrix method of Buonaccorsi 2010, Measurement Error, chapter 2 (Rogan, Gladen for many labels; Forman 2008, Data Mining
    and Knowledge Discovery 17:164, "adjusted count"); draws from Dirichlet posteriors with Jeffreys' prior; nearest shares:
    Duchi and others 2008, ICML 272 (projection to the simplex).
    """
    labels = measured.labels
    if set(counted) - set(labels) or not sum(counted.values()):
        raise UsageError(f"Shares are corrected from counts of the labels {', '.join(labels)}, and of at least one post.")
    if not all(map(sum, measured.counts)):
        raise UsageError("People gave one of the labels to no post: how the scorer errs on it is unknown. Label more posts.")
    counts = [counted.get(label, 0) for label in labels]
    total = sum(counts)
    rows = [[count / sum(row) for count in row] for row in measured.counts]
    shares = _true_shares([count / total for count in counts], rows)
    if shares is None:
        raise UsageError(_CHANCE)
    intervals = _intervals(counts, measured.counts, random=Random(seed), draws=draws)  # noqa: S311
    return tuple(
        CorrectedShare(label=label, counted=count / total, share=share, interval=interval)
        for label, count, share, interval in zip(labels, counts, shares, intervals, strict=True)
    )


_CHANCE = "On the labelled posts the scorer does no better than chance: no true share follows from its labels."


def _intervals(counts: Sequence[int], measured: Sequence[Sequence[int]], *, random: Random, draws: int) -> list[Interval]:
    drawn: list[list[float]] = []
    while len(drawn) < draws:
        # A matrix drawn at random is singular with chance 0 up to rounding.
        if shares := _true_shares(_dirichlet(counts, random), [_dirichlet(row, random) for row in measured]):
            drawn.append(shares)
    tail = int(_TAIL * draws)
    columns = [sorted(column) for column in zip(*drawn, strict=True)]
    return [Interval(low=column[tail], high=column[-1 - tail]) for column in columns]


def _dirichlet(counts: Sequence[int], random: Random) -> list[float]:
    drawn = [random.gammavariate(count + _PRIOR, 1) for count in counts]
    total = sum(drawn)
    return [one / total for one in drawn]


def _true_shares(counted: Sequence[float], rows: Matrix) -> list[float] | None:
    """Shares t with counted = rows-transposed times t, moved to the nearest ones that are shares; None: no single solution."""
    transposed = [list(column) for column in zip(*rows, strict=True)]
    solved = _solved(transposed, counted)
    return None if solved is None else _nearest_shares(solved)


def _solved(matrix: Matrix, right: Sequence[float]) -> list[float] | None:
    """Gauss-Jordan with pivots; for a handful of labels."""
    work = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at in range(len(work)):
        pivot = max(range(at, len(work)), key=lambda row: abs(work[row][at]))
        if abs(work[pivot][at]) < _SINGULAR:
            return None
        work[at], work[pivot] = work[pivot], work[at]
        work[at] = [value / work[at][at] for value in work[at]]
        for row in range(len(work)):
            if row != at:
                factor = work[row][at]
                work[row] = [value - factor * top for value, top in zip(work[row], work[at], strict=True)]
    return [row[-1] for row in work]


def _nearest_shares(values: Sequence[float]) -> list[float]:
    """The point of the simplex (all >= 0, sum 1) nearest to `values`."""
    shift = running = 0.0
    for number, value in enumerate(sorted(values, reverse=True), start=1):
        running += value
        if value > (running - 1) / number:
            shift = (running - 1) / number
    return [max(0.0, value - shift) for value in values]


def _inverted(apparent: float, *, sensitivity: float, specificity: float) -> float:
    youden = sensitivity + specificity - 1
    if youden <= 0:
        raise UsageError(_CHANCE)
    return (apparent + specificity - 1) / youden


def _cut(share: float) -> float:
    return min(1.0, max(0.0, share))
