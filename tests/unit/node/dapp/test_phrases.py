from typing import Any

import pytest

from contracts.codec import CONTRACTS, Decoded, interface
from node.dapp.phrases import CALLS, EVENTS, NOBODY, Names, opened, plain, say_call, say_event, say_value
from tests.unit.node.dapp.fake_node import ALDER, ARGS, BIRCH, MARKET

NAMES = Names(households={ALDER: "Alder", BIRCH: "Birch"}, contracts={MARKET: "the market"})


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (("Transfer", {"from": NOBODY, "to": BIRCH, "value": 10**18}), "1.00 tokens were made for Birch."),
        (("Transfer", {"from": BIRCH, "to": NOBODY, "value": 10**18}), "Birch gave up 1.00 tokens for good."),
        (("Transfer", {"from": BIRCH, "to": ALDER, "value": 10**18}), "Birch sent 1.00 tokens to Alder."),
        (("Transfer", {"from": BIRCH, "to": MARKET, "value": 10**18}), "Birch put 1.00 tokens into escrow."),
        (
            ("Transfer", {"from": MARKET, "to": ALDER, "value": 10**18}),
            "1.00 tokens went from escrow to Alder.",
        ),
        (
            ("Approval", {"owner": BIRCH, "spender": MARKET, "value": 0}),
            "Birch's approval for the market is used up.",
        ),
        (
            ("OfferSet", {"seller": ALDER, "contact": 1, "price": 0, "maxEnergy": 0}),
            "Alder offers nothing more at contact 1.",
        ),
        (
            ("OfferSet", {"seller": ALDER, "contact": 1, "price": 25 * 10**16, "maxEnergy": 5_000}),
            "Alder offers up to 5.00 Wh an order at 0.25 tokens per kWh.",
        ),
        (
            ("HouseholdAdmitted", {"account": ALDER, "name": "alder", "role": 0}),
            "Alder was admitted to the neighbourhood as a producer.",
        ),
        (("MoonRose", {}), "Moon rose."),
    ],
)
def test_events_in_words(event: tuple[str, dict[str, Any]], text: str) -> None:
    name, fields = event
    assert plain(say_event(Decoded("", name, fields), NAMES)) == text


def test_every_event_of_our_contracts_has_its_words() -> None:
    for contract in CONTRACTS:
        names = {entry.name for entry in interface(contract).events.values()}
        assert names - {"EIP712DomainChanged"} <= set(EVENTS)


def test_every_word_is_for_an_event_or_function_that_exists() -> None:
    known = [interface(contract) for contract in CONTRACTS]
    assert set(EVENTS) <= {entry.name for each in known for entry in each.events.values()}
    assert set(CALLS) <= {entry.name for each in known for entry in each.functions.values()}


def test_an_order_is_read_out_of_its_approval() -> None:
    call = Decoded("EnergyToken", "approveAndCall", {"spender": MARKET, "value": 1, "data": ARGS.encode()})
    assert plain(say_call(call, BIRCH, NAMES)).startswith("Birch buys 2.10 Wh from Alder")
    assert opened(call).fields["energy"] == 2_100


def test_an_approval_with_other_data_is_said_as_it_is() -> None:
    call = Decoded("EnergyToken", "approveAndCall", {"spender": ALDER, "value": 10**18, "data": b"?"})
    assert plain(say_call(call, BIRCH, NAMES)) == "Birch let Alder take 1.00 tokens and called it."
    assert opened(call) is call


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("energy", 2_100, "2.10 Wh"),
        ("paid", 10**18, "1.00 tokens"),
        ("price", 25 * 10**16, "0.25 tokens per kWh"),
        ("supplyEnd", 90, "block 90"),
        ("supplyEnd", 0, "0"),
        ("contact", 3, "3"),
        ("seller", ALDER, "Alder"),
        ("root", b"\x01\x02", "0x0102"),
        ("flags", [True, False], "True; False"),
        ("voucher", {"orderId": b"\x01", "energy": 5}, "order id 0x01; energy 5 mWh"),
    ],
)
def test_values_have_their_units(name: str, value: Any, text: str) -> None:
    assert say_value(name, value, NAMES).text == text
