"""The chain as the explorer reads it: blocks, transactions and events in words, from its own node.

Blocks deep enough to be final never change, so the last ones looked at stay in a small memory. Everything
else is asked anew. Nothing is indexed: events are found in a window of blocks below a height, and pages go
down from there.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from chain.blocks import (
    Block,
    Log,
    Receipt,
    Transaction,
    parse_block,
    parse_log,
    parse_receipt,
    parse_transaction,
)
from chain.client import ChainClient
from chain.errors import ChainError
from chain.headers import signer_of
from contracts.bindings.registry import Household as Registered
from contracts.bindings.registry import Registry
from contracts.bindings.token import Token
from contracts.codec import Decoded, decode_call, decode_log
from contracts.errors import ContractsError
from contracts.manifest import Manifest
from node.dapp.errors import NotFound
from node.dapp.household import Household
from node.dapp.phrases import Names, Sentence, opened, say_call, say_event, sentence
from node.dapp.words import capital, tokens

log = structlog.get_logger(__name__)

KEPT = 256
"""Final blocks in memory, of about 3 kB each."""

WINDOW = 5_000
"""Blocks that one look for events spans: some tens of milliseconds on a Pi."""

NAMES_FOR = 30.0
"""Seconds for which the registry's answer is believed."""

CONTRACT_NAMES = {"EnergyMarket": "the market", "EnergyToken": "the token", "NodeRegistry": "the registry"}


class Node(Protocol):
    """What the explorer asks a chain client: `chain.client.ChainClient` has it."""

    def block_number(self) -> int:
        """Height of the head."""
        ...

    def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Several calls at once, their results as JSON."""
        ...

    def call(self, to: str, data: bytes, block: Any = "latest") -> bytes:
        """What a contract answers."""
        ...


@dataclass(frozen=True, kw_only=True)
class Told:
    """An event in words."""

    said: Sentence
    event: Decoded | None
    log: Log
    at: int
    """Unix seconds of its block."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some events, newest first, and the blocks they were looked for in."""

    told: tuple[Told, ...]
    first: int
    last: int
    older: int | None
    """Height below which the next page looks; None: the chain begins here."""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """A transaction in words, with what it did."""

    transaction: Transaction
    receipt: Receipt | None
    """None: it waits."""
    block: Block | None
    said: Sentence
    call: Decoded | None
    told: tuple[Told, ...]


@dataclass(frozen=True, kw_only=True)
class Account:
    """An address: whose it is, and what it holds."""

    address: str
    name: str
    registered: Registered | None
    contract: str
    """Name of our contract there; empty: none of ours."""
    balance: int | None
    """Token base units; None: there is no token to ask."""
    gas: int
    """Wei."""
    sent: int
    """Transactions."""
    code: int
    """Bytes."""


class Ledger:
    """One household's view of the chain. Threads may share it. Every question may raise `ChainError`."""

    def __init__(self, household: Household, node: Node | None = None) -> None:
        """Nothing is asked before the first question."""
        self._household = household
        self._node: Node = node or ChainClient(household.rpc or "http://127.0.0.1:8545", timeout=3.0)
        self._blocks: OrderedDict[int, Block] = OrderedDict()
        self._lock = threading.Lock()
        self._registered: tuple[float, list[Registered]] = (float("-inf"), [])
        self._manifest: Manifest | None = None
        self._written = 0

    def head(self) -> int:
        """The height of the chain."""
        return self._node.block_number()

    @property
    def manifest(self) -> Manifest | None:
        """The neighbourhood's contracts as the file names them now; None while there is no such file."""
        path = self._household.manifest
        if path is None:
            return self._manifest
        try:
            written = path.stat().st_mtime_ns
            if written != self._written:
                self._manifest, self._written = Manifest.loads(path.read_text(encoding="utf-8")), written
        except (OSError, ContractsError) as error:
            if self._manifest is None:
                log.info("manifest_unread", error=str(error))
        return self._manifest

    def blocks(self, numbers: Iterable[int], head: int, depth: int) -> list[Block]:
        """These blocks, by one request for those that are not remembered.

        Args:
            head: height of the chain, for which of them are final.
            depth: blocks on top that make one final.
        """
        wanted = list(numbers)
        with self._lock:
            known = {number: self._blocks[number] for number in wanted if number in self._blocks}
        missing = [number for number in wanted if number not in known]
        answers = self._node.batch([("eth_getBlockByNumber", (hex(number), False)) for number in missing])
        for number, answer in zip(missing, answers, strict=True):
            if answer is None:
                raise NotFound(f"The chain has no block {number} yet.")
            known[number] = parse_block(answer)
        with self._lock:
            for number, block in known.items():
                if head - number >= depth:
                    self._blocks[number] = block
                    self._blocks.move_to_end(number)
            while len(self._blocks) > KEPT:
                self._blocks.popitem(last=False)
        return [known[number] for number in wanted]

    def block(self, which: int | str) -> tuple[Block, list[Deed]]:
        """A block by number or hash, with its transactions in words.

        Raises:
            NotFound: the chain has no such block.
        """
        method = "eth_getBlockByHash" if isinstance(which, str) else "eth_getBlockByNumber"
        [answer] = self._node.batch([(method, (which if isinstance(which, str) else hex(which), True))])
        if answer is None:
            raise NotFound(f"The chain has no block {which}. Its head is block {self.head()}.")
        block = parse_block(answer)
        return block, [self._deed(transaction, None, block, ()) for transaction in block.transactions]

    def transaction(self, tx_hash: str) -> Deed:
        """A transaction with everything that it did.

        Raises:
            NotFound: the node knows no such transaction.
        """
        found, done = self._node.batch(
            [("eth_getTransactionByHash", (tx_hash,)), ("eth_getTransactionReceipt", (tx_hash,))]
        )
        if found is None:
            raise NotFound(
                "This chain knows no such transaction. One that was just sent appears within a block."
            )
        transaction, receipt = parse_transaction(found), None if done is None else parse_receipt(done)
        block = None
        if transaction.block is not None:
            [block] = self.blocks([transaction.block], self.head(), 16)
        told = self._told(receipt.logs, {block.number: block.timestamp}) if receipt and block else ()
        return self._deed(transaction, receipt, block, tuple(told))

    def events(self, below: int, count: int, account: str | None = None) -> Page:
        """The newest events of our contracts at or below a height.

        Args:
            below: height to look down from.
            count: at most.
            account: only what concerns this address.
        """
        last, first = below, max(below - WINDOW + 1, 0)
        logs = self._without_echoes(self._logs(first, last, account))
        logs.sort(key=lambda found: (found.block, found.index), reverse=True)
        shown, older = logs[:count], (first - 1 if first else None)
        if len(logs) > count:
            # Never split a block between two pages: its other events would be lost.
            older = shown[-1].block - 1
            shown = [found for found in logs if found.block > older]
        numbers = sorted({found.block for found in shown})
        times = {block.number: block.timestamp for block in self.blocks(numbers, below, 16)}
        return Page(
            told=tuple(self._told(shown, times)),
            first=older + 1 if older is not None else 0,
            last=last,
            older=older,
        )

    @staticmethod
    def sealed_by(block: Block) -> str:
        """The account that sealed a block; empty where there is no such seal, as at block 0."""
        try:
            return signer_of(block)
        except (ChainError, ValueError):
            return ""

    def account(self, address: str) -> Account:
        """Whose an address is, and what it holds."""
        gas, sent, code = self._node.batch(
            [
                ("eth_getBalance", (address, "latest")),
                ("eth_getTransactionCount", (address, "latest")),
                ("eth_getCode", (address, "latest")),
            ]
        )
        manifest, balance = self.manifest, None
        if manifest is not None:
            try:
                balance = Token(self._node, manifest.token).balance(address).value
            except (ContractsError, ChainError) as error:
                log.info("balance_unread", error=str(error))
        registered = next((h for h in self.households() if h.account.lower() == address.lower()), None)
        return Account(
            address=address,
            name=self.names().who(address).text,
            registered=registered,
            contract=(manifest.contract_at(address) or "") if manifest else "",
            balance=balance,
            gas=int(gas, 16),
            sent=int(sent, 16),
            code=(len(code) - 2) // 2,
        )

    def households(self) -> list[Registered]:
        """The registry's households; what was known last while it does not answer."""
        asked, found = self._registered
        manifest = self.manifest
        if manifest is None or time.monotonic() - asked < NAMES_FOR:
            return found
        try:
            found = Registry(self._node, manifest.registry).households()
        except (ContractsError, ChainError) as error:
            log.info("registry_unread", error=str(error))
        self._registered = (time.monotonic(), found)
        return found

    def names(self) -> Names:
        """Who is who on this chain."""
        sellers = {account.lower(): capital(name) for name, account in self._household.sellers.items()}
        registered = {entry.account.lower(): capital(entry.name) for entry in self.households()}
        contracts: dict[str, str] = {}
        if self.manifest is not None:
            for address, name in self.manifest.contracts():
                contracts.setdefault(address.lower(), CONTRACT_NAMES[name])
        return Names(households=sellers | registered, contracts=contracts)

    def _logs(self, first: int, last: int, account: str | None) -> list[Log]:
        criteria: dict[str, object] = {"fromBlock": hex(first), "toBlock": hex(last)}
        if self.manifest is not None:
            criteria["address"] = [address for address, _ in self.manifest.contracts()]
        if account is None:
            asked = [criteria]
        else:
            topic = "0x" + account.lower().removeprefix("0x").rjust(64, "0")
            asked = [{**criteria, "topics": [None] * place + [topic]} for place in (1, 2, 3)]
        answers = self._node.batch([("eth_getLogs", (each,)) for each in asked])
        found = [parse_log(entry) for answer in answers for entry in answer or ()]
        return list({(entry.block, entry.index): entry for entry in found}.values())

    def _without_echoes(self, logs: list[Log]) -> list[Log]:
        """Without the token's side of what the market tells in the same transaction; its own page has all."""
        if self.manifest is None:
            return logs
        token = self.manifest.token
        told = {found.transaction for found in logs if found.address != token}
        return [found for found in logs if found.address != token or found.transaction not in told]

    def _told(self, logs: Iterable[Log], times: dict[int, int]) -> list[Told]:
        names, told = self.names(), []
        for entry in logs:
            contract = self.manifest.contract_at(entry.address) if self.manifest else None
            try:
                event = decode_log(entry.topics, entry.data, contract)
            except ContractsError:
                event = None
            said = (
                say_event(event, names) if event else sentence("An event of ", names.who(entry.address), ".")
            )
            told.append(Told(said=said, event=event, log=entry, at=times.get(entry.block, 0)))
        return told

    def _deed(
        self, transaction: Transaction, receipt: Receipt | None, block: Block | None, told: tuple[Told, ...]
    ) -> Deed:
        names, call = self.names(), None
        if transaction.to is None:
            said = sentence(names.who(transaction.sender), " put a contract on the chain.")
        else:
            try:
                contract = self.manifest.contract_at(transaction.to) if self.manifest else None
                call = decode_call(transaction.data, contract) if transaction.data else None
            except ContractsError:
                call = None
            if call is not None:
                said = say_call(call, transaction.sender, names)
            elif transaction.data:
                said = sentence(names.who(transaction.sender), " called ", names.who(transaction.to), ".")
            else:
                gas = tokens(transaction.value).replace(" tokens", " ether for gas")
                said = sentence(
                    names.who(transaction.sender), f" sent {gas} to ", names.who(transaction.to), "."
                )
        read = None if call is None else opened(call)
        return Deed(transaction=transaction, receipt=receipt, block=block, said=said, call=read, told=told)
