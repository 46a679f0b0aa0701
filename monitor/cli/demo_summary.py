"""What the demo says at its end: what was found, whether it is the truth, and what to try next; 80 columns are enough."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.text import Text

from monitor.cli.chart import Bar, chart
from monitor.cli.demo_findings import Check, Findings, TopicFound
from monitor.cli.trend_tables import print_rows
from monitor.store.scope_coverage import percent

DAYS_SHOWN = 14
FAULTS = ("missing", "invented", "doubled", "different")


def show_summary(findings: Findings, result: Mapping[str, Any], console: Console) -> None:
    """Print topics, volume, spike, share of voice, coverage and conservation, each with its check, and next steps."""
    checks = {check.name: check for check in findings.checks}
    _line(console, "\n[bold]Collected from simulated platforms[/] (simulated data, invented people and posts)")
    print_rows(console, "Topics", ("topic", "posts", "share of voice", "net sentiment"), map(_topic_row, findings.topics))
    _volume(findings, console)
    _spike(findings, console)
    _told(console, checks["spike_hours"])
    _told(console, checks["spike_posts"])
    _line(console, "\n[bold]Share of voice[/] against what the platforms showed")
    _told(console, checks["share_of_voice"])
    _coverage(findings, result, console)
    _told(console, checks["coverage"])
    _conservation(result, console)
    _next(findings, console)


def _line(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True)


def _told(console: Console, check: Check) -> None:
    verdict = Text("exact: ", style="green") if check.exact else Text("WRONG: ", style="bold red")
    console.print(Text("  ") + verdict + Text(check.says), soft_wrap=True)


def _topic_row(one: TopicFound) -> tuple[str, ...]:
    share = f"{one.share.share:.1%} ({one.share.interval.low:.1%} to {one.share.interval.high:.1%})" if one.share else "-"
    net = "-"
    if one.net is not None:
        sure = one.net.interval
        net = f"{one.net.value:+.2f}" + (f" ({sure.low:+.2f} to {sure.high:+.2f})" if sure else " (few)")
    return one.id, f"{one.figures.posts:,}", share, net


def _volume(findings: Findings, console: Console) -> None:
    trends = findings.trends
    days = trends.volumes if trends else ()
    spikes = [one.start for one in findings.unusual]
    bars = [
        Bar(
            label=f"{day.period.start:%Y-%m-%d}",
            count=day.posts,
            band=day.judged.band if day.judged else None,
            mark="spike" if any(day.period.start <= at < day.period.end for at in spikes) else None,
        )
        for day in days
    ]
    shown = bars[-DAYS_SHOWN:]
    _line(console, f"\n[bold]Volume of {findings.spike_topic}[/], the latest {len(shown)} of {len(bars)} days")
    console.print(chart(shown, heading="day"))


def _spike(findings: Findings, console: Console) -> None:
    planted = set(findings.planted_hours)
    found = [one for one in findings.unusual if one.start in planted]
    title = "The planted spike was found" if len(found) == len(planted) else "The planted spike was not found whole"
    rows = []
    for one in found:
        low, high = one.band or (0, 0)
        rows.append((f"{one.start:%Y-%m-%d %H:%M}", f"{one.count:,}", f"{low:,}-{high:,}", f"{one.times_usual or 0:.1f}"))
    print_rows(console, title, ("hour (UTC)", "posts", "usual", "times"), rows)


def _coverage(findings: Findings, result: Mapping[str, Any], console: Console) -> None:
    period = findings.covered.coverage.period
    rows = [
        (name, f"{result['platforms'].get(name, 0):,}", f"{one.sources:,} ", percent(one.every))
        for name, one in findings.covered.coverage.platforms.items()
    ]
    title = f"Coverage, {period.start:%Y-%m-%d %H:%M} to {period.end:%Y-%m-%d %H:%M} UTC"
    print_rows(console, title, ("platform", "posts", "sources", "time covered by all its sources"), rows)


def _conservation(result: Mapping[str, Any], console: Console) -> None:
    differences = ", ".join(f"{result[name]} {name}" for name in FAULTS)
    exact = not any(result[name] for name in FAULTS)
    _line(console, "\n[bold]Post by post[/] against what the platforms showed")
    says = f"{result['shown']:,} posts shown, {result['stored']:,} stored"
    _told(console, Check(name="posts", exact=exact, says=says))
    _line(
        console,
        f"  {differences}\n"
        f"  {result['scored']:,} scored (English), {result['unscored']:,} not (another language, or no text);\n"
        f"  {result['quarantined']} in quarantine; {result['seconds']} s in all",
    )


def _next(findings: Findings, console: Console) -> None:
    spike = findings.spike_topic
    other = next((one.id for one in findings.topics if one.id != spike), spike)
    begin = findings.planted.from_at
    days = f"from={begin:%Y-%m-%d}&to={begin + timedelta(days=1):%Y-%m-%d}"
    _line(
        console,
        "\n[bold]Try next[/]\n"
        "  export MONITOR_DATABASE=monitor_demo      # the database of the demo\n"
        f"  monitor trends 'topic={spike}'      # who and what is behind it\n"
        f"  monitor compare {other} {spike}      # side by side\n"
        "  monitor coverage from=-28d                # what was read, source by source\n"
        f"  monitor posts 'topic={spike}&{days}'\n"
        "  monitor db start --tcp && monitor db uri  # for mongosh or Compass\n",
    )
