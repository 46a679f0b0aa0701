"""How well a scorer agrees with people, in figures with 95 % intervals, in all and by language and platform. Pure.

Accuracy, precision and recall have Wilson intervals; F1 and macro F1 are drawn anew from groups of kin posts (`monitor.labels.kin`)
by a seed; Pearson's r has Fisher's. The invariant: a post that people or the scorer gave no label is in no figure, and counted.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.analysis.agreement import Confusion, confusion, pearson_r
from monitor.analysis.bootstrap import bootstrap
from monitor.analysis.interval import Estimate, Hits
from monitor.errors import UsageError
from monitor.labels.judgement import of_sentiment

# With fewer the interval of a share is wider than a third of all there is, and the figure says nothing.
FEWEST = 30
_AS_NUMBERS = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One post: what people and what the scorer say of it (None: nothing), and to which group of kin it belongs."""

    post: str
    group: int
    language: str | None
    platform: str
    people: str | None
    rating: float | None
    said: str | None
    compound: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFigures:
    """Of one label; None where the scorer never gave it (precision) or people never did (recall)."""

    label: str
    precision: Hits | None
    recall: Hits | None
    f1: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Figures of some posts that both labelled."""

    confusion: Confusion
    macro_f1: Estimate
    by_label: tuple[LabelFigures, ...]

    @property
    def posts(self) -> int:
        return self.confusion.posts


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """`agreement` of all posts that both labelled; of those that people labelled, `unscored` have no label by the scorer.

    `r`: of the scorer's compound with people's ratings, or with their labels as -1, 0 and 1 (`r_of` says which); None where there
    is no compound, or nothing varies. Parts are by key, the largest first.
    """

    agreement: Agreement
    unscored: int
    r: Estimate | None
    r_of: str | None
    by_language: Mapping[str, Agreement]
    by_platform: Mapping[str, Agreement]


def evaluated(judged: Iterable[Judged], *, labels: Sequence[str] | None = None, seed: int = 0) -> Evaluation:
    """Evaluate. `labels`: all there are, where some may not occur. Raises UsageError for fewer than `FEWEST` posts."""
    labelled = [each for each in judged if each.people is not None]
    both = [each for each in labelled if each.said is not None]
    refuse_few(len(both), labelled=len(labelled))
    known = sorted(set(labels or ()) | {label for each in both for label in (each.people, each.said) if label is not None})
    r, r_of = _r(both)
    return Evaluation(
        agreement=agreement(both, labels=known, seed=seed),
        unscored=len(labelled) - len(both),
        r=r,
        r_of=r_of,
        by_language=_parts(both, lambda each: each.language or "und", labels=known, seed=seed),
        by_platform=_parts(both, lambda each: each.platform, labels=known, seed=seed),
    )


def refuse_few(count: int, *, labelled: int) -> None:
    """Raise UsageError where no figure should be made, saying how many posts are missing."""
    if count < FEWEST:
        without = f" of {labelled} labelled ones" if labelled != count else ""
        raise UsageError(
            f"{count} posts{without} have a label by people and one by the scorer, and {FEWEST} are needed: label at least "
            f"{FEWEST - count} more. For an interval of 5 points up and down about 400 are needed."
        )


def agreement(judged: Sequence[Judged], *, labels: Sequence[str], seed: int = 0) -> Agreement:
    """Figures of posts that both labelled. Raises UsageError for fewer than two labels, or none of the posts."""
    groups: dict[int, list[tuple[str, str]]] = {}
    for each in judged:
        if each.people is not None and each.said is not None:
            groups.setdefault(each.group, []).append((each.people, each.said))
    counted = confusion([pair for group in groups.values() for pair in group], labels=labels)
    intervals = bootstrap(list(groups.values()), lambda drawn: f1_figures(drawn, labels), seed=seed)
    return Agreement(
        confusion=counted,
        macro_f1=Estimate(value=counted.macro_f1, posts=counted.posts, interval=intervals[0]),
        by_label=tuple(
            LabelFigures(
                label=one.label,
                precision=one.precision,
                recall=one.recall,
                f1=Estimate(value=one.f1, posts=counted.posts, interval=interval),
            )
            for one, interval in zip(counted.by_label, intervals[1:], strict=True)
        ),
    )


def f1_figures(drawn: Mapping[tuple[str, str], int], labels: Sequence[str]) -> list[float | None]:
    """Macro F1, then the F1 of each label, of so many of each pair; as `Confusion` has them, in a tenth of the time."""
    true = dict.fromkeys(labels, 0)
    said = dict.fromkeys(labels, 0)
    for (people, scorer), times in drawn.items():
        true[people] += times
        said[scorer] += times
    each = [
        2 * drawn.get((label, label), 0) / (true[label] + said[label]) if true[label] + said[label] else None
        for label in labels
    ]
    there = [one for one in each if one is not None]
    return [sum(there) / len(there) if there else None, *each]


def _r(both: Sequence[Judged]) -> tuple[Estimate | None, str | None]:
    rated = [(each.rating, each.compound) for each in both if each.rating is not None and each.compound is not None]
    if rated:
        return pearson_r([one for one, _ in rated], [other for _, other in rated]), "ratings"
    if not of_sentiment({each.people for each in both if each.people is not None}):
        return None, None
    pairs = [(_AS_NUMBERS[each.people or ""], each.compound) for each in both if each.compound is not None]
    return (pearson_r([one for one, _ in pairs], [other for _, other in pairs]), "labels") if pairs else (None, None)


def _parts(both: Sequence[Judged], key: Callable[[Judged], str], *, labels: Sequence[str], seed: int) -> dict[str, Agreement]:
    found: dict[str, list[Judged]] = {}
    for each in both:
        found.setdefault(key(each), []).append(each)
    largest = sorted(found.items(), key=lambda part: (-len(part[1]), part[0]))
    return {name: agreement(part, labels=labels, seed=seed) for name, part in largest}
