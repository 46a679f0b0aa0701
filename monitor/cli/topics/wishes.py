"""How fresh and how private a topic's posts are to be, as it is typed: the options that make and edit share."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import click

from monitor.crawl.arguments import duration
from monitor.errors import UsageError
from monitor.store.topics import Changes
from monitor.text.redaction import rules
from monitor.topic import Topic

NONE = "none"
_LEAST, _MOST = timedelta(seconds=15), timedelta(days=7)
_HELP = {
    "authors": "keep authors, or pseudonymise them before anything is stored.",
    "redact": f"Take out before anything is stored: email, phone, card, or NAME=PATTERN; may be repeated. {NONE}: nothing.",
    "every": f"How old its newest posts may be, such as 10m: its sources are polled at least as often. {NONE}: as they change.",
}


def wishes(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options --authors, --redact and --every."""
    command = click.option("--every", metavar="TIME", help=_HELP["every"])(command)
    command = click.option("--redact", multiple=True, metavar="WHAT", help=_HELP["redact"])(command)
    return click.option("--authors", type=click.Choice(["keep", "pseudonymise"]), help=_HELP["authors"])(command)


def changes(*, authors: str | None, redact: Sequence[str], every: str | None) -> Changes:
    """What was typed, as changes of a topic; what was not is not in it. Raises UsageError."""
    told: Changes = {}
    if authors is not None:
        told["authors"] = "pseudonymise" if authors == "pseudonymise" else "keep"
    if redact:
        if NONE in redact and len(redact) > 1:
            raise UsageError(f"--redact {NONE} takes back all that is redacted: give it alone.")
        told["redact"] = () if redact[0] == NONE else tuple(dict.fromkeys(redact))
        rules(told["redact"])
    if every is not None:
        told["every_s"] = None if every == NONE else _seconds(every)
    return told


def told(topic: Topic) -> str:
    """A line for people, such as `Authors: pseudonyms. Redacted: email, phone. Polled: at least every 600 s.`."""
    authors = "pseudonyms" if topic.authors == "pseudonymise" else "kept"
    every = "as its sources change" if topic.every_s is None else f"at least every {topic.every_s:,} s"
    every += "".join(f", on {platform} at least every {seconds:,} s" for platform, seconds in topic.every_on)
    return f"Authors: {authors}. Redacted: {', '.join(topic.redact) or 'nothing'}. Polled: {every}."


def _seconds(text: str) -> int:
    try:
        every = duration(text)
    except UsageError as error:
        raise UsageError(f"--every {text} is no length of time: use 45s, 10m or 1h.") from error
    if not _LEAST <= every <= _MOST:
        raise UsageError(f"--every {text} is not possible: from 15s to 168h.")
    return round(every.total_seconds())
