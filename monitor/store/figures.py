"""What a number of posts comes to: how many, how many deleted, by sentiment, and the sums that means are made of. Pure.

Sums are whole numbers, so that they are equal in whatever order posts were added up; with sums of floating point they would not be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

# Compounds are summed in millionths: two digits more than scorers give, and room for 9 * 10**12 posts.
UNIT = 1_000_000
LABELS = ("positive", "neutral", "negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Posts, deleted ones among them, and the scored ones by label.

    `compound` and `squares` are the sums of their compounds and of the squares of these, each rounded to whole millionths.
    """

    posts: int = 0
    deleted: int = 0
    positive: int = 0
    neutral: int = 0
    negative: int = 0
    compound: int = 0
    squares: int = 0

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Figures":
        """Read the fields of these names."""
        return cls(**{name: int(stored[name]) for name in NAMES})

    @classmethod
    def listed(cls, row: Sequence[int]) -> "Figures":
        """Read them in the order of `NAMES`; word by word, since a panel has hundreds."""
        posts, deleted, positive, neutral, negative, compound, squares = row
        return cls(
            posts=posts,
            deleted=deleted,
            positive=positive,
            neutral=neutral,
            negative=negative,
            compound=compound,
            squares=squares,
        )

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(**{name: getattr(self, name) + getattr(other, name) for name in NAMES})

    @property
    def scored(self) -> int:
        return self.positive + self.neutral + self.negative

    @property
    def unscored(self) -> int:
        return self.posts - self.scored

    @property
    def mean(self) -> float | None:
        """The mean compound of the scored posts; None without any."""
        return self.compound / UNIT / self.scored if self.scored else None


NAMES = tuple(field.name for field in fields(Figures))


def figures_row(stored: Mapping[str, Any]) -> list[int]:
    """What one stored post adds, in the order of `NAMES`."""
    sentiment = stored.get("sentiment") or {}
    label, compound = sentiment.get("label"), sentiment.get("compound")
    # Whoever wrote it, a compound outside its range (or no number at all) is none.
    summed: float = 0
    if label in LABELS and isinstance(compound, int | float) and -1 <= compound <= 1:
        summed = compound
    return [
        1,
        int(stored.get("deleted_at") is not None),
        *(int(label == name) for name in LABELS),
        round(summed * UNIT),
        round(summed * summed * UNIT),
    ]
