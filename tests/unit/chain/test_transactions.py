"""Our transactions are byte for byte those of eth-account."""

from __future__ import annotations

import pytest
from eth_account import Account as Reference
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import Unsendable
from chain.keys import Account
from chain.transactions import GWEI, Call, Fees, sign

ACCOUNT = Account.of(b"\x11" * 32)
TO = ACCOUNT.address


@given(
    chain_id=st.integers(1, 2**40),
    nonce=st.integers(0, 2**32),
    to=st.sampled_from([TO, None]),
    data=st.binary(max_size=300),
    gas=st.integers(21_000, 10**7),
    value=st.integers(0, 10**20),
)
def test_a_signed_transaction_is_the_one_that_eth_account_makes(
    chain_id: int, nonce: int, to: str | None, data: bytes, gas: int, value: int
) -> None:
    signed = sign(ACCOUNT, chain_id, nonce, Call(to=to, data=data, gas=gas, value=value), Fees())
    expected = Reference.sign_transaction(
        {
            "type": 2, "chainId": chain_id, "nonce": nonce, **({"to": to} if to else {}),
            "data": data, "gas": gas, "value": value,
            "maxPriorityFeePerGas": GWEI, "maxFeePerGas": 100 * GWEI,
        },
        ACCOUNT.private,
    )  # fmt: skip
    assert signed.raw == bytes(expected.raw_transaction)
    assert signed.hash == "0x" + bytes(expected.hash).hex()


def test_a_raised_fee_is_enough_to_replace() -> None:
    raised = Fees().raised()
    assert raised.tip * 10 >= Fees().tip * 11
    assert raised.maximum * 10 >= Fees().maximum * 11


@pytest.mark.parametrize("to", ["", "0x12", "alder", "0x" + "zz" * 20])
def test_what_is_no_address_is_not_signed_for(to: str) -> None:
    with pytest.raises(Unsendable, match="is not an address"):
        sign(ACCOUNT, 1, 0, Call(to=to, data=b"", gas=21_000), Fees())
