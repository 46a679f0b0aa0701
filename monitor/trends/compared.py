"""A comparison as JSON values and as rows of one table with totals: the keys that docs/commands.md describes. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from monitor.analysis.net_sentiment import net_sentiment
from monitor.crawl.exported import moment
from monitor.trends.comparison import Comparison, Standing
from monitor.trends.told import ends

COLUMNS = (
    "side", "posts", "share", "share_low", "share_high", "unique", "unique_share", "authors", "before", "ratio", "ratio_low",
    "ratio_high", "net_sentiment", "net_low", "net_high", "positive", "neutral", "negative", "unscored", "engagement",
    "engagement_known",
)  # fmt: skip


def json_of(found: Comparison) -> dict[str, Any]:
    """One object."""
    return {
        "from": moment(found.period.start),
        "to": moment(found.period.end),
        "tz": found.zone.key,
        "posts": sum(one.posts for one in found.standings),
        "whole": found.whole,
        "sides": [_standing(found, one) for one in found.standings],
        "differences": [
            {
                "first": one.first, "second": one.second, "net_sentiment": ends(one.net), "negative_share": ends(one.negative),
                "differ": one.differ,
            }
            for one in found.differences
        ],
        "overlaps": None if found.overlaps is None else [
            {
                "first": one.first, "second": one.second, "posts": one.posts, "authors": one.authors, "jaccard": one.jaccard,
                "lift": one.lift, "of_first": one.of_first.share if one.of_first.trials else None,
                "of_second": one.of_second.share if one.of_second.trials else None,
            }
            for one in found.overlaps
        ],
        "authors_of_several": found.several,
        "several": [{"account": one.account, "posts": dict(one.posts)} for one in found.speakers],
        "warnings": list(found.warnings),
        "waiting_hours": None if found.freshness is None else found.freshness.waiting,
        "coverage": {label: covered.told for label, covered in found.covered.items()} or None,
    }  # fmt: skip


def rows_of(found: Comparison) -> Iterator[Mapping[str, Any]]:
    """A row for each side, and one of the totals; a post of two sides counts for both."""
    for one in found.standings:
        yield _row(found, one)
    sides = found.standings
    yield {
        "side": "total", "posts": sum(one.posts for one in sides), "share": 1.0 if found.shares else None,
        "unique": sum(one.unique for one in sides), "unique_share": 1.0 if found.unique_shares else None,
        "positive": sum(one.labels.positive for one in sides), "neutral": sum(one.labels.neutral for one in sides),
        "negative": sum(one.labels.negative for one in sides), "unscored": sum(one.labels.unscored for one in sides),
        "engagement": sum(one.engagement.total for one in sides),
        "engagement_known": sum(one.engagement.known for one in sides),
    }  # fmt: skip


def _row(found: Comparison, one: Standing) -> dict[str, Any]:
    told = _standing(found, one)
    change = told["change"] or {"before": None, "ratio": None, "interval": None}
    share, ratio, net = (_both(pair) for pair in (told["share_interval"], change["interval"], told["net_sentiment_interval"]))
    return {
        "side": told["side"], "posts": one.posts, "share": told["share"], "share_low": share[0], "share_high": share[1],
        "unique": one.unique, "unique_share": told["unique_share"], "authors": one.authors, "before": change["before"],
        "ratio": change["ratio"], "ratio_low": ratio[0], "ratio_high": ratio[1], "net_sentiment": told["net_sentiment"],
        "net_low": net[0], "net_high": net[1], "positive": one.labels.positive, "neutral": one.labels.neutral,
        "negative": one.labels.negative, "unscored": one.labels.unscored, "engagement": one.engagement.total,
        "engagement_known": one.engagement.known,
    }  # fmt: skip


def _both(pair: list[float | None] | None) -> tuple[float | None, float | None]:
    return (None, None) if pair is None else (pair[0], pair[1])


def _standing(found: Comparison, one: Standing) -> dict[str, Any]:
    label = one.side.label
    share, unique, net = found.shares.get(label), found.unique_shares.get(label), net_sentiment(one.labels)
    compared = one.compared
    return {
        "side": label, "scope": str(one.side.scope), "posts": one.posts,
        "share": share.share if share else None, "share_interval": ends(share.interval if share else None),
        "unique": one.unique, "looked_at": one.looked_at,
        "unique_share": unique.share if unique else None, "unique_share_interval": ends(unique.interval if unique else None),
        "authors": one.authors,
        "positive": one.labels.positive, "neutral": one.labels.neutral, "negative": one.labels.negative,
        "unscored": one.labels.unscored,
        "net_sentiment": net.value if net else None, "net_sentiment_interval": ends(net.interval if net else None),
        "engagement": {
            "total": one.engagement.total, "known": one.engagement.known, "unknown": one.engagement.unknown,
            "median": one.engagement.median,
        },
        "change": None if compared is None else {
            "now": compared.change.now, "before": compared.change.before, "ratio": compared.change.ratio,
            "interval": ends(compared.change.interval), "certain": compared.change.certain,
            "hours_compared": compared.hours, "hours": compared.of,
        },
        "platforms": dict(one.platforms),
        "first": {
            platform: {"written": moment(first.written), "seen": moment(first.seen)} for platform, first in one.firsts.items()
        },
        "covered_from": {platform: moment(at) for platform, at in one.covered_from.items()},
    }  # fmt: skip
