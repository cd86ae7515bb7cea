"""A real chain of one signer with the contracts, a seller with many contacts, a buyer for each."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chain.keys import Account
from chain.transactions import Call
from contracts.authority import Authority
from contracts.bindings import Household, Market, OrderArgs, Role, Token
from contracts.codec import interface
from contracts.deploy import Admission, Terms, Transaction, deploy
from contracts.manifest import Manifest
from quantities import Energy, Price, Tokens
from tests.integration.chain_node import ETHER, TestChain, one_signer_chain
from tests.integration.wallet.victim import GAS, Life, Script

PRICE = Price.parse("0.25")
PURSE = Tokens.parse(100)
PAID = Tokens.parse(1)
ORDERED = Energy(2_000)


@dataclass(frozen=True)
class Town:
    """What the tests need of it."""

    chain: TestChain
    manifest: Manifest
    alder: Account
    buyers: Sequence[Account]

    @property
    def market(self) -> Market:
        return Market(self.chain.client, self.manifest.current)

    @property
    def token(self) -> Token:
        return Token(self.chain.client, self.manifest.token)

    def order(self, number: int, price: Price = PRICE) -> OrderArgs:
        """What a buyer orders at its own contact."""
        return OrderArgs(secrets.token_bytes(32), self.alder.address, number + 1, ORDERED, price)

    def id(self, number: int, order: OrderArgs) -> bytes:
        return order.id(self.manifest.chain_id, self.market.address, self.buyers[number].address)

    def buys(self, order: OrderArgs) -> Call:
        data = Token.encode_approve_and_call(self.market.address, order.cost, order)
        return Call(to=self.token.address, data=data, gas=GAS)

    def pays(self, sink: str, gas: int = 100_000) -> Call:
        """A transfer: nothing in its contract would keep a second one from paying twice."""
        data = interface("EnergyToken").encode("transfer", sink, PAID.value)
        return Call(to=self.token.address, data=data, gas=gas)

    def script(self, number: int, folder: Path, **more: object) -> Script:
        folder.mkdir(parents=True, exist_ok=True)
        fields: dict[str, object] = {"intents": (), **more}
        return Script(
            url=self.chain.url, folder=folder, private=self.buyers[number].private,
            chain_id=self.manifest.chain_id, **fields,  # type: ignore[arg-type]
        )  # fmt: skip

    def life(self, number: int, name: str) -> Life:
        order = self.order(number)
        return Life(
            name=name, market=self.market.address, token=self.token.address, order=order,
            id=self.id(number, order),
        )  # fmt: skip

    def orders_of(self, number: int) -> list[bytes]:
        """Every order that a buyer ever funded, one entry each time."""
        topic = next(t for t, e in interface("EnergyMarket").events.items() if e.name == "OrderFunded")
        own = bytes(12) + bytes.fromhex(self.buyers[number].address[2:])
        logs = self.chain.client.logs(
            self.market.address, [topic, None, own], 0, self.chain.client.block_number()
        )
        return [log.topics[1] for log in logs]

    def sent(self, number: int) -> int:
        """How many transactions of a buyer are in the chain."""
        return self.chain.client.nonce(self.buyers[number].address)


@contextlib.contextmanager
def town(tmp_path: Path, host: str, buyers: int) -> Iterator[Town]:
    """Everybody admitted, everything offered."""
    alder, accounts = Account.generate(), [Account.generate() for _ in range(buyers)]
    alloc = {account.address: 10 * ETHER for account in (alder, *accounts)}
    folder = tmp_path / "chain"
    folder.mkdir()
    with one_signer_chain(folder, host, alloc) as chain:
        terms = Terms(
            mint_cap=Tokens.parse(1_000_000), mint_period=100_000, supply_blocks=100_000, challenge_blocks=1
        )
        admissions = [
            Admission(household=Household(alder.address, "alder", Role.PRODUCER, "", "")),
            *(
                Admission(
                    household=Household(account.address, f"b{number}", Role.CONSUMER, "", ""), tokens=PURSE
                )
                for number, account in enumerate(accounts)
            ),
        ]
        manifest = deploy(Authority(chain.account, chain.client), chain.client, terms, admissions)
        offers = [
            Transaction(manifest.current, Market.encode_set_offer(n + 1, PRICE, Energy(5_000), 10**9))
            for n in range(buyers)
        ]
        Authority(alder, chain.client).send(offers)
        yield Town(chain, manifest, alder, accounts)
