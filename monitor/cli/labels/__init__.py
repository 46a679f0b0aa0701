"""`monitor labels`: what people say posts are, how good scorers are by that, and models that are trained from it."""

import click

from monitor.cli.labels.evaluate import evaluate
from monitor.cli.labels.importing import import_labels
from monitor.cli.labels.listing import list_sets, show
from monitor.cli.labels.predict import predict
from monitor.cli.labels.sample import sample
from monitor.cli.labels.train import train


@click.group()
def labels() -> None:
    """What people say posts are: drawing posts to label, importing labels, measuring scorers, training one."""


for command in (evaluate, import_labels, list_sets, predict, sample, show, train):
    labels.add_command(command)
