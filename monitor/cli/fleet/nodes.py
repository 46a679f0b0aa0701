"""`monitor fleet nodes`: which nodes there are and how each does."""

import json
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from monitor.cli.fleet.reached import reached
from monitor.store.nodes import Node


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
def nodes(as_json: bool) -> None:
    """List nodes: when each was last heard of, what it runs, and why it takes no jobs where it does not."""
    with reached() as fleet:
        found = fleet.nodes.list_all()
        lease_s = fleet.config.job_lease_s
    if as_json:
        click.echo(json.dumps([asdict(node) | {"state": word(node, lease_s)} for node in found], default=str))
        return
    table = Table("Node", "State", "Heard of", "Jobs", "Load", "Program", "Egg", "Address", box=None)
    for node in found:
        seen, jobs = f"{node.age_s:.0f} s ago", f"{node.running} of {node.max_proc}"
        table.add_row(
            node.name, word(node, lease_s), seen, jobs, f"{node.load:.1f}", node.version, node.egg or "", node.address
        )
    Console().print(table)
    for node in found:
        if node.problem is not None:
            click.echo(f"{node.name} takes no jobs: {node.problem}. Install it there and start the node again.", err=True)
    if len({node.version for node in found if node.age_s <= lease_s}) > 1:
        click.echo("Nodes run different versions of the program; that works, and is best mended soon.", err=True)


def word(node: Node, lease_s: float) -> str:
    """How a node does, in a word: what is silent for a lease has lost its jobs."""
    if node.age_s > lease_s:
        return "silent"
    if node.problem is not None:
        return "unfit"
    return "draining" if node.draining else "ok"
