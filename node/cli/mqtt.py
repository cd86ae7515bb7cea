"""`commonwatt mqtt`: tell an MQTT broker, and Home Assistant, what the household does."""

from __future__ import annotations

import click

from node import lean
from node.cli.listing import Listing
from node.cli.options import with_settings
from node.config import Settings


@click.group(cls=Listing)
def mqtt() -> None:
    """Tell an MQTT broker, and Home Assistant, what the household does."""


@mqtt.command()
@with_settings
def run(settings: Settings) -> None:
    """Publish what the meters, battery and trader say until stopped."""
    lean.become("mqtt", settings)
