"""`monitor why`: why a post is here or is not; and which words drove the sentiment of a post, or of any text."""

import json
from dataclasses import dataclass
from datetime import datetime

import click

from monitor import clock
from monitor.cli.here import sentences
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.plain import plain
from monitor.cli.trained import models, scorer_named
from monitor.cli.whereabouts import Found, keeping_of, look, told
from monitor.config import load
from monitor.crawl.arguments import moment
from monitor.errors import ConfigurationError, MonitorError, UsageError
from monitor.labels.held_out import sentence
from monitor.labels.model import Trained
from monitor.post import Score
from monitor.sentiment.scorer import Scorer, attempt, reasons
from monitor.sentiment.vader import LANGUAGE, NAME
from monitor.text.permalink import permalink
from monitor.text.utterance import utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A text to explain. `post_id` and `stored` (the score it has in the database) are None where it is of no post."""

    text: str
    language: str | None
    post_id: str | None = None
    stored: Score | None = None


@click.command()
@click.argument("asked", metavar="[URL|ID]", required=False)
@click.option(
    "--at", metavar="WHEN", help="When it was written, where its address does not tell: 2026-11-22T08:00:00Z, or -3d."
)
@click.option("--sentiment", is_flag=True, help="Say which words drove the sentiment of the stored post instead.")
@click.option("--text", help="Explain the sentiment of this text instead of a stored post's.")
@click.option("--language", metavar="CODE", help=f"Language of --text; {LANGUAGE} without it.")
@click.option(
    "--scorer", "scorer_name", metavar="NAME", help=f"Whose score; without it the one that scored the post, or {NAME}."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def why(
    asked: str | None,
    at: str | None,
    sentiment: bool,
    text: str | None,
    language: str | None,
    scorer_name: str | None,
    as_json: bool,
) -> None:
    """Say why a post is here, or is not: not collected, not matched, filtered, or deleted; by its address or its `_id`.

    With --sentiment or --text: which words drove a score, each contribution with all rules applied. Nothing is changed.
    """
    if (asked is None) == (text is None):
        raise UsageError("Name one post by its address or id, or give a text: monitor why --text TEXT")
    scored = sentiment or text is not None
    if not scored and scorer_name is not None:
        raise UsageError("--scorer goes with --sentiment or --text.")
    if scored and at is not None:
        raise UsageError("--at is for a post that is looked for, not for a sentiment.")
    if text is None and language is not None:
        raise UsageError("--language goes with --text: a stored post has a language of its own.")
    if scored:
        _sentiment(asked, text, language, scorer_name, as_json=as_json)
        return
    found = run(_found(asked or "", None if at is None else moment(at, now=clock.now())))
    for line in [json.dumps(told(found), ensure_ascii=False)] if as_json else sentences(found):
        click.echo(line)


async def _found(asked: str, at: datetime | None) -> Found:
    config = load()
    async with opened(config) as store:
        await say_if_simulated(store)
        try:
            keeping = await keeping_of(store, config)
        except ConfigurationError as error:
            click.echo(f"Private posts cannot be found from here: {error}", err=True)
            keeping = None
        return await look(store, keeping, permalink(asked), at)


def _sentiment(asked: str | None, text: str | None, language: str | None, scorer_name: str | None, *, as_json: bool) -> None:
    said = run(_post(asked or "", scorer_name or NAME)) if text is None else Said(text=text, language=language or LANGUAGE)
    scorer = scorer_named(scorer_name or (said.stored.scorer if said.stored is not None else NAME))
    if text is not None and isinstance(scorer, Trained):
        click.echo(sentence(models().held_out(scorer.name), outdated=False), err=True)
    score = attempt(scorer, said.text, said.language)
    drove = reasons(scorer, said.text, said.language)
    if said.stored is not None and said.stored != score:
        click.echo(
            f"The post is stored with another score, by {said.stored.scorer} {said.stored.version or ''}".rstrip()
            + f": {_told(said.stored)}. This is what {scorer.name} {scorer.version} says of it now.",
            err=True,
        )
    click.echo(_json(said, score, drove) if as_json else _table(score, drove, scorer))


async def _post(post_id: str, scorer_name: str) -> Said:
    async with opened() as store:
        await say_if_simulated(store, scorer_name)
        post = await store.posts.find(post_id)
    if post is None:
        raise MonitorError(
            f"There is no post {post_id!r} in the database: an id is the whole `_id`, such as an address or at:// URI. "
            "For a text: monitor why --text TEXT"
        )
    return Said(text=utterance(post), language=post.language, post_id=post.id, stored=post.sentiment)


def _json(said: Said, score: Score, drove: list[tuple[str, float]] | None) -> str:
    explained = {
        "post": said.post_id,
        "language": said.language,
        "scorer": score.scorer,
        "version": score.version,
        "label": score.label,
        "compound": score.compound,
        "reason": score.reason,
        "words": None if drove is None else [{"word": word, "contribution": worth} for word, worth in drove],
        "sum": None if drove is None else sum(worth for _, worth in drove),
    }
    return json.dumps(explained, ensure_ascii=False)


def _table(score: Score, drove: list[tuple[str, float]] | None, scorer: Scorer) -> str:
    lines = [f"{_told(score)}, by {scorer.name} {scorer.version}"]
    if score.label is None:
        return lines[0]
    if drove is None:
        return f"{lines[0]}\nThis scorer does not say which words drove its scores."
    if not drove:
        return f"{lines[0]}\nNo word of it carries sentiment."
    lines += ["", "contribution  word"]
    lines += [f"{worth:>+12.3f}  {plain(word)}" for word, worth in drove]
    return "\n".join([*lines, f"{sum(worth for _, worth in drove):>+12.3f}  in all"])


def _told(score: Score) -> str:
    if score.label is None:
        return f"no score: {score.reason}"
    return f"{score.label}, compound {score.compound:+.4f}"
