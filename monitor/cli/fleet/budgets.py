"""`monitor fleet budgets`: what is left of each credential's limits, who uses it, and what its calls bring."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from monitor.cli.opened import opened, run, say_if_simulated
from monitor.config import Config, load
from monitor.crawl.credential import label
from monitor.crawl.interval import every_s_of
from monitor.errors import ConfigurationError, UsageError
from monitor.store.budgets import Budget
from monitor.store.sources import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All there is to show: budgets and polled sources, and how fresh topics want their posts."""

    budgets: Sequence[Budget]
    sources: Sequence[Standing]
    every_s: Mapping[str, int]


@click.command()
@click.option("--platform", metavar="NAME", help="Only those of one platform.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
def budgets(platform: str | None, as_json: bool) -> None:
    """Show what is left of each credential's limits, when it is full again, who uses it, and how many calls a new post costs.

    Credentials go by the names of their variables, never by value; several values of one variable are told apart by a short sign.
    """
    shown = run(_shown(platform))
    told = told_of(shown, load())
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    if not told:
        click.echo("No platform was asked yet: there are no budgets.", err=True)
        return
    console = Console(width=1000)
    for credential in told:
        console.print(f"[bold]{escape(credential['credential'])}[/]")
        if credential["budgets"]:
            console.print(_budget_table(credential["budgets"]))
        if credential["sources"]:
            console.print(_source_table(credential["sources"]))
        console.print()


async def _shown(platform: str | None) -> Shown:
    async with opened() as store:
        await say_if_simulated(store)
        return Shown(
            budgets=await store.budgets.list_all(platform=platform),
            sources=await store.sources.list_all(platform=platform, polled=True),
            every_s={topic.id: topic.every_s for topic in await store.topics.list_all() if topic.every_s is not None},
        )


def told_of(shown: Shown, config: Config) -> list[dict[str, Any]]:
    """Budgets and sources by credential, as --json prints them; sources whose calls bring most come first."""
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: {"budgets": [], "sources": []})
    for budget in shown.budgets:
        found[budget.credential.partition("#")[0]]["budgets"].append(budget_told(budget))
    for standing in shown.sources:
        if standing.source.topics:
            found[_label(config, standing)]["sources"].append(source_told(standing, shown.every_s))
    for each in found.values():
        each["sources"].sort(key=lambda source: -(source["new_per_call"] or 0.0))
    return [{"credential": name, **each} for name, each in sorted(found.items())]


def budget_told(budget: Budget) -> dict[str, Any]:
    """One budget; `left` None: it is not known, or nothing is told."""
    counted = budget.told and budget.seconds_to(budget.reset_at) > 0
    return {
        "id": budget.id,
        "platform": budget.platform,
        "host": budget.host,
        "limit_name": budget.meter or None,
        "state": state_of(budget),
        "left": budget.left if counted else None,
        "limit": budget.limit,
        "window_s": budget.window_s,
        "resets_at": _iso(budget.reset_at if counted else None),
        "not_before": _iso(budget.not_before if budget.seconds_to(budget.not_before) else None),
        "aside_until": _iso(budget.aside_until if budget.seconds_to(budget.aside_until) else None),
        "aside_reason": budget.aside_reason,
        "calls": budget.calls,
        "users": [{"owner": user.owner, "calls": user.calls, "at": _iso(user.at)} for user in budget.using()],
    }


def state_of(budget: Budget) -> str:
    """How a budget does, in one of six fixed words."""
    if budget.seconds_to(budget.aside_until):
        return "put aside"
    if budget.seconds_to(budget.not_before):
        return "waiting"
    if budget.told and budget.seconds_to(budget.reset_at):
        return "counted" if budget.left else "used up"
    if budget.free and not budget.seconds_to(budget.one_by_one_until):
        return "not told"
    return "one by one"


def source_told(standing: Standing, every: Mapping[str, int]) -> dict[str, Any]:
    """What the calls for one source bring, and what they are."""
    rate, every_s = standing.rate, every_s_of(standing.source.topics, every)
    known = rate is not None and rate.per_call > 0
    return {
        "source": standing.source.id,
        "state": standing.state,
        "new_per_call": None if rate is None else round(rate.per_call, 3),
        "calls_per_new": round(1 / rate.per_call, 3) if rate is not None and known else None,
        "calls_per_day": None if rate is None or not rate.interval_s else round(rate.calls * 86_400 / rate.interval_s),
        "interval_s": None if rate is None else rate.interval_s,
        "every_s": every_s,
    }


def _label(config: Config, standing: Standing) -> str:
    try:
        return label(config, standing.source)
    except (ConfigurationError, UsageError):  # a platform that is not there any more, a file that cannot be read
        return f"{standing.source.platform}:"


def _budget_table(told: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("state", "left", "limit", "until", "calls", "budget"):
        table.add_column(heading, no_wrap=True, justify="right" if heading in {"left", "limit", "calls"} else "left")
    for each in told:
        until = each["aside_until"] or each["not_before"] or each["resets_at"]
        left = "" if each["left"] is None else f"{each['left']:,}"
        limit = "" if each["limit"] is None else f"{each['limit']:,}"
        table.add_row(each["state"], left, limit, _clock(until), f"{each['calls']:,}", escape(each["id"]))
        if each["aside_until"] and each["aside_reason"]:
            table.add_row("", "", "", "", "", f"[dark_orange]{escape(each['aside_reason'])}[/]")
        for user in each["users"]:
            table.add_row("", "", "", "", f"[dim]{user['calls']:,}[/]", f"[dim]{escape(user['owner'])}[/]")
    return table


def _source_table(told: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("calls/new", "calls/day", "source"):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "source" else "right")
    for each in told:
        costs = "" if each["calls_per_new"] is None else f"{each['calls_per_new']:.2f}"
        a_day = "" if each["calls_per_day"] is None else f"{each['calls_per_day']:,}"
        table.add_row(costs, a_day, escape(each["source"]))
    return table


def _clock(moment: str | None) -> str:
    return "" if moment is None else f"{datetime.fromisoformat(moment):%d %H:%M:%S}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")
