"""Digests agree with an independent implementation of EIP-712, and ids with the packed formula."""

from __future__ import annotations

import pytest
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Unencodable
from contracts.messages import NO_ORDER, frame_digest, join_digest, order_id, voucher_digest

MARKET = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
RELAY = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"

words = st.binary(min_size=32, max_size=32)
uint64 = st.integers(0, 2**64 - 1)
addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())


def independent(domain: dict[str, object], types: dict[str, str], message: dict[str, object]) -> bytes:
    """What eth-account signs for the same typed data."""
    name, fields = next(iter(types.items()))
    listed = [{"type": kind, "name": field} for kind, field in (f.split(" ") for f in fields.split(","))]
    signable = encode_typed_data(domain, {name: listed}, message)
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


@given(chain=st.integers(1, 2**53), order=words, energy=uint64)
def test_a_voucher_hashes_as_its_typed_data(chain: int, order: bytes, energy: int) -> None:
    expected = independent(
        {"name": "Commonwatt Market", "version": "1", "chainId": chain, "verifyingContract": MARKET},
        {"Voucher": "bytes32 orderId,uint64 energy"},
        {"orderId": order, "energy": energy},
    )
    assert voucher_digest(chain, MARKET, order, energy) == expected


@given(
    genesis=words, account=addresses, role=st.integers(0, 2), texts=st.tuples(st.text(), st.text(), st.text())
)
def test_a_request_to_join_hashes_as_its_typed_data(
    genesis: bytes, account: str, role: int, texts: tuple[str, str, str]
) -> None:
    expected = independent(
        {"name": "Commonwatt Registry", "version": "1", "chainId": 4711},
        {"Join": "bytes32 genesis,address account,string name,uint8 role,string enode,string relay"},
        {
            "genesis": genesis,
            "account": account,
            "name": texts[0],
            "role": role,
            "enode": texts[1],
            "relay": texts[2],
        },
    )
    assert join_digest(4711, genesis, account, texts[0], role, *texts[1:]) == expected


@given(
    relay=addresses,
    session=words,
    n=uint64,
    op=st.sampled_from(["CLOSE", "KEEP", "OPEN"]),
    order=words,
    contact=st.integers(0, 2**32 - 1),
    energy=uint64,
)
def test_a_frame_hashes_as_its_typed_data(
    relay: str, session: bytes, n: int, op: str, order: bytes, contact: int, energy: int
) -> None:
    expected = independent(
        {"name": "Commonwatt Relay", "version": "2", "chainId": 4711},
        {
            "Frame": "address relay,bytes32 session,uint64 n,string op,bytes32 order,"
            "uint32 contact,uint64 energy"
        },
        {
            "relay": relay,
            "session": session,
            "n": n,
            "op": op,
            "order": order,
            "contact": contact,
            "energy": energy,
        },
    )
    assert frame_digest(4711, relay, session, n, op, order, contact, energy) == expected


def test_an_order_id_is_the_hash_of_chain_market_buyer_and_reference() -> None:
    ref = bytes(range(32))
    words = [(4711).to_bytes(32, "big"), bytes.fromhex(MARKET[2:]).rjust(32, b"\0")]
    words += [bytes.fromhex(RELAY[2:]).rjust(32, b"\0"), ref]
    assert order_id(4711, MARKET, RELAY, ref) == keccak(b"".join(words))


def test_the_same_voucher_differs_between_chains_markets_and_orders() -> None:
    digests = {
        voucher_digest(chain, market, order, 1)
        for chain in (1, 2)
        for market in (MARKET, RELAY)
        for order in (NO_ORDER, b"\1" * 32)
    }
    assert len(digests) == 8


def test_an_energy_that_no_voucher_can_carry_is_refused() -> None:
    with pytest.raises(Unencodable):
        voucher_digest(1, MARKET, NO_ORDER, 2**64)
    with pytest.raises(Unencodable):
        voucher_digest(1, MARKET, NO_ORDER, -1)
