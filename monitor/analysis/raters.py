"""How well people agree with each other on labels, beyond what chance would make them: Krippendorff's alpha, Cohen's kappa.

1 is full agreement, 0 what chance gives. Krippendorff calls data below 0.667 unfit for conclusions, from 0.8 on reliable. No
scorer can agree with people better than they do with each other. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping


def krippendorff_alpha(units: Mapping[tuple[str, ...], int]) -> float | None:
    """Agreement of any number of raters who need not all have seen each post; labels are only equal or not.

    `units`: the labels that one post was given, in any order, and how many posts were given these. Posts of one label take no
    part. None when nothing can disagree: no post has two labels, or all labels are the same.

    Source: Krippendorff 2004, Content Analysis, chapter 11, nominal data.
    """
    agreeing = 0.0
    totals: Counter[str] = Counter()
    for labels, times in units.items():
        if len(labels) < 2:
            continue
        counted = Counter(labels)
        for label, count in counted.items():
            totals[label] += count * times
            agreeing += times * count * (count - 1) / (len(labels) - 1)
    paired = totals.total()
    by_chance = sum(count * (count - 1) for count in totals.values())
    if paired < 2 or by_chance == paired * (paired - 1):
        return None
    observed, expected = 1 - agreeing / paired, 1 - by_chance / (paired * (paired - 1))
    return 1 - observed / expected


def cohen_kappa(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Agreement of two raters on the posts that both labelled; None without any, or when both give one same label to all.

    Source: Cohen 1960, Educational and Psychological Measurement 20:37.
    """
    counted = Counter(pairs)
    posts = counted.total()
    if not posts:
        return None
    one, other = Counter[str](), Counter[str]()
    for (first, second), times in counted.items():
        one[first] += times
        other[second] += times
    observed = sum(times for (first, second), times in counted.items() if first == second) / posts
    by_chance = sum(count * other[label] for label, count in one.items()) / posts**2
    return None if by_chance == 1 else (observed - by_chance) / (1 - by_chance)
