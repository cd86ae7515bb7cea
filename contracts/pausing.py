"""The authority's brake: no new orders on a market, until it is let go."""

from __future__ import annotations

from contracts.begun import Resumable
from contracts.bindings import Market
from contracts.deploy import Sender, Transaction, send
from contracts.errors import DeploymentFailed


def set_paused(sender: Sender, client: Resumable, market: str, *, paused: bool) -> bool:
    """Pause or resume new orders; False: they were so already, and nothing was sent.

    Raises:
        DeploymentFailed: the sender is not the market's authority.
        ChainError: whatever sender and client raise.
    """
    found = Market(client, market)
    owner = found.owner()
    if owner != sender.address:
        raise DeploymentFailed(
            f"{sender.address} is not the authority of the market at {market}, {owner} is: nothing was sent"
        )
    if found.paused() is paused:
        return False
    send(sender, [Transaction(market, Market.encode_pause() if paused else Market.encode_resume())])
    return True
