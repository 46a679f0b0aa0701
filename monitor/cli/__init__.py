"""The `monitor` command. Each subcommand is a module of its own, imported only when it is called."""

import sys
from importlib import import_module

import click

from monitor import __version__
from monitor.errors import CredentialsError, Fatal, MonitorError, RateLimitedError

# Command -> module of this package; the attribute in it has the command's name.
COMMANDS = {
    "collect": "collect",
    "db": "db",
    "demo": "demo",
    "doctor": "doctor",
    "normalize": "normalize",
    "quarantine": "quarantine",
    "raw": "raw",
    "score": "score",
    "simulate": "simulate",
    "sources": "sources",
    "track": "track",
}
EXIT_CODES: tuple[tuple[type[MonitorError], int], ...] = (
    (Fatal, 2),
    (CredentialsError, 4),
    (RateLimitedError, 5),
    (MonitorError, 1),
)


class Commands(click.Group):
    """Finds subcommands in COMMANDS without importing them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"{__name__}.{COMMANDS[cmd_name]}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="monitor")
def monitor() -> None:
    """Collect what is said about a topic on social platforms, score it, and keep it in MongoDB."""


def main() -> None:
    """Run the command line and exit with the documented code: an error is a sentence on stderr, never a traceback."""
    try:
        # In this mode click returns the code of its Exit; the commands themselves return None.
        sys.exit(monitor(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(130)
    except MonitorError as error:
        click.echo(str(error), err=True)
        sys.exit(next(code for kind, code in EXIT_CODES if isinstance(error, kind)))
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output left early, as `head` does
        sys.exit(0)
