"""The `monitor` command. Each subcommand is a module of its own, imported only when it is called."""

import errno
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import TextIO

import click

from monitor import __version__
from monitor.errors import CredentialsError, Fatal, MonitorError, RateLimitedError

# Command -> module of this package; the attribute in it has the command's name, or where that is a word of Python, the module's.
COMMANDS = {
    "backfill": "backfill",
    "check": "check",
    "collect": "collect",
    "compare": "compare",
    "coverage": "coverage",
    "db": "db",
    "demo": "demo",
    "doctor": "doctor",
    "fleet": "fleet",
    "import": "import_file",
    "index": "index",
    "init": "init",
    "labels": "labels",
    "methods": "methods",
    "network": "network",
    "normalize": "normalize",
    "posts": "posts",
    "purge": "purge",
    "quarantine": "quarantine",
    "raw": "raw",
    "report": "report",
    "rollup": "rollup",
    "score": "score",
    "searches": "searches",
    "simulate": "simulate",
    "sources": "sources",
    "stats": "stats",
    "status": "status",
    "topics": "topics",
    "track": "topics.track",
    "trends": "trends",
    "up": "up",
    "why": "why",
}
EXIT_CODES: tuple[tuple[type[MonitorError], int], ...] = (
    (Fatal, 2),
    (CredentialsError, 4),
    (RateLimitedError, 5),
    (MonitorError, 1),
)
READER_LEFT = 141  # as shells tell of a program whose reader left, such as `head`: 128 and the number of SIGPIPE
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


class Commands(click.Group):
    """Finds subcommands in COMMANDS without importing them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"{__name__}.{COMMANDS[cmd_name]}")
        command = getattr(module, cmd_name, None) or getattr(module, COMMANDS[cmd_name])
        assert isinstance(command, click.Command)
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="monitor")
def monitor() -> None:
    """Collect what is said about a topic on social platforms, score it, and keep it in MongoDB."""


def main() -> None:
    """Run the command line and exit with the documented code: an error is a sentence on stderr, never a traceback."""
    try:
        code = _run()
        sys.stdout.flush()  # here and not at the interpreter's end, where its failure would be a complaint of Python's
    except BrokenPipeError:
        code = READER_LEFT
    except OSError as error:
        if error.errno not in NO_ROOM or error.filename is not None:
            raise
        code = _tell(f"The output could not be written: {error.strerror}. Make room, or send it elsewhere.", code=1)
    if code == READER_LEFT or not _flushed():
        _discard(sys.stdout)
    sys.exit(code)


def _run() -> int:
    """The exit code of the command, its error told. Raises OSError where its output cannot be written."""
    stdout = sys.stdout
    try:
        # In this mode click returns the code of its Exit; the commands themselves return None.
        return monitor(standalone_mode=False) or 0
    except SystemExit as ended:
        # Both make an exit of it: rich in place, click after it put something silent in place of the streams.
        if isinstance(ended.__context__, BrokenPipeError) or sys.stdout is not stdout:
            return READER_LEFT
        return ended.code if isinstance(ended.code, int) else 0
    except click.ClickException as error:
        error.show()
        return 2
    except (click.exceptions.Abort, KeyboardInterrupt):
        return 130
    except MonitorError as error:
        return _tell(str(error), code=next(code for kind, code in EXIT_CODES if isinstance(error, kind)))


def _tell(sentence: str, *, code: int) -> int:
    click.echo(sentence, err=True)
    return code


def _flushed() -> bool:
    try:
        sys.stdout.flush()
    except OSError:
        return False
    return True


def _discard(stream: TextIO) -> None:
    """Let what cannot be written go nowhere: the interpreter would try once more at its end."""
    with suppress(OSError, ValueError):  # a stream of a test has no number
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
