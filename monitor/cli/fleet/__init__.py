"""`monitor fleet`: nodes that run crawls, versions deployed to them, and their jobs."""

from importlib import import_module

import click

# Command -> module of this package, imported only when it is called.
COMMANDS = {
    "budgets": "budgets",
    "deploy": "deploy",
    "drain": "drain",
    "jobs": "jobs",
    "logs": "logs",
    "node": "node",
    "nodes": "nodes",
    "planner": "planner",
    "status": "status",
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


@click.group(cls=FleetCommands)
def fleet() -> None:
    """Nodes that run crawls on any number of machines, versions deployed to them, and their jobs."""
