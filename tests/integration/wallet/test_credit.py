"""On a real chain: with the gas credit at its edge an order is refused, and a voucher is redeemed."""

from __future__ import annotations

from pathlib import Path

from chain.keys import Account
from chain.transactions import Call, Fees
from contracts.authority import Authority
from contracts.bindings import Market, State
from contracts.deploy import Transaction
from contracts.messages import voucher_digest
from node.wallet.credit import kept
from node.wallet.journal import Entry, Stage
from node.wallet.sender import Sender
from quantities import Energy
from tests.integration.chain_node import wait_for
from tests.integration.wallet.town import PRICE, Town, town
from tests.integration.wallet.victim import GAS, opened

PAYING = 21_000 * 100 * 10**9
"""Wei that a node asks for to transfer ether; a hundredth of it is paid."""


def left_with(place: Town, account: Account, wei: int) -> None:
    """Give all else away, to the last transfer's change."""
    balance = place.chain.client.balance(account.address)
    away = Transaction(place.chain.account.address, value=balance - wei - PAYING)
    Authority(account, place.chain.client).send([away])
    assert wei <= place.chain.client.balance(account.address) <= wei + PAYING


def came_to(place: Town, account: Account, folder: Path, purpose: str, call: Call) -> Entry:
    journal = opened(folder)
    sender = Sender(journal, account, place.manifest.chain_id, place.chain.client)
    sender.plan(purpose, call)

    def over() -> bool:
        sender.step(place.chain.client.block_number(), 1)
        return not journal.under_way()

    wait_for(over, purpose)
    found = journal.find(purpose)
    assert found is not None
    return found


def test_an_order_is_refused_at_the_edge_and_its_seller_is_paid_with_the_last_of_the_credit(
    tmp_path: Path,
) -> None:
    with town(tmp_path, "127.0.7.4", 2) as place:
        birch = place.buyers[0]
        order = place.order(0)
        first, second = tmp_path / "birch", tmp_path / "alder"
        for folder in (first, second):
            folder.mkdir()
        edge = kept(Fees()) + GAS * Fees().maximum
        left_with(place, birch, edge + GAS * 10**9)
        name = f"buy:0x{place.id(0, order).hex()}"
        assert came_to(place, birch, first, name, place.buys(order)).stage is Stage.FINAL

        left_with(place, birch, edge - 2 * PAYING)
        refused = came_to(place, birch, first, "buy:2", place.buys(place.order(1)))
        assert refused.stage is Stage.FAILED
        assert refused.nonce is None
        assert "the gas credit is kept for settling" in refused.error

        poor = 250_000 * 2 * 10**9
        left_with(place, place.alder, poor)
        id_, energy = place.id(0, order), Energy(1_500)
        signature = birch.sign(voucher_digest(place.manifest.chain_id, place.market.address, id_, energy.mwh))
        redeem = Call(to=place.market.address, data=Market.encode_redeem(id_, energy, signature), gas=250_000)
        assert came_to(place, place.alder, second, "redeem:1", redeem).stage is Stage.FINAL
        settled = place.market.order(id_)
        assert settled is not None
        assert settled.state is State.REDEEMED
        assert place.token.balance(place.alder.address) == PRICE.cost(energy)
