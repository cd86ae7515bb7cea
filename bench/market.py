"""A market of many households on a real chain, and the signed transactions with which they can load it."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain as chained
from pathlib import Path

import psutil

from chain.client import ChainClient
from chain.keys import Account
from chain.transactions import Call, Fees, sign
from contracts.authority import Authority
from contracts.bindings import Household, Market, OrderArgs, Role, Token
from contracts.deploy import Admission, Terms, deploy
from contracts.manifest import Manifest
from contracts.messages import voucher_digest
from quantities import Energy, Price, Tokens
from tests.integration.chain_node import ETHER, one_signer_chain

SELLERS, CONTACTS = 30, 50
"""As many orders can be open at once as sellers have contacts together."""

BUYERS = 60
PRICE = Price.parse("0.25")
ORDER, TAKEN = Energy(2_000), Energy(1_500)
"""Ordered, and vouchered in the end: a redeem pays one and refunds the other."""

PURSE = Tokens.parse(1_000)
FOREVER = 10**9
"""A block that never comes."""

GAS = 250_000
"""Limit of each transaction; less is used."""


@dataclass(frozen=True)
class Street:
    """Sellers with an offer at each contact, buyers with tokens, and the node that they all send to."""

    client: ChainClient
    node: psutil.Process
    manifest: Manifest
    sellers: tuple[Account, ...]
    buyers: tuple[Account, ...]
    nonces: dict[str, int] = field(default_factory=dict)
    """Of each account's next transaction."""

    @property
    def slots(self) -> list[tuple[Account, int]]:
        """Every contact (of a seller): for one order at a time."""
        return [(seller, contact) for contact in range(1, CONTACTS + 1) for seller in self.sellers]

    def offers(self) -> list[bytes]:
        """Transactions that offer energy at every contact."""
        return [
            self._signed(
                seller, self.manifest.current, Market.encode_set_offer(contact, PRICE, ORDER, FOREVER)
            )
            for seller, contact in self.slots
        ]

    def transfers(self, count: int) -> list[bytes]:
        """Bare transfers of the token, from household to household in turn."""
        everybody = [*self.buyers, *self.sellers]
        return [
            self._signed(
                everybody[n % len(everybody)],
                self.manifest.token,
                Token.encode_transfer(everybody[(n + 1) % len(everybody)].address, Tokens(1)),
            )
            for n in range(count)
        ]

    def orders(self) -> list[tuple[Account, Account, OrderArgs]]:
        """An order at every contact: buyer, seller, order."""
        return [
            (
                self.buyers[n % len(self.buyers)],
                seller,
                OrderArgs(secrets.token_bytes(32), seller.address, contact, ORDER, PRICE),
            )
            for n, (seller, contact) in enumerate(self.slots)
        ]

    def buys(self, orders: list[tuple[Account, Account, OrderArgs]]) -> list[bytes]:
        """Transactions that fund these orders, one each."""
        market, token = self.manifest.current, self.manifest.token
        return [
            self._signed(buyer, token, Token.encode_approve_and_call(market, order.cost, order))
            for buyer, _, order in orders
        ]

    def redeems(self, orders: list[tuple[Account, Account, OrderArgs]]) -> list[bytes]:
        """Transactions that settle these orders, each with its buyer's voucher."""
        chain_id, market = self.manifest.chain_id, self.manifest.current
        found = []
        for buyer, seller, order in orders:
            id_ = order.id(chain_id, market, buyer.address)
            signature = buyer.sign(voucher_digest(chain_id, market, id_, TAKEN.mwh))
            found.append(self._signed(seller, market, Market.encode_redeem(id_, TAKEN, signature)))
        return found

    def _signed(self, sender: Account, to: str, data: bytes) -> bytes:
        nonce = self.nonces.get(sender.address, 0)
        self.nonces[sender.address] = nonce + 1
        call = Call(to=to, data=data, gas=GAS)
        return sign(sender, self.manifest.chain_id, nonce, call, Fees()).raw


@contextmanager
def street(gas_limit: int) -> Iterator[Street]:
    """A chain of one signer with a block a second, and the market on it.

    Args:
        gas_limit: of a block.
    """
    sellers = tuple(Account.generate() for _ in range(SELLERS))
    buyers = tuple(Account.generate() for _ in range(BUYERS))
    alloc = {account.address: 1_000 * ETHER for account in chained(sellers, buyers)}
    with (
        tempfile.TemporaryDirectory() as folder,
        one_signer_chain(Path(folder), "127.0.40.1", alloc, gas_limit=gas_limit) as chain,
    ):
        client = ChainClient(chain.url, timeout=30.0)
        terms = Terms(
            mint_cap=PURSE * len(alloc), mint_period=FOREVER, supply_blocks=FOREVER, challenge_blocks=60
        )
        admissions = [
            Admission(household=Household(account, f"house {n}", Role.PROSUMER, "", ""), tokens=PURSE)
            for n, account in enumerate(alloc)
        ]
        manifest = deploy(Authority(chain.account, client), client, terms, admissions)
        [node] = [p for p in psutil.Process().children(recursive=True) if p.name().startswith("geth")]
        yield Street(client, node, manifest, sellers, buyers)
        client.close()
