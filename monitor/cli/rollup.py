"""`monitor rollup`: count the hours that were written to, once or for as long as it is let."""

import sys

import click

from monitor.cli.follow import follow as follow_on
from monitor.cli.follow import following
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.retaining import retaining
from monitor.config import load
from monitor.stages.rollup import Tally, roll_up_waiting
from monitor.store.rebuild import Rebuild
from monitor.store.rollups import Rollups

_PARTIAL = 6  # the exit code for "done, but not all of it"


@click.command()
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C: count what comes in.")
@click.option("--rebuild", is_flag=True, help="Count every hour anew, not only those that were written to.")
def rollup(follow: bool, rebuild: bool) -> None:
    """Count posts per hour, platform and topic, with languages and sentiment, and the most frequent tags, authors and domains.

    Hours that were written to are counted anew as a whole, the newest first. May be stopped and run again at any moment, and in
    several processes at once. Exit code: 0 all were counted, 6 some could not be.
    """
    if follow:
        run(_follow(rebuild=rebuild))
    elif run(_once(rebuild=rebuild)):
        sys.exit(_PARTIAL)


async def _once(*, rebuild: bool) -> int:
    """Return how many hours are set aside."""
    async with opened() as store:
        await say_if_simulated(store)
        rollups = Rollups(store.database)
        await rollups.claims.retry_set_aside()
        if rebuild:
            await Rebuild(store.database).mark_all()
        tally = await roll_up_waiting(rollups)
        click.echo(_told(tally))
        if set_aside := await rollups.claims.count_set_aside():
            click.echo(
                f"Set aside: {set_aside} hours, which failed five times or ended the process; in the collection dirty their "
                "field reason says more. Figures of these hours are old. Another try: monitor rollup",
                err=True,
            )
        return set_aside


async def _follow(*, rebuild: bool) -> None:
    """Count whatever comes in; a MongoDB that is away is waited for. Ends by Ctrl-C alone."""
    async with opened() as store:
        await say_if_simulated(store)
        rollups = Rollups(store.database)
        if rebuild:
            await Rebuild(store.database).mark_all()
        async with following(store, "rollup") as pulse, retaining(store, load().retention):

            def counted(tally: Tally) -> None:
                for outcome in ("clean", "open", "lost", "failed"):
                    pulse.count("counted_hours", getattr(tally, outcome), outcome=outcome)

            await follow_on(lambda: roll_up_waiting(rollups), told=_told, nothing=Tally(), counted=counted)


def _told(tally: Tally) -> str:
    return (
        f"counted {tally.clean + tally.open:,} hours ({tally.open:,} still open to late writes), "
        f"failed {tally.failed:,}, taken over by others {tally.lost:,}"
    )
