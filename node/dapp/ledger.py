"""The chain as the explorer reads it: blocks, transactions and events in words, from its own node.

Blocks deep enough to be final never change, so the last ones looked at stay in a small memory. Everything
else is asked anew. Which blocks to look at, the index says (`node.dapp.chain_index`); those that it does not
reach yet are looked through, a window of them for each page.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
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
from node.dapp.chain_index import ChainIndex, Reach
from node.dapp.errors import NotFound
from node.dapp.household import Household
from node.dapp.phrases import Names, Sentence, opened, say_call, say_event, sentence
from node.dapp.words import capital, tokens

log = structlog.get_logger(__name__)

KEPT = 256
"""Final blocks in memory, of about 3 kB each."""

WINDOW = 5_000
"""Blocks that one look for events spans: some tens of milliseconds on a Pi."""

ROUNDS = 8
"""Looks into the index for one page: an account may occur in many blocks without a line to show."""

TURNS = 128
"""Blocks from which the signers' turns are told."""

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


@dataclass(frozen=True, kw_only=True)
class Turns:
    """One signer in the last blocks."""

    account: str
    due: int
    """Blocks whose turn was this signer's."""
    sealed: int
    missed: int
    """Of its turns, those that another signer took."""
    last: int | None
    """The newest block that it sealed."""


class Ledger:
    """One household's view of the chain. Threads may share it. Every question may raise `ChainError`."""

    def __init__(
        self, household: Household, node: Node | None = None, index: ChainIndex | None = None
    ) -> None:
        """Nothing is asked before the first question."""
        self._household = household
        self._index = index
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

    def founded(self, head: int) -> int:
        """Unix seconds since when this neighbourhood has its contracts; 0: it has none yet."""
        if self.manifest is None or self.manifest.founded > head:
            return 0
        [block] = self.blocks([self.manifest.founded], head, depth=0)
        return block.timestamp

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
        logs, first = self._looked_through(below, count, account)
        logs = self._without_echoes(logs)
        logs.sort(key=lambda found: (found.block, found.index), reverse=True)
        shown, older = logs[:count], (first - 1 if first > 0 else None)
        if len(logs) > count:
            # Never split a block between two pages: its other events would be lost.
            older = shown[-1].block - 1
            shown = [found for found in logs if found.block > older]
        numbers = sorted({found.block for found in shown})
        times = {block.number: block.timestamp for block in self.blocks(numbers, below, 16)}
        return Page(
            told=tuple(self._told(shown, times)),
            first=older + 1 if older is not None else 0,
            last=below,
            older=older,
        )

    def _looked_through(self, below: int, count: int, account: str | None) -> tuple[list[Log], int]:
        """Events at or below a height, more than `count` if there are, and the lowest block that was seen."""
        reached = self.reached
        if below - reached >= WINDOW or self._index is None:
            first = max(below - WINDOW + 1, 0)
            return self._logs(first, below, account), first
        logs = self._logs(reached + 1, below, account) if reached < below else []
        bottom = min(below, reached) + 1
        for _ in range(ROUNDS):
            if bottom <= 0 or len(self._without_echoes(logs)) > count:
                break
            at = bottom - 1
            numbers = (
                self._index.with_events(at, count) if account is None else self._index.of(account, at, count)
            )
            logs += self._logs_in(numbers, account)
            bottom = numbers[-1] if len(numbers) == count else 0
        return logs, bottom

    @property
    def reached(self) -> int:
        """The last block that the index knows; -1: there is none."""
        return -1 if self._index is None else self._index.reach().done

    def reach(self) -> Reach | None:
        """How far the index is; None: there is none."""
        return None if self._index is None else self._index.reach()

    def deeds(self, below: int, count: int, account: str | None = None) -> tuple[list[Deed], int | None]:
        """The newest transactions that the index knows at or below a height, and where the next page begins.

        Args:
            below: height to look down from.
            count: some more, where a block has many: none is split between two pages.
            account: only those that it sent or was sent.
        """
        found: list[Deed] = []
        bottom = min(below, self.reached) + 1
        for _ in range(ROUNDS):
            if self._index is None or bottom <= 0 or len(found) >= count:
                break
            at = bottom - 1
            numbers = (
                self._index.with_transactions(at, count)
                if account is None
                else self._index.of(account, at, count)
            )
            answers = self._node.batch([("eth_getBlockByNumber", (hex(n), True)) for n in numbers])
            bottom = numbers[-1] if len(numbers) == count else 0
            for block in (parse_block(answer) for answer in answers if answer is not None):
                if len(found) >= count:
                    bottom = block.number + 1
                    break
                found += [
                    self._deed(sent, None, block, ())
                    for sent in reversed(block.transactions)
                    if account is None or account.lower() in _parties(sent)
                ]
        return found, bottom - 1 if bottom > 0 else None

    def waiting(self, head: int) -> list[Deed]:
        """Transactions that wait for their block, as far as the node knows of any."""
        [pending] = self._node.batch([("eth_getBlockByNumber", ("pending", True))])
        if pending is None or int(pending["number"] or "0x0", 16) <= head:
            return []
        sent = [parse_transaction({**each, "blockNumber": None}) for each in pending["transactions"]]
        return [self._deed(each, None, None, ()) for each in sent]

    @staticmethod
    def sealed_by(block: Block) -> str:
        """The account that sealed a block; empty where there is no such seal, as at block 0."""
        return _sealer(block)

    def turns(self, head: int, signers: Iterable[str]) -> list[Turns]:
        """How the signers kept their turns in the last blocks, by account.

        Args:
            head: height of the chain.
            signers: who may seal, as far as it is known; whoever did is told in any case.
        """
        blocks = self.blocks(range(max(head - TURNS + 1, 1), head + 1), head, 16)
        sealers = [_sealer(block) for block in blocks]
        order = sorted({each.lower() for each in [*signers, *sealers] if each})
        # EIP-225: block n is the turn of signer n modulo their number, in the order of their accounts.
        due = [order[block.number % len(order)] if order else "" for block in blocks]
        kept = list(zip(blocks, (sealer.lower() for sealer in sealers), due, strict=True))
        return [
            Turns(
                account=account,
                due=sum(who == account for who in due),
                sealed=sum(sealer == account for _, sealer, _ in kept),
                missed=sum(who == account != sealer for _, sealer, who in kept),
                last=max((block.number for block, sealer, _ in kept if sealer == account), default=None),
            )
            for account in order
        ]

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

    def allowances(self, owner: str) -> list[tuple[str, int]]:
        """Our contracts that may take of this account's tokens, each with how much, in base units."""
        manifest = self.manifest
        if manifest is None:
            return []
        token = Token(self._node, manifest.token)
        spenders = [address for address, _ in manifest.contracts() if address != manifest.token]
        found = [(spender, token.allowance(owner, spender).value) for spender in spenders]
        return [(spender, amount) for spender, amount in found if amount]

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

    def own(self) -> Registered | None:
        """This household as the registry has it; None: it has it not, or cannot be read."""
        return next((each for each in self.households() if each.name == self._household.name), None)

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
        return self._logs_between([(first, last)], account)

    def _logs_in(self, numbers: Iterable[int], account: str | None) -> list[Log]:
        return self._logs_between([(number, number) for number in numbers], account)

    def _logs_between(self, spans: Iterable[tuple[int, int]], account: str | None) -> list[Log]:
        asked = [each for first, last in spans for each in self._criteria(first, last, account)]
        answers = self._node.batch([("eth_getLogs", (each,)) for each in asked])
        found = [parse_log(entry) for answer in answers for entry in answer or ()]
        return list({(entry.block, entry.index): entry for entry in found}.values())

    def _criteria(self, first: int, last: int, account: str | None) -> list[dict[str, object]]:
        criteria: dict[str, object] = {"fromBlock": hex(first), "toBlock": hex(last)}
        if self.manifest is not None:
            criteria["address"] = [address for address, _ in self.manifest.contracts()]
        if account is None:
            return [criteria]
        topic = "0x" + account.lower().removeprefix("0x").rjust(64, "0")
        return [{**criteria, "topics": [None] * place + [topic]} for place in (1, 2, 3)]

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


def _parties(sent: Transaction) -> set[str]:
    return {each.lower() for each in (sent.sender, sent.to) if each}


@lru_cache(maxsize=KEPT)
def _sealer(block: Block) -> str:
    try:
        return signer_of(block)
    except (ChainError, ValueError):
        return ""
