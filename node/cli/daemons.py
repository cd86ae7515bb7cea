"""`commonwatt logger` and `commonwatt client-interaction`: the two processes that only run."""

from __future__ import annotations

import click

from chain.daemon import Stop
from node.cli.daemon import daemon, start_logs
from node.config import Settings


@click.group()
def logger() -> None:
    """Read the sensors and keep what they say."""


@logger.command(name="run")
@daemon
def run_logger(settings: Settings, stop: Stop) -> int:
    """Log the household's meters until stopped."""
    from node.logger.run import run  # noqa: PLC0415 - each daemon pays for its own

    return run(
        settings.sensors,
        settings.battery,
        settings.readings,
        run_folder=settings.paths.run,
        state_folder=settings.paths.state,
        stop=stop,
    )


@click.group()
def client_interaction() -> None:
    """Buy and sell energy by itself."""


@client_interaction.command(name="run")
@daemon
def run_client_interaction(settings: Settings, stop: Stop) -> int:
    """Trade for the household until stopped."""
    start_logs()
    from node.client_interaction.loop import run  # noqa: PLC0415 - each daemon pays for its own

    return run(settings, stop)
