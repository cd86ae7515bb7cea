"""Vouchers signed and checked a second: ours beside eth-account, in turn in the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from eth_account import Account as Peer
from eth_account.messages import encode_typed_data

from chain.keys import Account, recover
from contracts.messages import voucher_digest

CHAIN, ORDER = 1_234_567, bytes(range(32))
TURNS, COUNT = 7, 300


@dataclass(frozen=True)
class Rates:
    """A second, each the median of several turns."""

    ours: float
    peers: float


def measure() -> tuple[Rates, Rates]:
    """Signing, and recovering the signer: from the voucher's fields to the answer, as node and relay do."""
    account = Account.generate()
    peer = Peer.from_key(account.private)
    market = account.address
    signature = account.sign(voucher_digest(CHAIN, market, ORDER, 1_000))
    assert Peer.recover_message(typed(market, 1_000), signature=signature) == account.address

    signing = compare(
        lambda n: account.sign(voucher_digest(CHAIN, market, ORDER, n)),
        lambda n: peer.sign_message(typed(market, n)),
    )
    checking = compare(
        lambda _: recover(voucher_digest(CHAIN, market, ORDER, 1_000), signature),
        lambda _: Peer.recover_message(typed(market, 1_000), signature=signature),
    )
    return signing, checking


def compare(ours: Callable[[int], object], peers: Callable[[int], object]) -> Rates:
    """Both in turn, so that a busy moment of the machine meets both."""
    turns = [(rate(ours), rate(peers)) for _ in range(TURNS)]
    return Rates(statistics.median(a for a, _ in turns), statistics.median(b for _, b in turns))


def rate(work: Callable[[int], object]) -> float:
    """Calls a second."""
    began = time.perf_counter()
    for n in range(COUNT):
        work(n)
    return COUNT / (time.perf_counter() - began)


def typed(market: str, energy: int) -> object:
    """A voucher as eth-account wants it."""
    return encode_typed_data(
        {"name": "Commonwatt Market", "version": "1", "chainId": CHAIN, "verifyingContract": market},
        {"Voucher": [{"name": "orderId", "type": "bytes32"}, {"name": "energy", "type": "uint64"}]},
        {"orderId": ORDER, "energy": energy},
    )
