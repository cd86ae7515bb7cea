"""`commonwatt chain`: run the household's node, seal blocks, and look at how it is."""

from __future__ import annotations

import click

from chain.errors import Misconfigured
from chain.settings import NodeSettings
from node.cli.options import with_settings
from node.config import Settings


@click.group()
def chain() -> None:
    """The chain node: run it, seal, look at it."""


@chain.command()
@with_settings
@click.pass_context
def seal(context: click.Context, settings: Settings) -> None:
    """Hold the sealing key and sign block headers for the node, until stopped."""
    from chain import sealer  # noqa: PLC0415 - each daemon pays for its own
    from chain.daemon import Stop, configure_logs  # noqa: PLC0415

    section = node(settings).seal
    if section is None:
        raise Misconfigured(
            "there is no section `chain.node.seal` in the configuration: this node is no signer"
        )
    configure_logs()
    context.exit(sealer.run(section, Stop().on_signals()))


def node(settings: Settings) -> NodeSettings:
    """The node's section, which a host without a node leaves out.

    Raises:
        Misconfigured: it is not there.
    """
    if settings.chain.node is None:
        raise Misconfigured("there is no section `chain.node` in the configuration: this host runs no node")
    return settings.chain.node
