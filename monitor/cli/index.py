"""`monitor index`: put the words of stored posts into the word index, once or for as long as it is let."""

import sys

import click

from monitor.cli.follow import follow as follow_on
from monitor.cli.follow import following
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.stages.indexing import Tally, index_waiting
from monitor.store.word_index import WordIndex

_PARTIAL = 6  # the exit code for "done, but not all of it"


@click.command()
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C: index what comes in.")
@click.option("--rebuild", is_flag=True, help="Index every post anew, not only those that say something new.")
def index(follow: bool, rebuild: bool) -> None:
    """Index the words of stored posts, so that searches for words are quick however many posts there are.

    Searches find the same without: what is not indexed is read. May be stopped and run again at any moment, and in several processes
    at once. Exit code: 0 all were indexed but for those of the last two minutes, 6 some could not be.
    """
    if follow:
        run(_follow(rebuild=rebuild))
    elif run(_once(rebuild=rebuild)):
        sys.exit(_PARTIAL)


async def _once(*, rebuild: bool) -> int:
    """Return how many hours are set aside."""
    async with opened() as store:
        await say_if_simulated(store)
        words = WordIndex(store.database)
        await words.prepare(rebuild=rebuild)
        await words.claims.retry_set_aside()
        click.echo(_told(await index_waiting(words)))
        if minutes := await words.count_marked():
            click.echo(f"Still open to late writes: {minutes} minutes, whose posts searches read themselves.", err=True)
        if set_aside := await words.claims.count_set_aside():
            click.echo(
                f"Set aside: {set_aside} hours, which failed five times or ended the process; in the collection unindexed their "
                "field reason says more. Searches read their posts themselves. Another try: monitor index",
                err=True,
            )
        return set_aside


async def _follow(*, rebuild: bool) -> None:
    """Index whatever comes in; a MongoDB that is away is waited for. Ends by Ctrl-C, or where another release takes over."""
    async with opened() as store:
        await say_if_simulated(store)
        words = WordIndex(store.database)
        await words.prepare(rebuild=rebuild)
        async with following(store, "index") as pulse:

            def counted(tally: Tally) -> None:
                pulse.count("indexed_hours", tally.hours, outcome="done")
                pulse.count("indexed_hours", tally.failed, outcome="failed")

            await follow_on(lambda: index_waiting(words), told=_told, nothing=Tally(), counted=counted)


def _told(tally: Tally) -> str:
    return (
        f"indexed {tally.hours:,} hours ({tally.posts:,} posts that said something new), "
        f"failed {tally.failed:,}, taken over by others {tally.lost:,}"
    )
