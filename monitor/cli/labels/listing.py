"""`monitor labels list` and `monitor labels show`: the sets of labels and the trained models; one set, and whether its raters agree."""

import json
from collections import Counter
from itertools import combinations
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.analysis.bootstrap import bootstrap
from monitor.analysis.interval import Interval
from monitor.analysis.raters import cohen_kappa, krippendorff_alpha
from monitor.cli.labels.labelled import no_set
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.trained import models, told
from monitor.labels.held_out import HeldOut
from monitor.labels.judgement import Judgement, verdict
from monitor.store.labels import Counted, Labels


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def list_sets(as_json: bool) -> None:
    """List the sets of labels, and the models that were trained from them with their held-out figures."""
    sets, trained = run(_listed())
    if as_json:
        made = {"sets": [_set_told(each) for each in sets], "models": [_model_told(each, says) for each, says in trained]}
        click.echo(json.dumps(made, ensure_ascii=False))
        return
    if sets:
        Console().print(_table(sets))
    else:
        click.echo("There are no labels. To begin: monitor labels sample SCOPE --out FILE.csv", err=True)
    for _, says in trained:
        click.echo(says)


async def _listed() -> tuple[list[Counted], list[tuple[HeldOut, str]]]:
    here = models()
    async with opened() as store:
        trained = [here.held_out(name) for name in here.newest()]
        return await Labels(store.database).sets(), [(each, await told(store, each)) for each in trained]


@click.command()
@click.argument("name", metavar="SET")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def show(name: str, as_json: bool) -> None:
    """Show the label set SET: posts by label, who labelled how many, and how well the raters agree beyond chance.

    Krippendorff's alpha is of all raters, Cohen's kappa of each two. No scorer can agree with people better than they do.
    """
    counted, judgements = run(_shown(name))
    alpha, interval, shared = _alpha(judgements)
    pairs = _kappas(judgements)
    if as_json:
        agreement = {
            "alpha": alpha,
            "alpha_interval": None if interval is None else [interval.low, interval.high],
            "alpha_posts": shared,
            "kappas": [{"raters": [one, other], "posts": posts, "kappa": kappa} for one, other, posts, kappa in pairs],
        }
        click.echo(json.dumps(_set_told(counted) | {"ties": len(verdict(judgements).ties)} | agreement, ensure_ascii=False))
        return
    _print(counted, len(verdict(judgements).ties))
    if alpha is None:
        click.echo("No two raters labelled the same post: let a second person label some of them.")
        return
    told = "" if interval is None else f" ({interval.low:.2f} to {interval.high:.2f})"
    click.echo(f"Krippendorff's alpha {alpha:.2f}{told} on {shared:,} posts that two or more labelled")
    for one, other, posts, kappa in pairs:
        click.echo(f"Cohen's kappa of {one} and {other}: {'-' if kappa is None else f'{kappa:.2f}'} on {posts:,} posts")


async def _shown(name: str) -> tuple[Counted, list[Judgement]]:
    async with opened() as store:
        await say_if_simulated(store)
        labels = Labels(store.database)
        counted = await labels.counted(name)
        if counted is None:
            raise no_set(name, await labels.sets())
        return counted, await labels.of_set(name)


def _alpha(judgements: list[Judgement]) -> tuple[float | None, Interval | None, int]:
    labels: dict[str, list[str]] = {}
    for each in judgements:
        if each.label is not None:
            labels.setdefault(each.post, []).append(each.label)
    units = [tuple(sorted(given)) for given in labels.values() if len(given) > 1]
    (interval,) = bootstrap([[unit] for unit in units], lambda drawn: [krippendorff_alpha(drawn)])
    return krippendorff_alpha(Counter(units)), interval, len(units)


def _kappas(judgements: list[Judgement]) -> list[tuple[str, str, int, float | None]]:
    labels: dict[str, dict[str, str]] = {}
    for each in judgements:
        if each.label is not None:
            labels.setdefault(each.rater, {})[each.post] = each.label
    found = []
    for one, other in combinations(sorted(labels), 2):
        pairs = [(label, labels[other][post]) for post, label in labels[one].items() if post in labels[other]]
        if pairs:
            found.append((one, other, len(pairs), cohen_kappa(pairs)))
    return found


def _set_told(counted: Counted) -> dict[str, Any]:
    return {
        "set": counted.name,
        "posts": counted.posts,
        "judgements": counted.judgements,
        "labels": dict(counted.labels),
        "raters": dict(counted.raters),
    }


def _model_told(held_out: HeldOut, says: str) -> dict[str, Any]:
    return {
        "model": held_out.model,
        "version": held_out.version,
        "set": held_out.label_set,
        "labels": list(held_out.labels),
        "trained_at": held_out.trained_at,
        "held_out": says,
    }


def _table(sets: list[Counted]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("set", "posts", "raters", "labels"):
        table.add_column(heading, justify="right" if heading in {"posts", "raters"} else "left")
    for each in sets:
        labels = ", ".join(f"{label} {count:,}" for label, count in _most(each.labels))
        table.add_row(Text(each.name), f"{each.posts:,}", f"{len(each.raters):,}", Text(labels))
    return table


def _print(counted: Counted, ties: int) -> None:
    click.echo(f"{counted.name}: {counted.judgements:,} judgements of {counted.posts:,} posts")
    if ties:
        click.echo(f"{ties:,} posts have no label, since as many raters say one thing as another")
    for heading, figures in (("label", counted.labels), ("rater", counted.raters)):
        table = Table(box=None, header_style="bold", pad_edge=False)
        table.add_column(heading)
        table.add_column("judgements", justify="right")
        for name, count in _most(figures):
            table.add_row(Text(name), f"{count:,}")
        Console().print(table)


def _most(figures: Any) -> list[tuple[str, int]]:
    return sorted(figures.items(), key=lambda each: (-each[1], each[0]))
