"""`monitor labels predict`: what a trained model says of the posts of a scope; nothing is stored."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor import clock
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.scoped import scope_of
from monitor.cli.trained import models
from monitor.labels.model import Model
from monitor.labels.sheet import csv_line
from monitor.scope import Scope
from monitor.store.search import Search
from monitor.text.utterance import utterance

_COLUMNS = ("id", "url", "label", "chance", "model", "version")
_Row = tuple[str, str | None, str, float, str, str]  # a value for each of the columns


@click.command()
@click.argument("scope_text", metavar="[SCOPE]", default="")
@click.option("--model", "name", metavar="NAME", required=True, help="Which trained model.")
@click.option("--csv", "form", flag_value="csv", type=click.Choice(["csv", "jsonl"]), help="A table, a row per post.")
@click.option("--jsonl", "form", flag_value="jsonl", help="A JSON object per post.")
def predict(scope_text: str, name: str, form: str | None) -> None:
    """Say what a trained model calls the posts of SCOPE: a table of counts, or with --csv or --jsonl each post.

    Nothing is stored: labels that are no sentiment have no place in a post. Posts in languages that the model does not know, deleted
    posts and those without words are left out and counted.
    """
    now = clock.now()
    scope = scope_of(scope_text, now=now)
    model = models().model(name)
    if form == "csv":
        sys.stdout.write(csv_line(_COLUMNS))
    counted, left_out = run(_predicted(scope.frozen(now), model, None if form is None else _WRITERS[form]))
    if form is None:
        Console().print(_table(counted))
    told = f", {left_out:,} left out" if left_out else ""
    click.echo(f"{counted.total():,} posts of {str(scope) or 'all posts'}{told}", err=True)


async def _predicted(frozen: Scope, model: Model, write: Callable[[_Row], None] | None) -> tuple[Counter[str], int]:
    counted: Counter[str] = Counter()
    left_out, version = 0, model.version
    async with opened() as store:
        await say_if_simulated(store, model.name)
        async for post in Search(store.database).posts(frozen.asks(clock.now()), stored_by=frozen.stored_by()):
            text = utterance(post)
            if not text.strip() or not (model.languages is None or post.language in model.languages):
                left_out += 1
                continue
            chances = model.chances(text)
            label = max(chances, key=chances.__getitem__)
            counted[label] += 1
            if write is not None:
                write((post.id, post.url, label, round(chances[label], 4), model.name, version))
    return counted, left_out


def _csv(row: _Row) -> None:
    sys.stdout.write(csv_line("" if cell is None else str(cell) for cell in row))


def _jsonl(row: _Row) -> None:
    sys.stdout.write(json.dumps(dict(zip(_COLUMNS, row, strict=True)), ensure_ascii=False) + "\n")


_WRITERS: Mapping[str, Callable[[_Row], None]] = {"csv": _csv, "jsonl": _jsonl}


def _table(counted: Counter[str]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("label", "posts", "share"):
        table.add_column(heading, justify="left" if heading == "label" else "right")
    for label, count in counted.most_common():
        table.add_row(Text(label), f"{count:,}", f"{count / counted.total():.1%}")
    return table
