"""What commands say of trained models: which there are, and beside each name and result how good it is on held-out posts."""

import click

from monitor.config import load
from monitor.errors import ConfigurationError
from monitor.labels.held_out import HeldOut, sentence
from monitor.models import Models
from monitor.sentiment.scorer import Scorer, named
from monitor.store.connection import Store
from monitor.store.labels import Labels
from monitor.store.scores import Scores


def scorer_named(name: str) -> Scorer:
    """The scorer of that name, installed or trained here. Raises as `monitor.sentiment.scorer.named`."""
    return named(name, models().scorers())


def models() -> Models:
    """The trained models of the configured home."""
    return Models(load().home)


async def told(store: Store, held_out: HeldOut) -> str:
    """The sentence beside the name of a model."""
    outdated = await Labels(store.database).digest(held_out.label_set) != held_out.digest
    return sentence(held_out, outdated=outdated)


async def say_if_trained(store: Store, *others: str) -> None:
    """Tell on stderr how good the trained models are by which stored posts are scored, and those named in `others`."""
    here = models()
    for name, number in here.newest().items():
        versions = await Scores(store.database, store.dirty).versions(name)
        numbers = {int(first) for version in versions if (first := version.partition("-")[0]).isdecimal()}
        for each in sorted(numbers | ({number} if name in others else set())):
            try:
                held_out = here.held_out(name, each)
            except ConfigurationError as error:
                click.echo(str(error), err=True)
                continue
            if held_out.version in versions or (name in others and each == number):
                click.echo(await told(store, held_out), err=True)
