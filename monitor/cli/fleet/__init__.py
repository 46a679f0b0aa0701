"""`monitor fleet`: many machines that collect together."""

from importlib import import_module

import click

# Command -> module of this package, imported only when it is called; the attribute in it has the command's name.
COMMANDS = {
    "planner": "planner",
}


class FleetCommands(click.Group):
    """Finds subcommands in COMMANDS without importing them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"{__name__}.{COMMANDS[cmd_name]}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.command(cls=FleetCommands)
def fleet() -> None:
    """Many machines that collect together: nodes, what they run, and what plans it."""
