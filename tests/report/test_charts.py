"""The charts of a report: what is where."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.analysis.bucket import Period
from monitor.analysis.coverage import Hole, SourceCoverage
from monitor.report.charts import Gap, gaps, sentiment_chart, volume_chart
from monitor.trends.hours import Volume

DAY = datetime(2026, 11, 10, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def hours(begin: float, end: float) -> Period:
    return Period(start=DAY + timedelta(hours=begin), end=DAY + timedelta(hours=end))


def source(name: str, *holes: tuple[float, float]) -> SourceCoverage:
    made = tuple(Hole(from_at=hours(*hole).start, to_at=hours(*hole).end, state="failed") for hole in holes)
    return SourceCoverage(source=name, platform="x", shares={}, holes=made)


def test_gaps__are_told_by_whether_any_source_covers_them() -> None:
    found = gaps([source("a", (2, 6), (6, 7)), source("b", (4, 8), (30, 31))], hours(0, 24))
    assert found == (Gap(hours(2, 4), whole=False), Gap(hours(4, 7), whole=True), Gap(hours(7, 8), whole=False))
    assert gaps([], hours(0, 24)) == ()
    assert gaps([source("a")], hours(0, 24)) == ()


def test_volume__bars_are_as_high_as_their_posts_and_gaps_are_hatched_in_place() -> None:
    volumes = [
        Volume(period=hours(number, number + 1), posts=posts, judged=None) for number, posts in enumerate((10, 0, 5, 10))
    ]
    chart = volume_chart(volumes, [Gap(hours(1, 2), whole=True)], zone=UTC_ZONE, caption="c", hourly=True)
    bars = [rect for rect in chart.rects if rect.kind == "bar"]
    assert [round(bar.height / bars[0].height, 2) for bar in bars] == [1, 0, 0.5, 1]
    (gap,) = [rect for rect in chart.rects if rect.kind == "missing"]
    assert gap.x <= bars[1].x
    assert gap.x + gap.width >= bars[1].x + bars[1].width
    assert bars[0].told == "11-10 00:00: 10"
    assert {name for name, _ in chart.legend} == {"bar", "missing"}
    assert all(
        rect.x >= 0 and rect.x + rect.width <= chart.width and rect.y + rect.height <= chart.height for rect in chart.rects
    )


def test_volume__of_many_bars__labels_stay_few() -> None:
    volumes = [Volume(period=hours(24 * number, 24 * number + 24), posts=number, judged=None) for number in range(365)]
    chart = volume_chart(volumes, [], zone=UTC_ZONE, caption="c", hourly=False)
    assert len([label for label in chart.labels if label.anchor == "middle"]) <= 7


def test_sentiment__parts_are_shares() -> None:
    chart = sentiment_chart([("all", 1, 1, 2), ("x", 0, 0, 3)], caption="c")
    first = [rect for rect in chart.rects if rect.told.startswith("all")]
    assert [rect.kind for rect in first] == ["negative", "neutral", "positive"]
    assert first[2].width == 2 * first[0].width
    assert [rect.told for rect in chart.rects if rect.told.startswith("x")] == ["x: 3 positive, 100%"]
