"""Random sequences of transactions through the contracts on a real node, and through a model of the rules.

Households send whatever they like in waves, without waiting for each other; the model is then led through the
same transactions in the order in which the chain has them, block by block. Which ones succeeded, every
balance, every order and every offer have to agree to the last unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chain.client import Receipt
from chain.keys import Account
from contracts.authority import Authority, signed
from contracts.bindings import Household, Market, OrderArgs, Registry, Role, State, Token
from contracts.deploy import Transaction, creation
from contracts.messages import order_id, voucher_digest
from quantities import Energy, Price, Tokens
from tests.integration.chain_node import wait_for
from tests.integration.contracts import market_model as rules
from tests.integration.contracts.conftest import Neighbourhood

SUPPLY, CHALLENGE = 4, 2
PURSE = 3_000_000
NAMES = ("alder", "birch", "cedar", "stranger")
HOUSEHOLDS = rules.BUYERS
USUAL = 250_000
PRICES = (*(USUAL,) * 6, 1, 333_333, 999_999_999)
ENERGIES = st.integers(0, 6_000)
ORDERS = st.integers(0, 17)

names, households, contacts = st.sampled_from(NAMES), st.sampled_from(HOUSEHOLDS), st.integers(1, 2)
prices, amounts = st.sampled_from(PRICES), st.integers(0, PURSE)


@st.composite
def purchases(draw: st.DrawFn) -> tuple[str, rules.Act]:
    """Mostly at the price and amount that are right."""
    energy, price = draw(ENERGIES), draw(prices)
    paying = rules.cost(energy, price) + draw(st.sampled_from((0, 0, 0, 0, 0, 1)))
    order, seller = draw(ORDERS), draw(households)
    act = rules.Buy(order, seller, draw(contacts), energy, price, draw(st.booleans()), paying)
    return rules.buyer_of(order), act


@st.composite
def closings(draw: st.DrawFn) -> tuple[str, rules.Act]:
    """Mostly by the order's buyer."""
    order = draw(ORDERS)
    act = rules.RequestClose(order) if draw(st.booleans()) else rules.Reclaim(order)
    return draw(st.sampled_from((*(rules.buyer_of(order),) * 4, *NAMES))), act


@st.composite
def redemptions(draw: st.DrawFn) -> tuple[str, rules.Act]:
    """Mostly with the buyer's voucher."""
    order = draw(ORDERS)
    signer = draw(st.sampled_from((*(rules.buyer_of(order),) * 4, *HOUSEHOLDS)))
    return draw(households), rules.Redeem(order, draw(ENERGIES), signer)


acts_of_households = st.one_of(
    st.builds(rules.SetOffer, contacts, prices, st.integers(0, 50), st.sampled_from((5_000, 5_000, 99, 0))),
    st.builds(rules.Approve, amounts),
    st.builds(rules.Release, ORDERS),
    st.builds(rules.Transfer, names, amounts),
    st.builds(rules.Burn, st.integers(0, 1_000)),
)
acts_of_anybody = st.one_of(
    st.builds(rules.Pause, st.sampled_from((False, False, False, False, True))),
    st.builds(rules.Admit, households, st.sampled_from((True, True, True, True, False))),
    st.builds(rules.Mint, names, st.integers(0, PURSE)),
)
sent = st.one_of(
    *[purchases()] * 4,
    *[redemptions()] * 3,
    *[closings()] * 2,
    *[st.tuples(names, acts_of_households)] * 3,
    st.tuples(st.sampled_from(("authority", "authority", "birch")), acts_of_anybody),
)


@st.composite
def courses(draw: st.DrawFn, order: int) -> list[tuple[str, rules.Act]]:
    """A purchase at the usual price, and one way to end it: what mostly works, if nothing gets between."""
    buyer = rules.buyer_of(order)
    seller = draw(st.sampled_from([name for name in HOUSEHOLDS if name != buyer]))
    energy = draw(st.integers(50, 5_000))
    buy = rules.Buy(
        order, seller, draw(contacts), energy, USUAL, at_once=True, paying=rules.cost(energy, USUAL)
    )
    redeem: tuple[str, rules.Act] = (seller, rules.Redeem(order, draw(ENERGIES), buyer))
    release: tuple[str, rules.Act] = (seller, rules.Release(order))
    close: tuple[str, rules.Act] = (buyer, rules.RequestClose(order))
    reclaim: tuple[str, rules.Act] = (buyer, rules.Reclaim(order))
    endings: tuple[list[tuple[str, rules.Act]], ...] = (
        [redeem],
        [redeem],
        [release],
        [close, reclaim],
        [close, redeem],
        [],
    )
    return [(buyer, buy), *draw(st.sampled_from(endings))]


@st.composite
def waves(draw: st.DrawFn) -> list[list[tuple[str, rules.Act]]]:
    """Courses of orders that begin in any wave, each of their acts in the next; between them, anything."""
    listed = [draw(st.lists(sent, min_size=6, max_size=14)) for _ in range(5)]
    for order in draw(st.lists(ORDERS, min_size=9, max_size=12, unique=True)):
        begin = draw(st.integers(0, 2))
        for later, act in enumerate(draw(courses(order))):
            wave = listed[begin + later]
            wave.insert(draw(st.integers(0, len(wave))), act)
    return listed


@dataclass(frozen=True)
class Pair:
    """Contracts of their own on the town's chain, and the model of them."""

    town: Neighbourhood
    token: Token
    registry: Registry
    market: Market
    people: dict[str, Account]
    model: rules.Model

    def ref(self, number: int) -> bytes:
        return number.to_bytes(32)

    def id(self, number: int) -> bytes:
        buyer = self.people[rules.buyer_of(number)].address
        return order_id(self.town.manifest.chain_id, self.market.address, buyer, self.ref(number))

    def transaction(self, act: rules.Act) -> Transaction:
        """The same act as the contracts take it."""
        market, token = self.market.address, self.token.address
        match act:
            case rules.SetOffer(contact, price, least, most):
                data = Market.encode_set_offer(contact, Price(price), Energy(most), 10**9, Energy(least))
                return Transaction(market, data)
            case rules.Buy():
                seller = self.people[act.seller].address
                args = OrderArgs(
                    self.ref(act.order), seller, act.contact, Energy(act.energy), Price(act.price)
                )
                if not act.at_once:
                    return Transaction(market, Market.encode_buy(args))
                return Transaction(token, Token.encode_approve_and_call(market, Tokens(act.paying), args))
            case rules.Approve(amount):
                return Transaction(token, Token.encode_approve(market, Tokens(amount)))
            case rules.Redeem(number, energy, signer):
                order = self.id(number)
                digest = voucher_digest(self.town.manifest.chain_id, market, order, energy)
                signature = self.people[signer].sign(digest)
                return Transaction(market, Market.encode_redeem(order, Energy(energy), signature))
            case rules.Release(number):
                return Transaction(market, Market.encode_release(self.id(number)))
            case rules.RequestClose(number):
                return Transaction(market, Market.encode_request_close(self.id(number)))
            case rules.Reclaim(number):
                return Transaction(market, Market.encode_reclaim(self.id(number)))
            case rules.Transfer(to, amount):
                return Transaction(token, Token.encode_transfer(self.people[to].address, Tokens(amount)))
            case rules.Burn(amount):
                return Transaction(token, Token.encode_burn(Tokens(amount)))
            case rules.Mint(to, amount):
                return Transaction(token, Token.encode_mint(self.people[to].address, Tokens(amount)))
            case rules.Pause(paused):
                return Transaction(market, Market.encode_pause() if paused else Market.encode_resume())
            case rules.Admit(account, admitted):
                return Transaction(self.registry.address, self.admission(account, admitted))

    def admission(self, name: str, admitted: bool) -> bytes:
        account = self.people[name].address
        if not admitted:
            return Registry.encode_suspend(account)
        return Registry.encode_admit(Household(account, name, Role.PROSUMER, "", ""))

    def send(self, wave: Sequence[tuple[str, rules.Act]]) -> list[tuple[str, rules.Act, Receipt]]:
        """Send all without waiting; answers them in the chain's order."""
        client, chain_id = self.town.client, self.town.manifest.chain_id
        nonces = {name: client.nonce(account.address) for name, account in self.people.items()}
        hashes = {}
        for sender, act in wave:
            made = signed(self.people[sender], chain_id, nonces[sender], self.transaction(act))
            hashes[client.send_raw(made.raw)] = (sender, act)
            nonces[sender] += 1
        receipts: dict[str, Receipt] = {}

        def all_mined() -> bool:
            for tx_hash in hashes.keys() - receipts.keys():
                if (receipt := client.receipt(tx_hash)) is not None:
                    receipts[tx_hash] = receipt
            return len(receipts) == len(hashes)

        wait_for(all_mined, "receipts of a wave")
        ordered = sorted(receipts.items(), key=lambda item: (item[1].block, item[1].index))
        return [(*hashes[tx_hash], receipt) for tx_hash, receipt in ordered]

    def agree(self) -> None:
        """Balances, orders and offers are the same on both sides."""
        for name, account in self.people.items():
            found = self.token.balance(account.address).value
            assert found == self.model.balances.get(name, 0), f"balance of {name}"
        assert self.token.balance(self.market.address).value == self.model.balances.get(rules.MARKET, 0)
        assert self.token.supply().value == sum(self.model.balances.values())
        for number, expected in self.model.orders.items():
            order = self.market.order(self.id(number))
            assert order is not None
            assert order.state is State[expected.state]
            assert (order.energy.mwh, order.paid_energy.mwh) == (expected.energy, expected.paid_energy)
            blocks = (order.supply_end or 0, order.reclaim_from or 0)
            assert blocks == (expected.supply_end, expected.reclaim_from)
        for (seller, contact), known in self.model.offers.items():
            offer = self.market.offer(self.people[seller].address, contact)
            queue = [] if offer is None else [each for each in (offer.open, offer.next) if each is not None]
            assert queue == [self.id(number) for number in known.queue]


def founded(town: Neighbourhood) -> Pair:
    authority = Authority(town.authority, town.client)
    made = [
        Transaction(None, creation("EnergyToken", "", "", authority.address, 10**30, 10**6)),
        Transaction(None, creation("NodeRegistry", authority.address)),
    ]
    token, registry = (receipt.contract for receipt in authority.send(made) if isinstance(receipt, Receipt))
    assert token is not None
    assert registry is not None
    data = creation("EnergyMarket", token, registry, SUPPLY, CHALLENGE, authority.address)
    [created] = authority.send([Transaction(None, data)])
    assert isinstance(created, Receipt)
    assert created.contract is not None
    people = {"authority": town.authority} | {name: getattr(town, name) for name in NAMES}
    balances = {**dict.fromkeys(NAMES, PURSE), "authority": 0, rules.MARKET: 0}
    pair = Pair(
        town,
        Token(town.client, token),
        Registry(town.client, registry),
        Market(town.client, created.contract),
        people,
        rules.Model("authority", SUPPLY, CHALLENGE, balances, set(HOUSEHOLDS)),
    )
    starting: list[rules.Act] = [rules.Mint(name, PURSE) for name in NAMES]
    starting += [rules.Admit(name, True) for name in HOUSEHOLDS]
    for _, act, receipt in pair.send([("authority", act) for act in starting]):
        assert receipt.succeeded, act
    offers = [rules.SetOffer(contact, USUAL, 1, 5_000) for contact in (1, 2)]
    for sender, act, receipt in pair.send([(name, act) for name in HOUSEHOLDS for act in offers]):
        assert receipt.succeeded == pair.model.apply(sender, act, receipt.block)
    return pair


def compare(town: Neighbourhood, sequence: list[list[tuple[str, rules.Act]]]) -> None:
    pair = founded(town)
    for wave in sequence:
        for sender, act, receipt in pair.send(wave):
            allowed = pair.model.apply(sender, act, receipt.block)
            assert receipt.succeeded == allowed, f"block {receipt.block}: {sender} {act}"
        pair.agree()


def drawn(examples: int) -> settings:
    """Without shrinking: each step of it would take the chain's time."""
    return settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[*HealthCheck],
    )


@drawn(2)
@given(sequence=waves())
def test_the_contracts_and_the_model_of_their_rules_agree(
    town: Neighbourhood, sequence: list[list[tuple[str, rules.Act]]]
) -> None:
    compare(town, sequence)


@pytest.mark.long
@pytest.mark.timeout(3_600)
@drawn(60)
@given(sequence=waves())
def test_the_contracts_and_the_model_agree_for_long(
    town: Neighbourhood, sequence: list[list[tuple[str, rules.Act]]]
) -> None:
    compare(town, sequence)
