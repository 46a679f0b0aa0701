"""`monitor topics rematch`: match stored posts with a topic's query as it is now."""

import click

from monitor import clock
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.topics.subject import topic_in
from monitor.config import load
from monitor.crawl.arguments import moment
from monitor.crawl.keeping import Keeping
from monitor.stages.rematch import rematch as rematch_stored
from monitor.store.matches import Matches
from monitor.store.rematches import Rematches


@click.command()
@click.argument("topic_id", metavar="ID")
@click.option("--since", metavar="WHEN", help="Only posts written since then: an age such as -7d, or 2026-11-22T08:00:00Z.")
def rematch(topic_id: str, since: str | None) -> None:
    """Match stored posts of a topic's platforms with its query as it is now, and have changed hours counted anew.

    May be stopped and run again at any moment: it goes on where it was.
    """
    run(_rematch(topic_id, since))


async def _rematch(topic_id: str, since: str | None) -> None:
    begin = None if since is None else moment(since, now=clock.now())
    config = load()
    async with opened(config) as store:
        await say_if_simulated(store)
        topic, rematches = await topic_in(store, topic_id), Rematches(store.database)
        place = await rematches.begin(topic, since=begin, said=since)
        if place.after is not None:
            click.echo("Goes on where an earlier run was ended.", err=True)
        keeping = await Keeping.of(store, (topic,), config)
        tally = await rematch_stored(Matches(store.database, store.dirty), rematches, topic, place, keeping)
    click.echo(
        f"looked at {tally.looked_at:,} posts: {tally.entered:,} entered {topic.id} (version {topic.version}), "
        f"{tally.left:,} left it, {tally.renewed:,} stay by the new version"
    )
    if tally.entered or tally.left:
        click.echo("Next: monitor rollup", err=True)
