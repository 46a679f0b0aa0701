"""`monitor network`: which tags, accounts or domains of a scope go together, as a table and as a file for Gephi."""

import json
from pathlib import Path

import click
from rich.console import Console

from monitor import clock
from monitor.analysis.gexf import gexf
from monitor.cli.opened import opened, run, say_if_removed, say_if_simulated
from monitor.cli.scoped import scope_of
from monitor.cli.trend_tables import print_rows
from monitor.errors import UsageError
from monitor.scope import Scope
from monitor.trends.networks import Connected, Kind, json_of, read_network

ROWS = 20
NODES = 1000


@click.command()
@click.argument("scope_text", metavar="[SCOPE]", default="")
@click.option(
    "--kind", type=click.Choice(["tags", "mentions", "links"]), default="tags", show_default=True, help="What is joined."
)
@click.option("--top", type=click.IntRange(1), default=NODES, show_default=True, help="Nodes kept, those of most posts.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the network to this file as GEXF 1.3.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def network(scope_text: str, kind: Kind, top: int, out: Path | None, as_json: bool) -> None:
    """Show which tags are used together in SCOPE, who mentions whom, or which accounts link to which domains."""
    now = clock.now()
    scope = scope_of(scope_text, now=now)
    found = run(_read(scope, kind, top))
    if out is not None:
        what = (
            f"{found.kind} in {found.connecting} of {found.posts} posts; scope: {str(scope) or 'all'}; {now:%Y-%m-%d %H:%M} UTC"
        )
        _write(out, gexf(found.network, description=what))
        told = f"{len(found.network.nodes):,} nodes and {len(found.network.edges):,} edges in {out}"
        click.echo(f"{told}; {found.network.left:,} nodes of fewer posts are left out", err=True)
    if as_json:
        click.echo(json.dumps(json_of(found, scope), ensure_ascii=False))
    elif not found.network.edges:
        click.echo(f"Nothing is connected by {kind} in the scope {str(scope) or 'of all posts'}.", err=True)
    else:
        arrow = "to" if found.network.directed else "and"
        rows = [(edge.source.id, edge.target.id, f"{edge.posts:,}", f"{edge.authors:,}") for edge in found.network.edges[:ROWS]]
        title = f"Strongest of {len(found.network.edges):,} pairs, in {found.connecting:,} of {found.posts:,} posts"
        print_rows(Console(), title, ("", arrow, "posts", "authors"), rows)
    if found.left_out:
        click.echo(f"The oldest {found.left_out:,} posts are left out: narrow the period.", err=True)


async def _read(scope: Scope, kind: Kind, top: int) -> Connected:
    async with opened() as store:
        await say_if_simulated(store)
        await say_if_removed(store, scope, now=clock.now())
        return await read_network(store, scope, kind, top=top, now=clock.now())


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}. Name another with --out.") from error
