"""Gas of the original prototype's trade: approve, buyEnergy, then a consumeEnergy every 16 s.

Its calls go to bench/original.sol, a contract of our own after the prototype's description, and pay with our
token, so that nothing but the flow differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.market import Street
from chain.blocks import Receipt
from chain.keys import Account, keccak
from contracts import toolchain
from contracts.abi import Struct, Word, encode
from contracts.authority import Authority
from contracts.bindings import Token
from contracts.compile import SETTINGS
from contracts.created import address_of
from contracts.deploy import Transaction
from quantities import Tokens

INTERVAL = 16
"""Seconds between two of its calls."""

SOURCE = Path(__file__).with_name("original.sol")
ADDRESS, UINT = Word("address", "address"), Word("uint256", "uint", 256)


@dataclass(frozen=True)
class Flow:
    """Gas of the original's calls, each as it costs in the middle of a trade."""

    approve: int
    buy: int
    consume: int

    def trade(self, seconds: int) -> int:
        """Gas of a trade of so many seconds."""
        return self.approve + self.buy + seconds // INTERVAL * self.consume


def measure(street: Street) -> Flow:
    """Play it between the first buyer and the first seller of a street, on its chain."""
    buyer, seller = street.buyers[0], street.sellers[0]
    contract = _deploy(street, seller)
    token, amount = street.manifest.token, Tokens(10**6)
    energy = amount.value
    _send(street, seller, contract, _call("setProduction(uint256)", UINT, 10 * energy))
    buying = _call(
        "buyEnergy(address,address,uint256)", ADDRESS, ADDRESS, UINT, token, seller.address, energy
    )
    consuming = _call("consumeEnergy(address,uint256)", ADDRESS, UINT, seller.address, 1_000)
    for _ in range(2):  # what is written for the first time costs more than in a trade later on
        approve = _send(street, buyer, token, Token.encode_approve(contract, amount))
        buy = _send(street, buyer, contract, buying)
        _send(street, buyer, contract, consuming)
    return Flow(approve=approve, buy=buy, consume=_send(street, buyer, contract, consuming))


def _deploy(street: Street, creator: Account) -> str:
    sender = Authority(creator, street.client)
    nonce = sender.nonce()
    [receipt] = sender.send([Transaction(None, _compiled())])
    assert receipt.succeeded
    return address_of(creator.address, nonce)


def _send(street: Street, sender: Account, to: str, data: bytes) -> int:
    """Gas that a call used."""
    [receipt] = Authority(sender, street.client).send([Transaction(to, data)])
    assert isinstance(receipt, Receipt)
    assert receipt.succeeded
    return receipt.gas_used


def _call(signature: str, *given: Any) -> bytes:
    """Calldata: types, then values."""
    types, values = given[: len(given) // 2], given[len(given) // 2 :]
    return keccak(signature.encode())[:4] + encode(
        Struct(tuple((str(n), each) for n, each in enumerate(types))), values
    )


def _compiled() -> bytes:
    import solcx  # noqa: PLC0415 - only this benchmark compiles

    asked = {
        "language": "Solidity",
        "sources": {SOURCE.name: {"content": SOURCE.read_text()}},
        "settings": {**SETTINGS, "outputSelection": {"*": {"*": ["evm.bytecode.object"]}}},
    }
    answer = solcx.compile_standard(asked, solc_binary=toolchain.solc())
    return bytes.fromhex(answer["contracts"][SOURCE.name]["Original"]["evm"]["bytecode"]["object"])
