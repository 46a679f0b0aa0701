"""`monitor fleet drain`: have a node take no more jobs, before its machine is taken away."""

import click

from monitor.cli.fleet.reached import reached
from monitor.errors import UsageError


@click.command()
@click.argument("node", metavar="NODE")
@click.option("--undo", is_flag=True, help="Let it take jobs again.")
def drain(node: str, undo: bool) -> None:
    """Let a node finish its jobs and take no more. It takes jobs again with --undo, or when it is started again."""
    with reached() as fleet:
        if not fleet.nodes.drain(node, draining=not undo):
            names = ", ".join(each.name for each in fleet.nodes.list_all())
            raise UsageError(f"There is no node {node}. There are: {names or 'none'}.")
        running = sum(job.node == node for job in fleet.jobs.running())
    if undo:
        click.echo(f"{node} takes jobs again.")
    else:
        click.echo(f"{node} takes no more jobs; {running} run still. See when they are done: monitor fleet nodes")
