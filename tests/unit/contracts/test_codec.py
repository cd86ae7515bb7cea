"""Calls, events and errors come back as named records, with what they mean."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from chain.keys import checksum
from contracts.bindings import Market, OrderArgs, Token
from contracts.codec import artifact, decode_call, decode_log, decode_revert, interface
from contracts.errors import ArtifactMissing, UndecodableData
from quantities import Energy, Price, Tokens

BUYER = checksum("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
SELLER = checksum("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC")
MARKET = checksum("0x5FbDB2315678afecb367f032d93F642f64180aa3")
ORDER = bytes(range(32))

REDEEMED = keccak(b"OrderRedeemed(bytes32,address,address,uint64,uint256,uint256)")


def word(value: int | str) -> bytes:
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32)


def test_an_event_is_read_by_name_with_what_it_means() -> None:
    topics = [REDEEMED, ORDER, word(BUYER), word(SELLER)]
    event = decode_log(topics, encode(["uint64", "uint256", "uint256"], [1_200, 3, 2]))
    assert event is not None
    assert (event.contract, event.name) == ("EnergyMarket", "OrderRedeemed")
    assert list(event.fields.items()) == [
        ("orderId", ORDER),
        ("buyer", BUYER),
        ("seller", SELLER),
        ("energy", 1_200),
        ("paid", 3),
        ("refunded", 2),
    ]
    assert event.meaning.startswith("The seller was paid")


def test_another_contracts_event_is_none_of_ours() -> None:
    assert decode_log([keccak(b"Swapped(uint256)")], b"") is None
    assert decode_log([], b"anonymous") is None


def test_an_event_is_sought_in_the_named_contract_only() -> None:
    topics = [REDEEMED, ORDER, word(BUYER), word(SELLER)]
    assert decode_log(topics, encode(["uint64"] * 3, [1, 2, 3]), "EnergyToken") is None


@pytest.mark.parametrize(
    ("topics", "data"),
    [
        ([REDEEMED, ORDER], b"\0" * 96),
        ([REDEEMED, ORDER, b"\1" * 32, word(SELLER)], b"\0" * 96),
        ([REDEEMED, ORDER, word(BUYER), word(SELLER)], b"\0" * 95),
    ],
    ids=["a topic too few", "a dirty address", "a byte too few"],
)
def test_an_event_that_does_not_fit_its_own_name_is_refused(topics: list[bytes], data: bytes) -> None:
    with pytest.raises(UndecodableData):
        decode_log(topics, data)


def test_a_call_is_read_with_its_arguments() -> None:
    call = decode_call(Market.encode_redeem(ORDER, Energy(7), b"\1" * 65))
    assert call is not None
    assert (call.contract, call.name) == ("EnergyMarket", "redeem")
    assert call.fields == {"voucher": {"orderId": ORDER, "energy": 7}, "signature": b"\1" * 65}


def test_the_order_inside_an_approval_is_read_back() -> None:
    order = OrderArgs(b"\2" * 32, SELLER, 1, Energy(2_000), Price(10**18))
    call = decode_call(Token.encode_approve_and_call(MARKET, order.cost, order), "EnergyToken")
    assert call is not None
    assert call.name == "approveAndCall"
    assert call.fields["value"] == order.cost.value
    assert OrderArgs.decode(call.fields["data"]) == order


def test_an_unknown_selector_is_none_of_ours_and_truncated_arguments_are_refused() -> None:
    assert decode_call(b"\xff\xff\xff\xff") is None
    assert decode_call(b"") is None
    with pytest.raises(UndecodableData):
        decode_call(Market.encode_release(ORDER)[:-1])


def test_a_refusal_says_why_in_words() -> None:
    data = keccak(b"PriceChanged(uint128,uint128)")[:4] + encode(["uint128", "uint128"], [5, 6])
    refusal = decode_revert(data)
    assert refusal is not None
    assert str(refusal) == "PriceChanged(offered=5, expected=6)"
    assert refusal.meaning == "The offer's price is not the one that the buyer saw."


def test_the_tokens_own_refusals_are_known_too() -> None:
    signature = b"ERC20InsufficientBalance(address,uint256,uint256)"
    refusal = decode_revert(keccak(signature)[:4] + encode(["address", "uint256", "uint256"], [BUYER, 1, 2]))
    assert refusal is not None
    assert (refusal.contract, refusal.fields["needed"]) == ("EnergyToken", 2)


def test_soliditys_own_refusals_are_known() -> None:
    text = decode_revert(keccak(b"Error(string)")[:4] + encode(["string"], ["no"]))
    panic = decode_revert(keccak(b"Panic(uint256)")[:4] + encode(["uint256"], [0x11]))
    assert text is not None
    assert panic is not None
    assert (text.meaning, panic.meaning) == ("no", "an arithmetic overflow")


@given(st.binary(max_size=200))
def test_whatever_a_contract_answers_a_refusal_is_read_or_unknown(data: bytes) -> None:
    decode_revert(data)
    for known in (b"PriceChanged(uint128,uint128)", b"Error(string)"):
        decode_revert(keccak(known)[:4] + data)


def test_every_error_and_event_of_the_market_has_a_sentence() -> None:
    market = interface("EnergyMarket")
    handed_over = {f"OwnershipTransfer{how}(address,address)" for how in ("Started", "red")}
    libraries = {"InvalidShortString()", "StringTooLong(string)"} | handed_over
    entries = [*market.events.values(), *market.errors.values()]
    assert {e.signature for e in entries} - set(market.notices) == libraries


def test_parties_of_every_event_of_an_order_are_indexed() -> None:
    for event in interface("EnergyMarket").events.values():
        marked = dict(zip((name for name, _ in event.inputs.fields), event.indexed, strict=True))
        assert all(marked[party] for party in marked if party in {"orderId", "buyer", "seller", "household"})


def test_an_unknown_contract_is_named() -> None:
    with pytest.raises(ArtifactMissing, match="EnergyBank"):
        artifact("EnergyBank")


def test_amounts_are_kept_in_the_chains_own_units() -> None:
    call = decode_call(Token.encode_mint(BUYER, Tokens.parse("1.5")))
    assert call is not None
    assert call.fields == {"to": BUYER, "amount": 1_500_000_000_000_000_000}
