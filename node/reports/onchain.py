"""What the chain says about reports: all that a household made, and whether it made a certain one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chain.client import ChainClient, Log
from contracts.codec import decode_log, interface
from contracts.manifest import Manifest
from node.readings.proof import Report
from quantities import Energy

CONTRACT = "EnergyMarket"


@dataclass(frozen=True, kw_only=True)
class Reported:
    """One report as it stands on the chain."""

    interval: int
    """Unix seconds at which it starts."""

    produced: Energy
    consumed: Energy
    root: bytes
    transaction: str
    block: int


def reported(client: ChainClient, manifest: Manifest, household: str) -> list[Reported]:
    """Everything that a household has reported, the oldest first.

    Raises:
        ChainError: the node does not answer.
    """
    topic = next(topic for topic, entry in interface(CONTRACT).events.items() if entry.name == "Reported")
    account = bytes(12) + bytes.fromhex(household[2:])
    markets = manifest.markets()
    logs = client.logs(markets, [topic, account], manifest.founded, "latest")
    return [each for _, each in _events(logs)]


def contradicted(client: ChainClient, report: Report) -> str:
    """What the chain says against a report, as a clause; empty: it was made so.

    Raises:
        ChainError: the node does not answer.
    """
    if client.chain_id() != report.chain_id:
        return f"the node at {client.url} is on chain {client.chain_id()}, not on {report.chain_id}"
    receipt = client.receipt(report.transaction)
    if receipt is None:
        return f"the chain has no transaction {report.transaction}"
    if receipt.sender.lower() != report.household.lower():
        return f"transaction {report.transaction} was signed by {receipt.sender}, not by this household"
    market = [entry for entry in receipt.logs if entry.address.lower() == report.market.lower()]
    for household, each in _events(market):
        whose = household.lower() == report.household.lower()
        if whose and each.interval == report.span.start and each.root == report.root:
            return ""
    return f"transaction {report.transaction} reports no such root of this household for this interval"


def _events(logs: Sequence[Log]) -> Iterator[tuple[str, Reported]]:
    for entry in logs:
        event = decode_log(entry.topics, entry.data, CONTRACT)
        if event is not None and event.name == "Reported":
            said = event.fields
            yield (
                said["household"],
                Reported(
                    interval=said["interval"],
                    produced=Energy(said["produced"]),
                    consumed=Energy(said["consumed"]),
                    root=said["root"],
                    transaction=entry.transaction,
                    block=entry.block,
                ),
            )
