"""`monitor raw`: what the platform sent for one stored post."""

import json

import click

from monitor.cli.opened import opened, run, say_if_simulated
from monitor.crawl.raw import unpack
from monitor.errors import MonitorError


@click.command()
@click.argument("post_id", metavar="ID")
def raw(post_id: str) -> None:
    """Print the raw post ID as JSON, as it came from the platform. ID is the `_id` of a stored post."""
    told = json.dumps(run(_raw(post_id)), ensure_ascii=False, indent=2)
    click.echo(told.encode("utf-8", "backslashreplace"))  # half of a surrogate pair becomes its JSON escape


async def _raw(post_id: str) -> object:
    async with opened() as store:
        await say_if_simulated(store)
        post = await store.posts.find(post_id)
    if post is None:
        raise MonitorError(
            f"There is no post {post_id!r} in the database: an id is the whole `_id`, such as an address or at:// URI."
        )
    if post.raw is None:
        raise MonitorError(f"Nothing raw is kept of {post_id!r}: the post was deleted on its platform, or imported.")
    return unpack(post.raw)
