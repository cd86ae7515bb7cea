"""A neighbourhood on a real chain of one signer: deployed contracts, a seller, two buyers, a stranger."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from chain.client import ChainClient, Receipt
from chain.errors import Reverted
from chain.keys import Account
from contracts.authority import Authority
from contracts.bindings import Household, Market, OrderArgs, Registry, Role, Token
from contracts.codec import Decoded, decode_log, decode_revert
from contracts.deploy import Admission, Terms, Transaction, deploy
from contracts.manifest import Manifest
from quantities import Energy, Price, Tokens
from tests.integration.chain_node import ETHER, one_signer_chain

PRICE = Price.parse("0.25")
PURSE = Tokens.parse(100)
CONTACTS = range(1, 9)
SUPPLY, CHALLENGE = 60, 3
"""Blocks."""


@dataclass(frozen=True)
class Neighbourhood:
    """What the tests need of it."""

    client: ChainClient
    manifest: Manifest
    authority: Account
    alder: Account
    birch: Account
    cedar: Account
    stranger: Account

    @property
    def market(self) -> Market:
        return Market(self.client, self.manifest.current)

    @property
    def token(self) -> Token:
        return Token(self.client, self.manifest.token)

    @property
    def registry(self) -> Registry:
        return Registry(self.client, self.manifest.registry)

    def send(self, sender: Account, to: str, data: bytes) -> Receipt:
        """Send one transaction and wait for its block."""
        [receipt] = Authority(sender, self.client).send([Transaction(to, data)])
        assert isinstance(receipt, Receipt)
        return receipt

    def done(self, sender: Account, to: str, data: bytes) -> list[Decoded]:
        """Send a transaction that must succeed; its events."""
        receipt = self.send(sender, to, data)
        assert receipt.succeeded, decode_revert(self.refusal(sender, to, data))
        return events(receipt)

    def refusal(self, sender: Account, to: str, data: bytes) -> bytes:
        """What the contract says to a call that it refuses."""
        with pytest.raises(Reverted) as refused:
            self.client.call(to, data, sender=sender.address)
        return refused.value.data

    def refused(self, sender: Account, data: bytes, to: str | None = None) -> str:
        """The name and fields of the market's refusal."""
        decoded = decode_revert(self.refusal(sender, to or self.market.address, data))
        assert decoded is not None
        return str(decoded)

    def order(self, contact: int, energy: int = 2_000) -> OrderArgs:
        """What a buyer orders of Alder."""
        return OrderArgs(secrets.token_bytes(32), self.alder.address, contact, Energy(energy), PRICE)

    def id(self, buyer: Account, order: OrderArgs) -> bytes:
        """The order's id."""
        return order.id(self.manifest.chain_id, self.market.address, buyer.address)

    def buys(self, buyer: Account, contact: int, *energies: int) -> list[bytes]:
        """Fund orders, each in one transaction, in one block; their ids."""
        orders = [self.order(contact, energy) for energy in energies]
        funding = [
            Transaction(self.token.address, Token.encode_approve_and_call(self.market.address, o.cost, o))
            for o in orders
        ]
        assert all(receipt.succeeded for receipt in Authority(buyer, self.client).send(funding))
        return [self.id(buyer, order) for order in orders]


def events(receipt: Receipt) -> list[Decoded]:
    """What a transaction's contracts recorded."""
    decoded = [decode_log(log.topics, log.data) for log in receipt.logs]
    assert None not in decoded
    return [each for each in decoded if each]


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbourhood]:
    """A neighbourhood where Alder offers 100 to 5,000 mWh at every contact. Each test takes its own."""
    alder, birch, cedar, stranger = (Account.generate() for _ in range(4))
    directory = tmp_path_factory.mktemp("town")
    alloc = {account.address: 10 * ETHER for account in (alder, birch, cedar, stranger)}
    with one_signer_chain(directory, "127.0.1.1", alloc) as chain:
        terms = Terms(
            mint_cap=Tokens.parse(1_000),
            mint_period=100_000,
            supply_blocks=SUPPLY,
            challenge_blocks=CHALLENGE,
        )
        admissions = [
            Admission(household=Household(account.address, name, role, "", ""), tokens=tokens)
            for account, name, role, tokens in (
                (alder, "alder", Role.PRODUCER, Tokens(0)),
                (birch, "birch", Role.CONSUMER, PURSE),
                (cedar, "cedar", Role.PROSUMER, PURSE),
            )
        ]
        manifest = deploy(Authority(chain.account, chain.client), chain.client, terms, admissions)
        offers = [Market.encode_set_offer(c, PRICE, Energy(5_000), 10**6, Energy(100)) for c in CONTACTS]
        Authority(alder, chain.client).send([Transaction(manifest.current, data) for data in offers])
        yield Neighbourhood(chain.client, manifest, chain.account, alder, birch, cedar, stranger)
