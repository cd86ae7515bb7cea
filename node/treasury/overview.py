"""Everything that the treasurer's ledger shows, read from book and chain at one block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chain.client import ChainClient
from contracts.bindings import Registry, Token
from contracts.codec import decode_log, interface
from contracts.manifest import Manifest
from node.statement.forecast import RunsOut, runs_out, usage
from node.statement.history import Progress, history, treasurers, unheard
from node.statement.monthly import statement
from node.statement.rows import rows
from node.treasury.entries import Entry
from node.treasury.ledger import Checked, check
from node.treasury.received import Received, received
from node.wallet.journal import Stage
from quantities import Tokens


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The ledger at one block."""

    block: int
    at: int
    """Unix seconds of that block."""

    checked: Checked
    held: Mapping[str, Tokens]
    """By households, in escrow, by the treasurer, elsewhere."""

    waiting: tuple[Received, ...]
    """Sent to the treasurer, not cashed out."""

    names: Mapping[str, str]
    """Of households, by account."""

    running_out: Mapping[str, RunsOut]
    """By the household's name."""


def overview(
    client: ChainClient,
    manifest: Manifest,
    book: list[Entry],
    *,
    treasurer: str,
    last: int,
    progress: Progress = unheard,
) -> Overview:
    """Read it.

    Args:
        client: of an archive node of the chain.
        manifest: verified.
        book: all entries.
        treasurer: the minter's account.
        last: the highest block that counts.
        progress: is told how far it is.

    Raises:
        StatementError: the chain's events contradict each other.
        ChainError: the node does not answer.
    """
    token = Token(client, manifest.token)
    names = {h.account: h.name for h in Registry(client, manifest.registry).households(last)}
    events = history(client, manifest, last, progress=progress)
    changes = [event for event in events if event.name == "Transfer" and event.address == manifest.token]
    checked = check(
        book,
        changes,
        admitted=_admitted(client, manifest, last),
        names=names,
        supply=token.supply(last),
        treasurer=treasurer,
    )
    used = {entry.transfer for entry in book if entry.stage is not Stage.FAILED}
    now = client.block(last).timestamp
    bank = treasurers(client, manifest, last) | {treasurer}
    running_out, households = {}, Tokens(0)
    for account, name in names.items():
        movements = list(rows(events, account, manifest.token, bank))
        holding = statement(movements, account, 0, now + 1).closing
        households += holding.balance
        warned = runs_out(usage(movements, holding.total, now), now)
        if warned is not None and account not in bank:
            running_out[name] = warned
    escrow = Tokens(sum(token.balance(market, last).value for market in manifest.markets()))
    own = Tokens(0) if treasurer in names else token.balance(treasurer, last)
    held = {"by households": households, "in escrow": escrow, "by the treasurer": own}
    rest = checked.supply - Tokens(sum(each.value for each in held.values()))
    return Overview(
        block=last,
        at=now,
        checked=checked,
        held=held | ({"elsewhere": rest} if rest else {}),
        waiting=tuple(came for came in received(client, manifest, treasurer, last) if came.id not in used),
        names=names,
        running_out=running_out,
    )


def _admitted(client: ChainClient, manifest: Manifest, last: int) -> dict[str, int]:
    """Block of each household's first admission."""
    events = interface("NodeRegistry").events
    [topic] = [topic for topic, entry in events.items() if entry.name == "HouseholdAdmitted"]
    found: dict[str, int] = {}
    for log in client.logs(manifest.registry, [topic], manifest.founded, last):
        event = decode_log(log.topics, log.data, "NodeRegistry")
        if event is not None:
            found.setdefault(event.fields["account"], log.block)
    return found
