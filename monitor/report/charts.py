"""The charts of a report: bars of posts over time with what is usual and what was not collected, and shares of sentiment. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from monitor.analysis.bucket import Period
from monitor.analysis.coverage import SourceCoverage
from monitor.report.page import Chart, Label, Rect
from monitor.trends.hours import Volume

WIDTH, HEIGHT = 720.0, 220.0
_LEFT, _TOP, _BOTTOM = 64.0, 14.0, 26.0
_ROW = 30.0
_PLOT = WIDTH - _LEFT - 4
_FLOOR = HEIGHT - _BOTTOM
_LAST = WIDTH - 60  # where the middle of a label may be
_TICKS = 5  # labels under the bars, at most
PAINTS = (
    ("bar", "posts"),
    ("usual", "usual: nine of ten such times"),
    ("partly", "not collected from some sources"),
    ("missing", "not collected"),
)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that was not covered by any source (`whole`), or by some of them."""

    period: Period
    whole: bool


def gaps(sources: Sequence[SourceCoverage], within: Period) -> tuple[Gap, ...]:
    """The stretches of a period that not all sources cover, oldest first, as long as they last."""
    if not sources:
        return ()
    changes: dict[datetime, int] = {within.start: 0, within.end: 0}
    for hole in (hole for source in sources for hole in source.holes):
        start, end = max(hole.from_at, within.start), min(hole.to_at, within.end)
        if start < end:
            changes[start] = changes.get(start, 0) + 1
            changes[end] = changes.get(end, 0) - 1
    found: list[Gap] = []
    moments, missing = sorted(changes), 0
    for start, end in pairwise(moments):
        missing += changes[start]
        if not missing:
            continue
        whole = missing == len(sources)
        if found and (found[-1].period.end, found[-1].whole) == (start, whole):
            start = found.pop().period.start  # noqa: PLW2901 - it goes on
        found.append(Gap(Period(start=start, end=end), whole))
    return tuple(found)


def volume_chart(volumes: Sequence[Volume], missing: Sequence[Gap], *, zone: ZoneInfo, caption: str, hourly: bool) -> Chart:
    """A bar for each interval over the band of what is usual; hatched where not all was collected."""
    begin, end = volumes[0].period.start, volumes[-1].period.end
    bands = [one.judged.band if one.judged else None for one in volumes]
    most = max(1, *(one.posts for one in volumes), *(band[1] for band in bands if band))
    step = _step(most)
    top = step * -(-most // step)

    def x(at: datetime) -> float:
        return round(_LEFT + _PLOT * ((at - begin) / (end - begin)), 2)

    def y(posts: float) -> float:
        return round(_FLOOR - (_FLOOR - _TOP) * posts / top, 2)

    lines = range(0, top + 1, step)
    usual = [
        _rect((x(one.period.start), x(one.period.end)), (y(band[1]), y(band[0])), "usual")
        for one, band in zip(volumes, bands, strict=True)
        if band is not None
    ]
    hatched = [
        _rect((x(gap.period.start), x(gap.period.end)), (_TOP, _FLOOR), "missing" if gap.whole else "partly") for gap in missing
    ]
    ruled = [_rect((_LEFT, WIDTH - 4), (y(line), y(line) + 0.6), "line") for line in lines]
    bars = [_bar(one, x(one.period.start), x(one.period.end), y(one.posts), _when(one, zone, hourly=hourly)) for one in volumes]
    rects = [*usual, *hatched, *ruled, *bars]
    labels = [Label(x=_LEFT - 6, y=y(line) + 4, text=f"{line:,}", anchor="end") for line in lines]
    every = -(-len(volumes) // _TICKS)
    labels += [
        Label(x=min(_LAST, (x(one.period.start) + x(one.period.end)) / 2), y=HEIGHT - 8, text=_when(one, zone, hourly=hourly))
        for one in volumes[every // 2 :: every]
    ]
    kinds = {rect.kind for rect in rects} | ({"bar"} if volumes else set())
    legend = tuple(paint for paint in PAINTS if paint[0] in kinds) + ((("spike", "spike"),) if "spike" in kinds else ())
    return Chart(width=WIDTH, height=HEIGHT, rects=tuple(rects), labels=tuple(labels), caption=caption, legend=legend)


def sentiment_chart(rows: Sequence[tuple[str, int, int, int]], *, caption: str) -> Chart:
    """For each name a bar of its negative, neutral and positive posts as shares of those with a label."""
    left, rects, labels = 140.0, [], []
    for number, (name, *counts) in enumerate(rows):
        top, at = number * _ROW + 4, left
        labels.append(Label(x=left - 8, y=top + 15, text=name, anchor="end"))
        for kind, count in zip(("negative", "neutral", "positive"), counts, strict=True):
            width = (WIDTH - left - 4) * count / max(1, sum(counts))
            share = f"{count / max(1, sum(counts)):.0%}"
            if count:
                rects.append(_rect((at, at + width), (top, top + _ROW - 8), kind, f"{name}: {count:,} {kind}, {share}"))
            if width > 34:
                labels.append(Label(x=round(at + width / 2, 2), y=top + 15, text=share))
            at += width
    legend = (("negative", "negative"), ("neutral", "neutral"), ("positive", "positive"))
    height = len(rows) * _ROW + 4
    return Chart(width=WIDTH, height=height, rects=tuple(rects), labels=tuple(labels), caption=caption, legend=legend)


def _bar(one: Volume, left: float, right: float, top: float, when: str) -> Rect:
    room = (right - left) / 6  # what is usual shows between the bars
    kind = "spike" if one.judged is not None and one.judged.spike else "bar"
    return _rect((left + room, right - room), (top, _FLOOR), kind, f"{when}: {one.posts:,}")


def _rect(across: tuple[float, float], down: tuple[float, float], kind: str, told: str = "") -> Rect:
    width, height = round(max(0.3, across[1] - across[0]), 2), round(max(0.0, down[1] - down[0]), 2)
    return Rect(x=round(across[0], 2), y=round(down[0], 2), width=width, height=height, kind=kind, told=told)


def _step(most: int) -> int:
    """A round distance of lines, of which there are two to five."""
    size = int(10.0 ** (len(str(most)) - 1))
    return next((step for step in (size // 5, size // 2, size, 2 * size) if step >= 1 and most / step <= 5), 2 * size)


def _when(one: Volume, zone: ZoneInfo, *, hourly: bool) -> str:
    local = one.period.start.astimezone(zone)
    return f"{local:%m-%d %H:%M}" if hourly else f"{local:%Y-%m-%d}"
