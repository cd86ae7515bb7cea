"""A real chain on which two households have traded: what the explorer is tried and looked at with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chain.keys import Account
from contracts.authority import Authority
from contracts.bindings.market import Market, OrderArgs, Report
from contracts.bindings.registry import Household, Role
from contracts.bindings.token import Token
from contracts.deploy import Admission, Terms, Transaction, deploy
from contracts.manifest import Manifest
from contracts.messages import voucher_digest
from quantities import Energy, Price, Tokens
from tests.integration.chain_node import ETHER, TestChain, one_signer_chain

PRICE = Price.parse("0.25")
ORDERED = Energy(2_100)
RECEIVED = Energy(1_840)


@dataclass(frozen=True)
class Traded:
    """What happened, and where."""

    chain: TestChain
    manifest: Manifest
    manifest_file: Path
    seller: Account
    buyer: Account
    order: bytes
    bought: str
    """The transaction that funded the order."""
    redeemed: str
    """The transaction that settled it."""


@contextmanager
def traded_chain(tmp_path: Path, host: str = "127.0.7.9") -> Iterator[Traded]:
    """Alder sold Birch some energy, which was redeemed; a second order runs; Alder reported."""
    seller, buyer = Account.generate(), Account.generate()
    with one_signer_chain(tmp_path, host) as chain:
        authority = Authority(chain.account, chain.client)
        relay, node = "127.0.10.1:15555", f"enode://{'5e' * 64}@127.0.10.1:30303"
        manifest = deploy(
            authority,
            chain.client,
            Terms(mint_cap=Tokens.parse(10_000), mint_period=1_000, supply_blocks=1_000, challenge_blocks=60),
            [
                Admission(
                    household=Household(account.address, name, role, node, relay),
                    tokens=Tokens.parse(100),
                    gas_credit=ETHER // 10,
                )
                for name, role, account in (("alder", Role.PRODUCER, seller), ("birch", Role.PROSUMER, buyer))
            ],
        )
        file = tmp_path / "manifest.json"
        manifest.save(file)
        selling, buying = Authority(seller, chain.client), Authority(buyer, chain.client)
        market, chain_id = manifest.current, chain.client.chain_id()
        offer = Market.encode_set_offer(1, PRICE, Energy(5_000), 100_000)
        selling.send([Transaction(market, offer)])
        first, second = (OrderArgs(bytes([n]) * 32, seller.address, 1, ORDERED, PRICE) for n in (1, 2))
        order = first.id(chain_id, market, buyer.address)
        [bought] = buying.send([_order(manifest, first)])
        signature = buyer.sign(voucher_digest(chain_id, market, order, RECEIVED.mwh))
        [redeemed] = selling.send([Transaction(market, Market.encode_redeem(order, RECEIVED, signature))])
        buying.send([_order(manifest, second)])
        reports = [Report(20_778, Energy(310_000), Energy(120_500), bytes(32))]
        selling.send([Transaction(market, Market.encode_report(reports))])
        hashes = [receipt.transaction for receipt in (bought, redeemed)]  # type: ignore[attr-defined]
        yield Traded(chain, manifest, file, seller, buyer, order, *hashes)


def _order(manifest: Manifest, order: OrderArgs) -> Transaction:
    return Transaction(manifest.token, Token.encode_approve_and_call(manifest.current, order.cost, order))
