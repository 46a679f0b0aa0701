"""Figures: what one post adds, and how they add up."""

import math

import pytest

from monitor.store.figures import NAMES, UNIT, Figures, figures_row

MORE = Figures(posts=3, deleted=1, positive=1, negative=1, compound=-UNIT, squares=UNIT)


def test_figures_add_up_field_by_field() -> None:
    assert Figures(posts=6, deleted=2, positive=2, negative=2, compound=-2 * UNIT, squares=2 * UNIT) == MORE + MORE


def test_the_mean_is_that_of_scored_posts() -> None:
    assert (MORE.scored, MORE.unscored, MORE.mean, Figures(posts=1).mean) == (2, 1, -0.5, None)


def test_a_row_is_in_the_order_of_the_names() -> None:
    row = figures_row({"sentiment": {"label": "negative", "compound": -0.5}, "deleted_at": "then"})
    assert dict(zip(NAMES, row, strict=True)) == {
        "posts": 1, "deleted": 1, "positive": 0, "neutral": 0, "negative": 1, "compound": -UNIT // 2, "squares": UNIT // 4,
    }  # fmt: skip
    assert Figures.listed(row).posts == 1


@pytest.mark.parametrize("compound", [None, math.nan, math.inf, 2, "0.5"])
def test_what_is_no_compound_adds_nothing(compound: object) -> None:
    assert figures_row({"sentiment": {"label": "positive", "compound": compound}}) == [1, 0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("sentiment", [None, {}, {"label": None, "compound": 0.5}, {"label": "mixed", "compound": 0.5}])
def test_a_post_without_one_of_the_labels_is_not_scored(sentiment: object) -> None:
    assert figures_row({"sentiment": sentiment}) == [1, 0, 0, 0, 0, 0, 0]
