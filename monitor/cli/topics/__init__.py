"""`monitor topics`: what is watched, what it means, and what it finds."""

import click

from monitor.cli.topics.explain import explain


@click.group()
def topics() -> None:
    """What is watched: topics, each a query with the platforms to look on, and every version it had."""


topics.add_command(explain)
