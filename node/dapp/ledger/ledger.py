"""One household's view of the chain, for its pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from chain.blocks import Block, parse_block, parse_receipt, parse_transaction
from chain.client import ChainClient
from chain.errors import ChainError
from contracts.bindings.registry import Household as Registered
from contracts.bindings.token import Token
from contracts.errors import ContractsError
from contracts.manifest import Manifest
from node.dapp.chain_index import ChainIndex, Reach
from node.dapp.errors import NotFound
from node.dapp.household import Household
from node.dapp.language import gettext as _
from node.dapp.ledger.blocks import Blocks, Node
from node.dapp.ledger.looking import Looking
from node.dapp.ledger.telling import Deed, Told, deed, events
from node.dapp.ledger.turns import TURNS, Turns, sealed_by, turns
from node.dapp.ledger.who import BELIEVED, Who
from node.dapp.phrases import Names

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some events, newest first, and the blocks they were looked for in."""

    told: tuple[Told, ...]
    first: int
    last: int
    older: int | None
    """Height below which the next page looks; None: the chain begins here."""


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
    """See above. Threads may share it. Every question may raise `ChainError`."""

    def __init__(
        self, household: Household, node: Node | None = None, index: ChainIndex | None = None
    ) -> None:
        """Nothing is asked before the first question."""
        self._index = index
        self._node: Node = node or ChainClient(household.rpc or "http://127.0.0.1:8545", timeout=3.0)
        self._who = Who(household, self._node)
        self._looking = Looking(self._node, index, lambda: self.manifest)
        self.blocks = Blocks(self._node)

    def head(self) -> int:
        """The height of the chain."""
        return self._node.block_number()

    @property
    def manifest(self) -> Manifest | None:
        """The neighbourhood's contracts as the file names them now; None while there is no such file."""
        return self._who.manifest

    def households(self) -> list[Registered]:
        """The registry's households; what was known last while it does not answer."""
        return self._who.households()

    def own(self, within: float = BELIEVED) -> Registered | None:
        """This household as the registry had it some seconds ago at most; None: it has it not, or cannot be
        read."""
        return self._who.own(within)

    def names(self) -> Names:
        """Who is who on this chain."""
        return self._who.names()

    def reach(self) -> Reach | None:
        """How far the index is; None: there is none."""
        return None if self._index is None else self._index.reach()

    def founded(self, head: int) -> int:
        """Unix seconds since when this neighbourhood has its contracts; 0: it has none yet."""
        if self.manifest is None or self.manifest.founded > head:
            return 0
        [block] = self.blocks([self.manifest.founded], head, depth=0)
        return block.timestamp

    def block(self, which: int | str) -> tuple[Block, list[Deed]]:
        """A block by number or hash, with its transactions in words.

        Raises:
            NotFound: the chain has no such block.
        """
        method = "eth_getBlockByHash" if isinstance(which, str) else "eth_getBlockByNumber"
        [answer] = self._node.batch([(method, (which if isinstance(which, str) else hex(which), True))])
        if answer is None:
            head = self.head()
            raise NotFound(
                _("The chain has no block %(which)s. Its head is block %(head)s.", which=which, head=head)
            )
        block, names = parse_block(answer), self.names()
        return block, [deed(sent, names, self.manifest, block=block) for sent in block.transactions]

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
                _("This chain knows no such transaction. One that was just sent appears within a block.")
            )
        sent, receipt = parse_transaction(found), None if done is None else parse_receipt(done)
        block = None if sent.block is None else self.blocks([sent.block], self.head())[0]
        return deed(sent, self.names(), self.manifest, block=block, receipt=receipt)

    def events(self, below: int, count: int, account: str | None = None) -> Page:
        """The newest events of our contracts at or below a height.

        Args:
            below: height to look down from.
            count: at most.
            account: only what concerns this address.
        """
        logs, first = self._looking.events(below, count, account)
        shown, older = logs[:count], (first - 1 if first > 0 else None)
        if len(logs) > count:
            # Never split a block between two pages: its other events would be lost.
            older = shown[-1].block - 1
            shown = [found for found in logs if found.block > older]
        numbers = sorted({found.block for found in shown})
        times = {block.number: block.timestamp for block in self.blocks(numbers, below)}
        return Page(
            told=events(shown, times, self.names(), self.manifest),
            first=older + 1 if older is not None else 0,
            last=below,
            older=older,
        )

    def deeds(self, below: int, count: int, account: str | None = None) -> tuple[list[Deed], int | None]:
        """The newest transactions that the index knows at or below a height, and where the next page begins.

        Args:
            below: height to look down from.
            count: some more, where a block has many: none is split between two pages.
            account: only those that it sent or was sent.
        """
        found, bottom = self._looking.transactions(below, count, account)
        names = self.names()
        deeds = [deed(sent, names, self.manifest, block=block) for block, sent in found]
        return deeds, bottom - 1 if bottom > 0 else None

    def waiting(self, head: int) -> list[Deed]:
        """Transactions that wait for their block, as far as the node knows of any."""
        [pending] = self._node.batch([("eth_getBlockByNumber", ("pending", True))])
        if pending is None or int(pending["number"] or "0x0", 16) <= head:
            return []
        sent = [parse_transaction({**each, "blockNumber": None}) for each in pending["transactions"]]
        names = self.names()
        return [deed(each, names, self.manifest) for each in sent]

    @staticmethod
    def sealed_by(block: Block) -> str:
        """The account that sealed a block; empty where there is no such seal, as at block 0."""
        return sealed_by(block)

    def turns(self, head: int, signers: Iterable[str]) -> list[Turns]:
        """How the signers kept their turns in the last blocks, by account.

        Args:
            head: height of the chain.
            signers: who may seal, as far as it is known; whoever did is told in any case.
        """
        return turns(self.blocks(range(max(head - TURNS + 1, 1), head + 1), head), signers)

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
