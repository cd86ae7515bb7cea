"""The life of an order on a real chain, through the bindings that the households use."""

from __future__ import annotations

import pytest

from chain.errors import Reverted
from chain.keys import Account, checksum
from contracts.bindings import Household, Market, OrderArgs, Registry, Report, Role, State, Token
from contracts.codec import decode_revert
from contracts.messages import voucher_digest
from quantities import Energy, Tokens
from tests.integration.chain_node import wait_for
from tests.integration.contracts.conftest import CHALLENGE, PRICE, PURSE, SUPPLY, Neighbourhood, events


def voucher(town: Neighbourhood, order: bytes, energy: int) -> bytes:
    digest = voucher_digest(town.manifest.chain_id, town.market.address, order, energy)
    return town.birch.sign(digest)


def conserved(town: Neighbourhood) -> None:
    """All tokens that were minted are in purses or in the market's escrow."""
    holders = [town.alder.address, town.birch.address, town.cedar.address, town.market.address]
    assert sum((town.token.balance(holder) for holder in holders), Tokens(0)) == town.token.supply()


def test_the_deployed_contracts_are_the_manifests(town: Neighbourhood) -> None:
    town.manifest.verify(town.client)
    assert (town.market.supply_blocks(), town.market.challenge_blocks()) == (SUPPLY, CHALLENGE)
    assert (town.token.symbol(), town.token.supply()) == ("NET", PURSE + PURSE)
    assert [household.name for household in town.registry.households()] == ["alder", "birch", "cedar"]


def test_an_order_funded_in_one_transaction_is_redeemed_and_refunded(town: Neighbourhood) -> None:
    order = town.order(1)
    purse, till = town.token.balance(town.birch.address), town.token.balance(town.alder.address)

    data = Token.encode_approve_and_call(town.market.address, order.cost, order)
    receipt = town.send(town.birch, town.token.address, data)

    assert [each.name for each in events(receipt)] == ["Approval", "OrderFunded", "Transfer"]
    funded = events(receipt)[1].fields
    assert funded["orderId"] == town.id(town.birch, order)
    assert (funded["buyer"], funded["seller"]) == (town.birch.address, town.alder.address)
    assert (funded["cost"], funded["supplyEnd"]) == (order.cost.value, receipt.block + SUPPLY)

    id_ = funded["orderId"]
    found = town.market.order(id_)
    assert found is not None
    assert (found.state, found.supply_end, found.escrow) == (State.OPEN, receipt.block + SUPPLY, order.cost)
    assert town.token.balance(town.market.address) == order.cost
    assert town.market.order(id_, receipt.block - 1) is None, "read at a block before it was funded"

    data = Market.encode_redeem(id_, Energy(1_200), voucher(town, id_, 1_200))
    redeemed = next(each for each in town.done(town.alder, town.market.address, data) if each.contract)

    paid = PRICE.cost(Energy(1_200))
    assert redeemed.name == "OrderRedeemed"
    assert (redeemed.fields["paid"], redeemed.fields["refunded"]) == (
        paid.value,
        (order.cost - paid).value,
    )
    assert town.token.balance(town.alder.address) == till + paid
    assert town.token.balance(town.birch.address) == purse - paid
    found = town.market.order(id_)
    assert found is not None
    assert (found.state, found.paid, found.refunded) == (State.REDEEMED, paid, order.cost - paid)
    conserved(town)


def test_approving_and_buying_in_two_transactions_costs_more(town: Neighbourhood) -> None:
    order = town.order(2)
    data = Token.encode_approve_and_call(town.market.address, order.cost, order)
    one = town.send(town.birch, town.token.address, data)
    town.done(town.alder, town.market.address, Market.encode_release(town.id(town.birch, order)))

    order = town.order(2)
    approval = Token.encode_approve(town.market.address, order.cost)
    first = town.send(town.birch, town.token.address, approval)
    second = town.send(town.birch, town.market.address, Market.encode_buy(order))

    assert (one.succeeded, first.succeeded, second.succeeded) == (True, True, True)
    found = town.market.order(town.id(town.birch, order))
    assert found is not None
    assert found.state is State.OPEN
    assert one.gas_used < first.gas_used + second.gas_used
    assert one.gas_used < 300_000


def test_a_successor_waits_and_is_promoted(town: Neighbourhood) -> None:
    first, second = town.buys(town.birch, 3, 2_000, 1_000)
    offer, waiting = town.market.offer(town.alder.address, 3), town.market.order(second)
    assert offer is not None
    assert waiting is not None
    assert (offer.open, offer.next) == (first, second)
    assert (waiting.state, waiting.supply_end) == (State.WAITING, None)

    data = Market.encode_redeem(first, Energy(2_000), voucher(town, first, 2_000))
    recorded = town.done(town.alder, town.market.address, data)

    assert [each.name for each in recorded] == ["OrderRedeemed", "OrderPromoted", "Transfer"]
    promoted = town.market.order(second)
    assert promoted is not None
    assert (promoted.state, promoted.supply_end) == (State.OPEN, recorded[1].fields["supplyEnd"])


def test_a_silent_sellers_order_is_reclaimed_after_the_window(town: Neighbourhood) -> None:
    [id_] = town.buys(town.birch, 4, 2_000)
    purse = town.token.balance(town.birch.address)
    assert town.refused(town.birch, Market.encode_reclaim(id_)).startswith("NotClosing")

    [asked] = town.done(town.birch, town.market.address, Market.encode_request_close(id_))
    assert town.refused(town.birch, Market.encode_reclaim(id_)).startswith("ChallengeRunning")
    wait_for(lambda: town.client.block_number() >= asked.fields["reclaimFrom"], "end of the window")
    [reclaimed, _] = town.done(town.birch, town.market.address, Market.encode_reclaim(id_))

    assert reclaimed.name == "OrderReclaimed"
    assert town.token.balance(town.birch.address) == purse + PRICE.cost(Energy(2_000))
    found = town.market.order(id_)
    assert found is not None
    assert found.state is State.RECLAIMED
    conserved(town)


def test_a_seller_gives_an_order_back_in_one_block(town: Neighbourhood) -> None:
    purse = town.token.balance(town.birch.address)
    [id_] = town.buys(town.birch, 5, 2_000)
    [released, _] = town.done(town.alder, town.market.address, Market.encode_release(id_))
    assert released.fields["refunded"] == PRICE.cost(Energy(2_000)).value
    assert town.token.balance(town.birch.address) == purse


def test_a_withdrawn_offer_takes_no_orders(town: Neighbourhood) -> None:
    town.done(town.alder, town.market.address, Market.encode_withdraw_offer(6))
    assert town.market.offer(town.alder.address, 6) is None
    refused = town.refused(town.birch, Market.encode_buy(town.order(6)))
    assert refused == f"NoOffer(seller={town.alder.address}, contact=6)"


def test_refusals_of_the_chain_are_read_by_name(town: Neighbourhood) -> None:
    [id_] = town.buys(town.birch, 7, 2_000)
    order = town.order(7)
    dear = OrderArgs(order.ref, order.seller, 7, order.energy, PRICE + PRICE)
    signature = voucher(town, id_, 1_000)

    stranger = town.refused(town.stranger, Market.encode_buy(order))
    assert stranger == f"NotAdmitted(account={town.stranger.address})"
    assert town.refused(town.birch, Market.encode_buy(dear)).startswith("PriceChanged(offered=")
    assert town.refused(town.cedar, Market.encode_buy(order)).startswith("OfferBusy(open=0x")
    assert town.refused(town.birch, Market.encode_redeem(id_, Energy(1_000), signature)).startswith(
        "NotSeller"
    )
    assert town.refused(town.alder, Market.encode_redeem(id_, Energy(1_001), signature)).startswith(
        "WrongSigner"
    )
    poor = Token.encode_transfer(town.birch.address, Tokens.parse(1))
    assert town.refused(town.alder, poor, town.token.address).startswith("ERC20InsufficientBalance")


def test_a_voucher_of_the_relays_own_keys_is_taken_by_the_contract(town: Neighbourhood) -> None:
    """Digest in Python, signature by libsecp256k1, check by OpenZeppelin: they agree on any energy."""
    [id_] = town.buys(town.birch, 8, 2_000)
    for energy in (0, 1, 1_999, 2_000, 2**64 - 1):
        data = Market.encode_redeem(id_, Energy(energy), voucher(town, id_, energy))
        town.client.call(town.market.address, data, sender=town.alder.address)
    forged = Account.generate().sign(voucher_digest(town.manifest.chain_id, town.market.address, id_, 1))
    with pytest.raises(Reverted) as refused:
        data = Market.encode_redeem(id_, Energy(1), forged)
        town.client.call(town.market.address, data, sender=town.alder.address)
    assert str(decode_revert(refused.value.data)).startswith("WrongSigner")


def test_reports_rise_interval_by_interval(town: Neighbourhood) -> None:
    reports = [Report(n, Energy(10 * n), Energy(n), bytes([n]) * 32) for n in (5, 9)]
    recorded = town.done(town.alder, town.market.address, Market.encode_report(reports))
    assert [(each.fields["interval"], each.fields["produced"]) for each in recorded] == [(5, 50), (9, 90)]
    assert town.market.next_report(town.alder.address) == 10
    assert (
        town.refused(town.alder, Market.encode_report(reports)) == "IntervalNotRising(interval=5, lowest=10)"
    )


def test_a_suspended_household_neither_offers_nor_buys_until_it_is_admitted_again(
    town: Neighbourhood,
) -> None:
    dogwood = Household(checksum(b"\xd0" * 20), "dogwood", Role.PROSUMER, "enode://…", "10.0.0.4:15555")
    town.done(town.authority, town.registry.address, Registry.encode_admit(dogwood))
    assert town.registry.household(dogwood.account) == dogwood

    town.done(town.authority, town.registry.address, Registry.encode_suspend(dogwood.account))
    found = town.registry.household(dogwood.account)
    assert found is not None
    assert not found.admitted
    assert not town.registry.admitted(dogwood.account)

    town.done(town.authority, town.registry.address, Registry.encode_admit(dogwood))
    assert town.registry.admitted(dogwood.account)


def test_only_the_authority_mints_and_admits(town: Neighbourhood) -> None:
    minting = Token.encode_mint(town.birch.address, Tokens(1))
    assert town.refused(town.birch, minting, town.token.address).startswith("NotMinter(caller=")
    beyond = Token.encode_mint(town.birch.address, Tokens.parse(1_000))
    assert town.refused(town.authority, beyond, town.token.address).startswith("MintCapExceeded(asked=")


def test_paused_orders_are_refused_and_resumed(town: Neighbourhood) -> None:
    order = town.order(7)
    buying = Token.encode_approve_and_call(town.market.address, order.cost, order)
    town.done(town.authority, town.market.address, Market.encode_pause())
    assert town.market.paused()
    assert town.refused(town.birch, buying, town.token.address) == "OrdersPaused()"
    assert town.refused(town.birch, Market.encode_buy(order)) == "OrdersPaused()"
    assert town.refused(town.birch, Market.encode_resume()).startswith("OwnableUnauthorizedAccount")

    town.done(town.authority, town.market.address, Market.encode_resume())
    assert not town.market.paused()
    [id_] = town.buys(town.birch, 7, 2_000)
    town.done(town.alder, town.market.address, Market.encode_release(id_))


def test_a_new_minter_mints_instead_of_the_old_and_holders_burn_their_own(town: Neighbourhood) -> None:
    minting = Token.encode_mint(town.cedar.address, Tokens(5))
    town.done(town.authority, town.token.address, Token.encode_set_minter(town.stranger.address))
    assert (town.token.minter(), town.token.owner()) == (town.stranger.address, town.authority.address)
    assert town.refused(town.authority, minting, town.token.address).startswith("NotMinter(caller=")

    supply = town.token.supply()
    town.done(town.stranger, town.token.address, minting)
    town.done(town.cedar, town.token.address, Token.encode_burn(Tokens(5)))
    assert town.token.supply() == supply
    town.done(town.authority, town.token.address, Token.encode_set_minter(town.authority.address))
    conserved(town)
