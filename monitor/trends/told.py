"""Trends as JSON values and as rows of one table: the keys that docs/commands.md describes. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from monitor.analysis.bucket import Period
from monitor.analysis.interval import Interval
from monitor.analysis.rising import Rising
from monitor.analysis.spike import Assessment
from monitor.crawl.exported import moment
from monitor.stories import Story
from monitor.trends.hours import Compared, Volume
from monitor.trends.trends import Trends

COLUMNS = ("section", "key", "from", "to", "posts", "before", "ratio", "low", "high", "authors", "mark", "post", "text")
LABELS_SHOWN = 20  # clusters


def json_of(trends: Trends) -> dict[str, Any]:
    """One object; only the sections that were asked for are in it."""
    hours, wanted = trends.hours, trends.asked.sections
    fresh = hours.freshness
    told: dict[str, Any] = {
        "scope": str(trends.asked.scope),
        "tz": hours.zone.key,
        **_period(hours.period),
        "posts": hours.posts,
        "answered_by": "posts" if fresh is None else "rollups",
        "dirty_hours": None if fresh is None else fresh.dirty,
        "waiting_hours": None if fresh is None else fresh.waiting,
        "missing_hours": hours.missing_hours,
        "read_posts": trends.read,
        "coverage": None if trends.covered is None else trends.covered.told,
    }
    makers: dict[str, Callable[[], Any]] = {
        "volume": lambda: {"interval": trends.asked.interval, "intervals": [_volume(one) for one in trends.volumes]},
        "spikes": lambda: [_assessment(one) for one in trends.unusual or ()],
        "change": lambda: None if trends.compared is None else _compared(trends.compared),
        "rising": lambda: _rising(trends),
        "posts": lambda: _posts(trends),
        "rhythm": lambda: [
            {"weekday": cell.weekday, "hour": cell.hour, "posts": cell.posts, "hours": cell.hours} for cell in hours.rhythm()
        ],
        "stories": lambda: _stories(trends),
        "clusters": lambda: _clusters(trends),
        "coordination": lambda: _coordination(trends),
    }
    told |= {("top_posts" if name == "posts" else name): make() for name, make in makers.items() if name in wanted}
    for top, counted in trends.tops.items():
        told[top] = [
            {"key": one.key, "at_least": one.at_least, "at_most": one.at_most, "authors": one.authors} for one in counted
        ]
    return told


def rows_of(trends: Trends) -> Iterator[Mapping[str, Any]]:
    """One table of all sections but the rhythm and coordination: a row each, with the columns of COLUMNS that it has."""
    for one in trends.volumes if "volume" in trends.asked.sections else ():
        band = one.judged.band if one.judged else None
        low, high = band or (None, None)
        mark = _mark(one.judged)
        yield {"section": "volume", **_period(one.period), "posts": one.posts, "low": low, "high": high, "mark": mark}
    if trends.compared:
        yield {"section": "change", "posts": trends.compared.change.now, "before": trends.compared.change.before} | {
            "ratio": trends.compared.change.ratio,
            "low": trends.compared.change.interval.low,
            "high": _finite(trends.compared.change.interval.high),
        }
    for kind, found in (("rising term", trends.rising.terms), ("rising tag", trends.rising.tags)) if trends.rising else ():
        for term in found:
            row = {"section": kind, "key": term.term, "posts": term.now, "before": term.before, "authors": term.authors}
            yield row | _shown(trends, term.posts[0])
    for amount, post in trends.engaging.posts if trends.engaging else ():
        yield {"section": "engagement", "key": post, "posts": amount} | _shown(trends, post)
    for top, counted in trends.tops.items():
        for one_counted in counted:
            row = {"section": top, "key": one_counted.key, "posts": one_counted.at_least, "authors": one_counted.authors}
            yield row | {"low": one_counted.at_least, "high": one_counted.at_most}
    for story in trends.told.stories if trends.told else ():
        row = {"section": "story", "key": story.first_platform, "from": moment(story.began_at), "posts": len(story.posts)}
        yield row | _shown(trends, story.first_post)
    for cluster in trends.clusters.clusters if trends.clusters else ():
        row = {"section": "cluster", "key": cluster.label, "posts": len(cluster.posts), "ratio": cluster.share}
        yield row | {"low": cluster.interval.low, "high": cluster.interval.high} | _shown(trends, cluster.examples[0])


def ends(interval: Interval | None) -> list[float | None] | None:
    """Both ends; infinity, which JSON cannot say, is null."""
    return None if interval is None else [_finite(interval.low), _finite(interval.high)]


def _finite(value: float) -> float | None:
    return None if value == float("inf") else value


def _period(period: Period) -> dict[str, str]:
    return {"from": moment(period.start), "to": moment(period.end)}


def _mark(judged: Assessment | None) -> str | None:
    return None if judged is None else "spike" if judged.spike else "drop" if judged.drop else None


def _usual(judged: Assessment | None) -> dict[str, Any]:
    if judged is None or judged.usual is None:
        return {"usual": None, "band": None, "basis": None, "times_usual": None}
    band = judged.band
    return {
        "usual": judged.usual.mean,
        "band": None if band is None else list(band),
        "basis": judged.usual.basis,
        "times_usual": judged.times_usual,
    }


def _volume(one: Volume) -> dict[str, Any]:
    return {**_period(one.period), "posts": one.posts, "mark": _mark(one.judged), **_usual(one.judged)}


def _assessment(one: Assessment) -> dict[str, Any]:
    chance = one.p_more if one.spike else one.p_fewer
    return {"from": moment(one.start), "posts": one.count, "mark": _mark(one), "chance": chance, **_usual(one)}


def _compared(compared: Compared) -> dict[str, Any]:
    change = compared.change
    return {
        "now": change.now, "before": change.before, "ratio": change.ratio, "interval": ends(change.interval),
        "certain": change.certain, "before_from": moment(compared.before.start), "before_to": moment(compared.before.end),
        "hours_compared": compared.hours, "hours": compared.of, "dispersion": compared.dispersion,
    }  # fmt: skip


def _rising(trends: Trends) -> dict[str, Any] | None:
    rising = trends.rising
    if rising is None:
        return None
    return {
        "terms": [_term(trends, one) for one in rising.terms],
        "tags": [_term(trends, one) for one in rising.tags],
        "before_from": moment(rising.before_period.start), "before_to": moment(rising.before_period.end),
        "compared_now": rising.now, "compared_before": rising.before, "posts_now": rising.all_now, "posts_before": rising.all_before,
    }  # fmt: skip


def _term(trends: Trends, one: Rising) -> dict[str, Any]:
    return {
        "term": one.term, "now": one.now, "before": one.before, "authors": one.authors, "log_odds": one.log_odds, "z": one.z,
        "posts": list(one.posts), "example": _shown(trends, one.posts[0]),
    }  # fmt: skip


def _posts(trends: Trends) -> dict[str, Any] | None:
    if trends.engaging is None:
        return None
    rows = [{"engagement": amount, **_shown(trends, post)} for amount, post in trends.engaging.posts]
    return {"posts": rows, "unknown": trends.engaging.unknown}


def _stories(trends: Trends) -> dict[str, Any] | None:
    told = trends.told
    if told is None:
        return None
    rows = [_story(trends, story) for story in told.stories]
    return {"posts": told.of, "looked_at": told.posts, "unique": told.unique, "stories": rows}


def _story(trends: Trends, story: Story) -> dict[str, Any]:
    return {
        "posts": len(story.posts), "began": moment(story.began_at), "first_platform": story.first_platform,
        "lags_s": {platform: lag.total_seconds() for platform, lag in story.lags.items()}, "first": _shown(trends, story.first_post),
    }  # fmt: skip


def _clusters(trends: Trends) -> dict[str, Any] | None:
    found = trends.clusters
    if found is None:
        return None
    rows = [
        {
            "label": one.label, "terms": list(one.terms), "posts": len(one.posts), "texts": one.texts, "share": one.share,
            "share_interval": ends(one.interval), "examples": list(one.examples), "example": _shown(trends, one.examples[0]),
        }
        for one in found.clusters[:LABELS_SHOWN]
    ]  # fmt: skip
    left = sum(len(one.posts) for one in found.clusters[LABELS_SHOWN:])
    return {"posts": found.posts, "looked_at": found.looked_at, "without": found.without, "smaller": left, "clusters": rows}


def _coordination(trends: Trends) -> dict[str, Any] | None:
    found = trends.coordination
    if found is None:
        return None
    pairs = [
        {
            "first": pair.first,
            "second": pair.second,
            "things": len(pair.items),
            "expected": pair.expected,
            "chance": pair.chance,
        }
        for pair in found.pairs[: trends.asked.limit]
    ]
    return {
        "pairs": pairs, "all_pairs": len(found.pairs), "groups": [list(group) for group in found.groups[: trends.asked.limit]],
        "usual_most": found.usual_most, "shares_left_out": trends.shares_left_out, "things_left_out": len(found.left_out),
        "rounds": found.rounds, "seed": found.seed,
    }  # fmt: skip


def _shown(trends: Trends, post: str) -> dict[str, Any]:
    example = trends.examples.get(post)
    return {"post": post, "text": example.text if example else ""}
