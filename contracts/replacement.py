"""Putting a new market in place of the one that takes orders: the new one first, then the old one is paused.

Whatever is open on the old market is supplied and settled there. As a deployment does, this goes on where an
earlier run was ended.
"""

from __future__ import annotations

from dataclasses import dataclass

from contracts.begun import Resumable
from contracts.bindings import Market
from contracts.codec import interface
from contracts.created import Created, address_of, block_of, created
from contracts.deploy import Sender, Transaction, checked_hash, creation, send
from contracts.errors import DeploymentFailed
from contracts.manifest import Manifest


@dataclass(frozen=True, kw_only=True)
class MarketTerms:
    """What a market is built with, for good."""

    supply_blocks: int
    """For how many blocks an order may be supplied."""

    challenge_blocks: int
    """How many blocks a seller has to redeem after the buyer asked to close."""


def terms_of(client: Resumable, market: str) -> MarketTerms:
    """The terms of a market that is there."""
    found = Market(client, market)
    return MarketTerms(supply_blocks=found.supply_blocks(), challenge_blocks=found.challenge_blocks())


def replace_market(sender: Sender, client: Resumable, manifest: Manifest, terms: MarketTerms) -> Manifest:
    """Deploy a new market on the same token and registry, and pause new orders on the current one.

    Returns:
        The manifest for the households, with the old market among the draining ones.

    Raises:
        DeploymentFailed: the sender is not the authority, a transaction reverted, or an earlier run was begun
            on other terms.
        ContractsError: the manifest is not of this chain.
        ChainError: whatever sender and client raise.
    """
    manifest.verify(client)
    old = Market(client, manifest.current)
    if old.owner() != sender.address:
        raise DeploymentFailed(
            f"{sender.address} is not the authority of the market at {old.address}, {old.owner()} is: only "
            "it can replace the market; nothing was sent"
        )
    nonce = sender.nonce()
    begun = _begun(client, manifest, sender.address, nonce)
    if begun is not None and terms_of(client, begun.address) != terms:
        raise DeploymentFailed(
            f"an earlier run has begun to replace the market by {begun.address}, which has other terms "
            f"({terms_of(client, begun.address)}): repeat the command with those"
        )
    coming = []
    if begun is None:
        parts = (
            manifest.token,
            manifest.registry,
            terms.supply_blocks,
            terms.challenge_blocks,
            sender.address,
        )
        coming.append(Transaction(None, creation("EnergyMarket", *parts)))
    if not old.paused():
        coming.append(Transaction(old.address, Market.encode_pause()))
    receipts = send(sender, coming)
    market = address_of(sender.address, nonce) if begun is None else begun.address
    block = receipts[0].block if begun is None else block_of(client, sender.address, begun.nonce)
    found = checked_hash(client, "EnergyMarket", market, client.block_number())
    return manifest.replacing(market, block, found)


def fresh(client: Resumable, manifest: Manifest) -> bool:
    """Whether the current market has replaced another, and nobody has ordered on it yet."""
    funded = next(topic for topic, e in interface("EnergyMarket").events.items() if e.name == "OrderFunded")
    head = client.block_number()
    return bool(manifest.draining) and not client.logs(manifest.current, [funded], manifest.block, head)


def _begun(client: Resumable, manifest: Manifest, account: str, nonce: int) -> Created | None:
    """A market newer than the current one, in no manifest: what a killed run left."""
    known = manifest.markets()
    for each in reversed(created(client, account, nonce)):
        if each.contract != "EnergyMarket" or each.address in known:
            continue
        market = Market(client, each.address)
        same = (market.token(), market.registry()) == (manifest.token, manifest.registry)
        if same and not client.code(each.address, manifest.block):
            return each
    return None
