"""Transactions and events put into words, by the contracts' ABI and the neighbourhood's names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chain.blocks import Block, Log, Receipt, Transaction
from contracts.codec import Decoded, decode_call, decode_log
from contracts.errors import ContractsError
from contracts.manifest import Manifest
from node.dapp.language import N_
from node.dapp.phrases import Names, Sentence, opened, say_call, say_event, sentence
from node.dapp.words import some_tokens


@dataclass(frozen=True, kw_only=True)
class Told:
    """An event in words."""

    said: Sentence
    event: Decoded | None
    log: Log
    at: int
    """Unix seconds of its block."""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """A transaction in words, with what it did."""

    transaction: Transaction
    receipt: Receipt | None = None
    """None: it waits, or was not asked for."""
    block: Block | None = None
    said: Sentence
    call: Decoded | None
    told: tuple[Told, ...] = ()


def events(
    logs: Iterable[Log], times: Mapping[int, int], names: Names, manifest: Manifest | None
) -> tuple[Told, ...]:
    """Events in words.

    Args:
        logs: as the chain has them.
        times: Unix seconds of their blocks, by height.
        names: who is who.
        manifest: the contracts that are ours.
    """
    return tuple(_event(entry, times.get(entry.block, 0), names, manifest) for entry in logs)


def _event(entry: Log, at: int, names: Names, manifest: Manifest | None) -> Told:
    contract = manifest.contract_at(entry.address) if manifest else None
    try:
        event = decode_log(entry.topics, entry.data, contract)
    except ContractsError:
        event = None
    said = (
        say_event(event, names)
        if event
        else sentence(N_("An event of %(who)s."), who=names.who(entry.address))
    )
    return Told(said=said, event=event, log=entry, at=at)


def deed(
    transaction: Transaction,
    names: Names,
    manifest: Manifest | None,
    *,
    block: Block | None = None,
    receipt: Receipt | None = None,
) -> Deed:
    """A transaction in words; with the receipt, what it did."""
    call = _call(transaction, manifest)
    return Deed(
        transaction=transaction,
        receipt=receipt,
        block=block,
        said=_said(transaction, call, names),
        call=None if call is None else opened(call),
        told=events(receipt.logs, {block.number: block.timestamp}, names, manifest)
        if receipt and block
        else (),
    )


def _call(transaction: Transaction, manifest: Manifest | None) -> Decoded | None:
    if transaction.to is None or not transaction.data:
        return None
    try:
        return decode_call(transaction.data, manifest.contract_at(transaction.to) if manifest else None)
    except ContractsError:
        return None


def _said(transaction: Transaction, call: Decoded | None, names: Names) -> Sentence:
    sender = names.who(transaction.sender)
    if transaction.to is None:
        return sentence(N_("%(who)s put a contract on the chain."), who=sender)
    if call is not None:
        return say_call(call, transaction.sender, names)
    if transaction.data:
        return sentence(N_("%(who)s called %(called)s."), who=sender, called=names.who(transaction.to))
    return sentence(
        N_("%(sender)s sent %(amount)s ether for gas to %(receiver)s."),
        sender=sender,
        amount=some_tokens(transaction.value),
        receiver=names.who(transaction.to),
    )


def without_echoes(logs: list[Log], manifest: Manifest | None) -> list[Log]:
    """Without the token's side of what the market tells in the same transaction; its own page has all."""
    if manifest is None:
        return logs
    told = {found.transaction for found in logs if found.address != manifest.token}
    return [found for found in logs if found.address != manifest.token or found.transaction not in told]
