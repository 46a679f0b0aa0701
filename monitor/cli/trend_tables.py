"""The sections of `monitor trends` as tables for a terminal."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.analysis.spike import Assessment
from monitor.cli.chart import Bar, chart
from monitor.cli.plain import plain
from monitor.trends.told import LABELS_SHOWN
from monitor.trends.trends import Trends

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SHADES = " ░▒▓█"
_NUMBERS = {"posts", "now", "before", "authors", "engagement", "share", "usual", "times", "things", "expected", "chance"}


def print_trends(trends: Trends, console: Console) -> None:
    """Print the sections that were asked for, in their order."""
    hours, zone = trends.hours, trends.hours.zone
    begin, end = (_clock(at, zone) for at in (hours.period.start, hours.period.end))
    console.print(Text(f"{hours.posts:,} posts from {begin} to {end} ({zone.key})"))
    if trends.volumes and "volume" in trends.asked.sections:
        _print_volumes(trends, console)
    if trends.unusual is not None:
        _print_unusual(trends.unusual, zone, console)
    _print_change(trends, console)
    _print_rising(trends, console)
    _print_tops(trends, console)
    if "rhythm" in trends.asked.sections:
        _print_rhythm(trends, console)
    _print_stories(trends, console)
    _print_clusters(trends, console)
    _print_coordination(trends, console)


def table(*headings: str) -> Table:
    """A plain table, numbers to the right."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        made.add_column(heading, justify="right" if heading in _NUMBERS else "left", no_wrap=True, overflow="ellipsis")
    return made


def print_rows(console: Console, title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table under its title; without rows, that there are none. Cells are made safe here."""
    console.print(Text(f"\n{title}", style="bold"))
    made = table(*headings)
    for row in rows:
        made.add_row(*(Text(plain(one), overflow="ellipsis", no_wrap=True) for one in row))
    console.print(made if made.row_count else Text("none"))


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _print_volumes(trends: Trends, console: Console) -> None:
    zone, hourly = trends.hours.zone, trends.asked.interval == "1h"
    bars = [
        Bar(
            label=_clock(one.period.start, zone) if hourly else f"{one.period.start.astimezone(zone):%Y-%m-%d}",
            count=one.posts,
            band=one.judged.band if one.judged else None,
            mark=None if one.judged is None else "spike" if one.judged.spike else "drop" if one.judged.drop else None,
        )
        for one in trends.volumes
    ]
    console.print(chart(bars, heading="hour" if hourly else "day"))


def _print_unusual(unusual: Sequence[Assessment], zone: ZoneInfo, console: Console) -> None:
    rows = []
    for one in unusual:
        low, high = one.band or (0, 0)
        times = one.times_usual or 0
        rows.append(
            (_clock(one.start, zone), "spike" if one.spike else "drop", f"{one.count:,}", f"{low:,}-{high:,}", f"{times:.1f}")
        )
    print_rows(console, "Unusual hours", ("hour", "what", "posts", "usual", "times"), rows)


def _print_change(trends: Trends, console: Console) -> None:
    if "change" not in trends.asked.sections:
        return
    compared = trends.compared
    if compared is None:
        console.print(Text("\nChange: no hour of the weeks before is known, so there is nothing to compare with."))
        return
    made, zone = compared.change, trends.hours.zone
    since = f"{_clock(compared.before.start, zone)} to {_clock(compared.before.end, zone)}"
    certain = "" if made.certain else "; it may be chance"
    console.print(Text(f"\nChange: {compared.told}, {made.now:,} against {made.before:,} posts from {since}{certain}"))
    if compared.hours < compared.of:
        console.print(Text(f"compared are {compared.hours:,} of {compared.of:,} hours: the others are not known in both"))


def _print_rising(trends: Trends, console: Console) -> None:
    rising = trends.rising
    if rising is None:
        return
    sampled = "" if (rising.now, rising.before) == (rising.all_now, rising.all_before) else (
        f", of samples of {rising.now:,} and {rising.before:,} posts"
    )  # fmt: skip
    for title, found in (("Rising terms", rising.terms), ("Rising tags", rising.tags)):
        rows = [(one.term, f"{one.now:,}", f"{one.before:,}", f"{one.authors:,}", _text(trends, one.posts[0])) for one in found]
        print_rows(console, title + sampled, ("term", "now", "before", "authors", "newest post"), rows)


def _print_tops(trends: Trends, console: Console) -> None:
    if trends.engaging is not None:
        rows = [(f"{amount:,}", _text(trends, post)) for amount, post in trends.engaging.posts]
        title = f"Most engaging posts ({trends.engaging.unknown:,} of unknown engagement)"
        print_rows(console, title, ("engagement", "post"), rows)
    for top, counted in trends.tops.items():
        top_rows = [
            (one.key, f"{one.at_least:,}" + (f" to {one.at_most:,}" if one.at_most > one.at_least else ""), f"{one.authors:,}")
            for one in counted
        ]
        print_rows(console, f"Top {top}", (top, "posts", "authors "), top_rows)


def _print_rhythm(trends: Trends, console: Console) -> None:
    cells = trends.hours.rhythm()
    most = max((cell.posts_per_hour or 0 for cell in cells), default=0) or 1
    console.print(Text("\nHours of the week (darker: more posts; · never counted)", style="bold"))
    console.print(Text(" " * 4 + "".join(f"{hour:<6}" for hour in range(0, 24, 6))))
    for weekday, name in enumerate(DAYS):
        line = ""
        for cell in cells[24 * weekday : 24 * weekday + 24]:
            rate = cell.posts_per_hour
            line += "·" if rate is None else _SHADES[min(4, -int(-4 * rate // most))]
        console.print(Text(f"{name} {line}"))


def _print_stories(trends: Trends, console: Console) -> None:
    told = trends.told
    if told is None:
        return
    rows = []
    for story in told.stories:
        lags = ", ".join(f"{name} +{lag.total_seconds() / 3600:.1f} h" for name, lag in list(story.lags.items())[1:])
        first = story.first_platform + (f" ({lags})" if lags else "")
        rows.append((f"{len(story.posts):,}", first, _text(trends, story.first_post)))
    title = f"Stories: {told.posts:,} posts tell {told.unique:,}"
    title += f" (of the newest {told.posts:,} of {told.of:,} posts)" if told.posts < told.of else ""
    print_rows(console, title, ("posts", "first on", "first post"), rows)


def _print_clusters(trends: Trends, console: Console) -> None:
    found = trends.clusters
    if found is None:
        return
    rows = [
        (f"{len(one.posts):,}", f"{one.share:.1%}", one.label, _text(trends, one.examples[0]))
        for one in found.clusters[:LABELS_SHOWN]
    ]
    title = f"Topics: {found.without:,} posts are in none"
    title += f" (of a sample of {found.looked_at:,} of {found.posts:,} posts)" if found.looked_at < found.posts else ""
    print_rows(console, title, ("posts", "share", "words", "example"), rows)


def _print_coordination(trends: Trends, console: Console) -> None:
    found = trends.coordination
    if found is None:
        return
    rows = [
        (pair.first, pair.second, f"{len(pair.items):,}", f"{pair.expected:.2f}", f"{pair.chance:.3f}")
        for pair in found.pairs[: trends.asked.limit]
    ]
    title = f"Accounts that share the same within a minute (by chance at most {found.usual_most:.1f} things)"
    title += f"; the oldest {trends.shares_left_out:,} shares are left out" if trends.shares_left_out else ""
    title += f"; things left out that too many share at once: {len(found.left_out):,}" if found.left_out else ""
    print_rows(console, title, ("account", "and", "things", "expected", "chance"), rows)


def _text(trends: Trends, post: str) -> str:
    example = trends.examples.get(post)
    return post if example is None or not example.text.strip() else " ".join(example.text.split())
