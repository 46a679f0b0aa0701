"""`monitor topics`: what is watched, what it means, and what it finds."""

import click

from monitor.cli.topics.apply import apply_topics
from monitor.cli.topics.edit import edit
from monitor.cli.topics.exchange import export_topics, import_topics
from monitor.cli.topics.explain import explain
from monitor.cli.topics.listing import list_topics, show
from monitor.cli.topics.rematch import rematch
from monitor.cli.topics.remove import remove
from monitor.cli.topics.track import track
from monitor.cli.topics.trial import trial


@click.group()
def topics() -> None:
    """What is watched: topics, each a query with the platforms to look on, and every version it had."""


for command in (apply_topics, edit, explain, export_topics, import_topics, list_topics, rematch, remove, show, trial):
    topics.add_command(command)
topics.add_command(track, "add")
