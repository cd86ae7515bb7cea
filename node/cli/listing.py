"""A group that lists its commands with the whole first sentence of each, wrapped instead of cut off."""

from __future__ import annotations

import click

WHOLE = 1_000
"""Letters: more than any first sentence has."""


class Listing(click.Group):
    """Groups made within it list theirs alike."""

    group_class = type

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Show every command with its sentence."""
        rows = [(name, self.sentence(context, name)) for name in self.list_commands(context)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def sentence(self, context: click.Context, name: str) -> str:
        """What the command's help begins with."""
        command = self.get_command(context, name)
        return command.get_short_help_str(WHOLE) if command else ""
