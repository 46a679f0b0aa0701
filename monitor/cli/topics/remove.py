"""`monitor topics remove`: watch a topic no more."""

import click

from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.topics.subject import refuse_if_from_file, topic_in
from monitor.errors import MonitorError


@click.command()
@click.argument("topic_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(topic_id: str, yes: bool) -> None:
    """Watch the topic ID no more. Its posts stay, and so do its sources, which nobody polls unless another topic wants them.

    The id is not given to another topic, since posts go on telling that they matched it.
    """
    run(_remove(topic_id, yes=yes))


async def _remove(topic_id: str, *, yes: bool) -> None:
    async with opened() as store:
        await say_if_simulated(store)
        topic = await topic_in(store, topic_id)
        await refuse_if_from_file(store, topic_id)
        posts = await store.posts.count(topic=topic_id)
        if not yes and not click.confirm(f"Remove {topic_id} ({topic.query})? Its {posts:,} posts stay.", err=True):
            raise MonitorError("Nothing was changed.")
        # The topic last: a removal that is cut short can be repeated.
        released = await store.sources.release(topic_id)
        await store.topics.remove(topic_id)
    click.echo(f"Topic {topic_id} is removed; {released} sources serve it no more.")
