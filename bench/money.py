"""What money costs: settled trades beside bare token transfers, gas beside the original's flow, vouchers.

Buys and redeems are held against transfers of the same token on the same chain in turn: once at the block gas
limit of the product's genesis, where gas decides, and once where blocks have room for all that comes, where
the node's work decides.
"""

from __future__ import annotations

import statistics

from bench import original, vouchers
from bench.burst import Burst, send
from bench.market import BUYERS, SELLERS, Street, street
from chain.genesis import GAS_LIMIT

TRANSFERS = 2_000
ROUNDS = 3
ROOMY = 300_000_000
"""Gas in a block that no burst here fills."""

TARGET = 0.7
"""Buys to transfers."""

LENGTHS = {"10 min": 600, "1 h": 3_600}


def main() -> None:
    """Print every figure."""
    print_vouchers()
    for gas_limit in (GAS_LIMIT, ROOMY):
        print(
            f"-- blocks every second, of {gas_limit / 1e6:.0f} million gas; "
            f"{BUYERS} buyers and {SELLERS} sellers at one node",
            flush=True,
        )
        with street(gas_limit) as market:
            send(market.client, market.node, market.offers(), "offers")
            rounds = [measure(market) for _ in range(ROUNDS)]
            flow = original.measure(market)
        print_rates(rounds)
    print_gas(rounds[-1], flow)


def measure(market: Street) -> dict[str, Burst]:
    """One round: transfers, then an order at every contact, then all of them settled."""
    orders = market.orders()
    made = {
        "transfers": market.transfers(TRANSFERS),
        "buys": market.buys(orders),
        "redeems": market.redeems(orders),
    }
    return {what: send(market.client, market.node, raws, what) for what, raws in made.items()}


def print_rates(rounds: list[dict[str, Burst]]) -> None:
    """The median round of each, and ratios round by round: the machine may have been busier in one."""
    for what in ("transfers", "buys", "redeems"):
        bursts = [each[what] for each in rounds]
        rate = statistics.median(burst.rate for burst in bursts)
        cost = statistics.median(burst.processor * burst.seconds / burst.count for burst in bursts) * 1e3
        limit = statistics.mode(burst.limit for burst in bursts)
        print(
            f"{what:10} {rate:6.0f} /s   {bursts[-1].gas:8.0f} gas   {cost:5.2f} ms of geth's   "
            f"limit: {limit}"
        )
    target = f"  (target {TARGET}: {{}})"
    for what, goal in (("buys", target), ("redeems", "")):
        ratio = statistics.median(each[what].rate / each["transfers"].rate for each in rounds)
        print(
            f"{what + ' to transfers':24} {ratio:5.2f}{goal.format('met' if ratio >= TARGET else 'MISSED')}"
        )
    settled = statistics.median(trades(each) for each in rounds)
    share = statistics.median(trades(each) / each["transfers"].rate for each in rounds)
    print(
        f"trades (buy and redeem)  {settled:5.0f} /s   {share:4.2f} x transfers, of the 0.50 that two "
        "transfers a trade would leave"
    )


def trades(bursts: dict[str, Burst]) -> float:
    """Settled trades a second: all that were bought, by the time that buying and redeeming took."""
    return bursts["buys"].count / (bursts["buys"].seconds + bursts["redeems"].seconds)


def print_gas(bursts: dict[str, Burst], flow: original.Flow) -> None:
    """A trade's gas, however long it takes, beside the original's, which grows."""
    ours = bursts["buys"].gas + bursts["redeems"].gas
    print("-- gas of a trade")
    print(f"ours       {ours:10.0f}   buy {bursts['buys'].gas:.0f}, redeem {bursts['redeems'].gas:.0f}")
    for length, seconds in LENGTHS.items():
        theirs = flow.trade(seconds)
        print(
            f"original's {theirs:10.0f}   in {length}: approve {flow.approve}, buyEnergy {flow.buy}, "
            f"{seconds // original.INTERVAL} x consumeEnergy {flow.consume}; ours is {ours / theirs:.3f} x"
        )


def print_vouchers() -> None:
    """Ours beside eth-account's."""
    print("-- vouchers, from their fields to signature or signer")
    for what, rates in zip(("signed", "verified"), vouchers.measure(), strict=True):
        ratio = rates.ours / rates.peers
        print(f"{what:10} {rates.ours:8.0f} /s   eth-account {rates.peers:6.0f} /s   {ratio:5.2f} x")
