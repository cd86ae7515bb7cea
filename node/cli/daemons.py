"""`commonwatt logger` and `commonwatt client-interaction`: the two processes that only run."""

from __future__ import annotations

import click

from node import lean
from node.cli.listing import Listing
from node.cli.options import with_settings
from node.config import Settings


@click.group(cls=Listing)
def logger() -> None:
    """Read the sensors and keep what they say."""


@logger.command(name="run")
@with_settings
def run_logger(settings: Settings) -> None:
    """Log the household's meters until stopped."""
    lean.become("logger", settings)


@click.group(cls=Listing)
def client_interaction() -> None:
    """Buy and sell energy by itself."""


@client_interaction.command(name="run")
@with_settings
def run_client_interaction(settings: Settings) -> None:
    """Trade for the household until stopped."""
    lean.become("client-interaction", settings)
