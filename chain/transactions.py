"""Type-2 transactions (EIP-1559): their fields, their bytes, their signature.

Whoever sends (a household's wallet, the authority) signs here. eth-account would do no more than the few
lines below, in 20 MB of memory; it checks them in the tests. Source: https://eips.ethereum.org/EIPS/eip-1559
"""

from __future__ import annotations

from dataclasses import dataclass

from chain.errors import Unsendable
from chain.keys import Account, keccak
from chain.rlp import encode, integer

GWEI = 10**9
TYPE = b"\x02"


@dataclass(frozen=True, kw_only=True)
class Fees:
    """What a transaction pays for each unit of gas, in wei."""

    tip: int = GWEI
    maximum: int = 100 * GWEI
    """Far above any base fee of a private chain, so that a burst of full blocks locks nobody out."""

    def raised(self) -> Fees:
        """Enough more to replace a pending transaction: nodes ask for 10 %, this adds a quarter."""
        return Fees(tip=self.tip * 5 // 4, maximum=self.maximum * 5 // 4)


@dataclass(frozen=True, kw_only=True)
class Call:
    """What is to be done on the chain, whoever pays and whenever."""

    to: str | None
    """None: it creates a contract, whose constructor is the data."""

    data: bytes
    gas: int
    """Limit; what is not used is not paid."""

    value: int = 0
    """Wei."""


@dataclass(frozen=True, kw_only=True)
class Signed:
    """The bytes that go to the chain, and the hash under which they will be found."""

    hash: str
    raw: bytes


def sign(account: Account, chain_id: int, nonce: int, call: Call, fees: Fees) -> Signed:
    """Sign a call. The same arguments always give the same bytes.

    Raises:
        Unsendable: the recipient is no address, or a number is negative.
    """
    numbers = [chain_id, nonce, fees.tip, fees.maximum, call.gas]
    if min(*numbers, call.value) < 0:
        raise Unsendable(f"a transaction with a negative number cannot be signed: {[*numbers, call.value]}")
    fields = [*map(integer, numbers), _recipient(call.to), integer(call.value), call.data, []]
    signature = account.sign(keccak(TYPE + encode(fields)))
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    raw = TYPE + encode([*fields, *map(integer, (signature[64] - 27, r, s))])
    return Signed(hash="0x" + keccak(raw).hex(), raw=raw)


def _recipient(to: str | None) -> bytes:
    if to is None:
        return b""
    try:
        address = bytes.fromhex(to.removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != 20:
        raise Unsendable(f"{to!r} is not an address: nothing was signed")
    return address
