"""A group of commands that imports a command only when it is called.

`commonwatt relay run` on a Pi must not pay for web3, flask or the demo.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from chain.errors import Unavailable
from node.cli.listing import Listing


class LazyGroup(Listing):
    """Commands by place; further ones by entry point, which other packages may bring."""

    def __init__(
        self,
        *arguments: Any,
        commands_at: Mapping[str, tuple[str, str]],
        plugins: str | None = None,
        **settings: Any,
    ) -> None:
        """Make the group.

        Args:
            commands_at: name → ("module:attribute", line of help).
            plugins: entry-point group with further commands.
        """
        super().__init__(*arguments, **settings)
        self.commands_at = commands_at
        self.plugins = plugins

    def list_commands(self, context: click.Context) -> list[str]:
        """All names, without loading one."""
        return sorted({*super().list_commands(context), *self.commands_at, *self._plugins()})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Load one command."""
        if name in self.commands_at:
            return _loaded(self.commands_at[name][0])
        plugin = self._plugins().get(name)
        if plugin is not None:
            return _brought(plugin)
        return super().get_command(context, name)

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was asked for; for a misspelt one, name the nearest."""
        try:
            return super().resolve_command(context, arguments)
        except click.UsageError as error:
            near = difflib.get_close_matches(arguments[0], self.list_commands(context), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"no such command {arguments[0]!r}{hint}", context) from error

    def sentence(self, context: click.Context, name: str) -> str:
        """The line of a command of ours, without loading it; what a plugin's help begins with."""
        if name in self.commands_at:
            return self.commands_at[name][1]
        try:
            return super().sentence(context, name)
        except Unavailable:
            return "(cannot be loaded)"

    def _plugins(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.plugins)} if self.plugins else {}


def _brought(plugin: EntryPoint) -> click.Command:
    """A command of another package, which may be broken without breaking ours."""
    try:
        command: click.Command = plugin.load()
    except (ImportError, AttributeError) as error:
        raise Unavailable(
            f"the command {plugin.name!r} ({plugin.value}) cannot be loaded: {error}"
        ) from error
    return command


def _loaded(place: str) -> click.Command:
    module, _, attribute = place.partition(":")
    command: click.Command = getattr(import_module(module), attribute)
    return command
