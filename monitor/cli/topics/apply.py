"""`monitor topics apply`: the topics of the configuration file, made and edited as it says."""

import click

from monitor.cli.check import warn
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.config import load
from monitor.configuration.apply import Plan, carry_out, plan
from monitor.configuration.checked import Checked, check_present
from monitor.errors import UsageError


@click.command("apply")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def apply_topics(dry_run: bool) -> None:
    """Bring the topics of monitor.yaml and conf.d into MongoDB, and their sources: a line on stdout for each.

    `monitor collect` does the same before it begins. A topic that stands in the file no more is told and kept.
    """
    found = check_present()
    if found is None:
        raise UsageError("There is no configuration file with topics: monitor init makes one, monitor track WORD needs none.")
    warn(found)
    planned = run(_applied(found, dry_run=dry_run))
    lines = planned.lines(all_of_them=True)
    for line in lines:
        click.echo(line)
    if not lines:
        click.echo("The file has no topics.", err=True)
    if dry_run:
        click.echo("Nothing was changed.", err=True)


def apply_present() -> None:
    """What `monitor collect` does before it begins, where there is a file; changes are told on stderr. Raises ConfigurationError."""
    found = check_present()
    if found is None:
        return
    warn(found)
    for line in run(_applied(found, dry_run=False)).lines(all_of_them=False):
        click.echo(line, err=True)


async def _applied(found: Checked, *, dry_run: bool) -> Plan:
    config = load()
    async with opened(config) as store:
        await say_if_simulated(store)
        planned = await plan(store, found)
        if not dry_run:
            await carry_out(store, planned, config)
        return planned
