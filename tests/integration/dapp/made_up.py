"""A made-up household whose processes have just written their files: to try and look at the pages.

`python -m tests.integration.dapp.made_up FOLDER` makes one, prints its password, and keeps its files fresh.
"""

from __future__ import annotations

import math
import sys
import time
from contextlib import closing
from dataclasses import asdict
from datetime import date
from pathlib import Path

from node.client_interaction import status
from node.client_interaction.loop import MIGRATIONS
from node.client_interaction.status import State, Status
from node.client_interaction.trade import Proof, Side, Step, Trade, TradeState
from node.client_interaction.trades import Trades
from node.dapp.household import Household, Line
from node.dapp.users import set_password
from node.intents import published as in_force
from node.intents.published import LimitNow, OfferNow, Published
from node.readings.interface import Sample
from node.readings.spool import status as spool_status
from node.readings.sqlite import SqliteReadings
from node.sensors import status as sensor_status
from node.tariffs.plan import Plan, Rate, Version
from node.wallet.database import Database
from quantities import Energy, Power, Price, SoC, Tokens
from relay_server import audit, persistence
from relay_server.acts import HOME
from relay_server.records import FILE as RECORDS
from store import registers, snapshot
from store.registers import Register
from store.sqlite import migrate, open_writer

ALDER = "0xA1dE4c0F5b3D9e7f8A2b6C4d1E3f5A7b9C0d2E4F"
CEDAR = "0xCeDa4c0F5b3D9e7f8A2b6C4d1E3f5A7b9C0d2E4F"
PRICE = Price.parse("0.25")
ONE = Tokens.parse(1).value

IN_FORCE = Published(
    enabled=True, buys=True,
    limits={
        "limit": LimitNow(value="3000", configured="3000", bound="1000"),
        "resume": LimitNow(value="6000", configured="5500", bound="9500", by="home", at=1_700_000_000.0),
        "max_price": LimitNow(value=str(ONE * 2 // 5), configured=str(ONE * 2 // 5), bound=str(ONE * 2 // 5)),
        "daily_budget": LimitNow(value=str(5 * ONE), configured=str(5 * ONE), bound=str(5 * ONE)),
    },
    offers=(OfferNow(
        contact=1, on=True, price=str(PRICE.value), most="5000", configured_price=str(PRICE.value),
        configured_most="5000", price_from=str(PRICE.value), most_to="5000",
    ),),
    send=str(5 * ONE), send_left=str(10 * ONE), stop_for=3_600.0,
)  # fmt: skip
"""As client-interaction would publish it: `resume` was changed."""


GRID = Plan(
    name="grid",
    currency="EUR",
    versions=(
        Version(since=date(2020, 1, 1), price=200_000),
        Version(
            since=date(2021, 1, 1),
            price=251_600,
            rates=(Rate(name="night", price=182_800, night=True, after=22 * 60, before=6 * 60),),
        ),
    ),
)
"""Day and night."""


def household(root: Path, listen: str = "127.0.7.1:8080") -> Household:
    """A prosumer with a panel, a battery, a line from each of two neighbours and one to somebody else."""
    return Household(
        name="birch",
        role="prosumer",
        run=root / "run",
        state=root / "state",
        listen=listen,
        battery="battery",
        capacity=Energy.from_wh(3),
        panels=("panel",),
        loads=("load",),
        ties=(
            Line(meter="tie-11", neighbour="alder", contact=11),
            Line(meter="tie-12", neighbour="cedar", contact=12),
        ),
        feeds=(Line(meter="feed-1", neighbour="", contact=1),),
        lives={0: 100_000, 1: 100_000, 11: 100_000, 12: 100_000},
        limit=SoC.from_percent(30),
        resume=SoC.from_percent(60),
        reserve=SoC.from_percent(40),
        budget=Tokens.parse(5),
        threshold=Power(80_000),
        sellers={"alder": ALDER, "cedar": CEDAR},
        meters=("battery", "panel", "load", "feed-1", "tie-11", "tie-12"),
        time_zone="Europe/Paris",
        tariffs=(GRID,),
    )


def order(number: int) -> str:
    """An order's id."""
    return f"0x{number:02x}" + "5e" * 31


def trade(
    number: int, created: float, state: TradeState = TradeState.SETTLED, side: Side = Side.BUYER
) -> Trade:
    """A trade that has come as far as its state says."""
    energy = Energy(2_100 + 130 * number)
    received = Energy(0)
    if state in (TradeState.SETTLED, TradeState.ENDED):
        received = Energy(energy.mwh - 60 * number)
    elif state is TradeState.SUPPLIED:
        received = Energy(energy.mwh * 5 // 8)
    settled, back = state is TradeState.SETTLED, state is TradeState.REFUNDED
    cost = PRICE.cost(energy)
    return Trade(
        order=order(number),
        side=side,
        market="0x" + "3a" * 20,
        partner="alder" if side is Side.BUYER else "cedar",
        account=ALDER if side is Side.BUYER else CEDAR,
        contact=1,
        energy=energy,
        price=PRICE,
        cost=cost,
        created=created,
        state=state,
        channel=11 if side is Side.BUYER else None,
        received=received,
        vouchered=received,
        voucher="0x" + "9b" * 65 if received else "",
        paid=PRICE.cost(received) if settled else Tokens(0),
        refunded=cost - PRICE.cost(received) if settled else cost if back else Tokens(0),
        reason="because the battery fell to 29.6 % (limit 30 %)",
        ending="The battery reached 60 %." if settled else "The seller did not answer." if back else "",
    )


def steps(made: Trade) -> list[Step]:
    """A timeline that fits the trade."""
    at, tx = made.created, "0x" + "7c" * 32
    told = [
        Step(name="planned", at=at, text=made.reason),
        Step(name="broadcast", at=at + 0.2, kind=Proof.TRANSACTION, proof=tx),
        Step(name="ordered", at=at + 1.4, kind=Proof.BLOCK, proof="4182"),
        Step(name="confirmed", at=at + 3.3, kind=Proof.BLOCK, proof="4184"),
        Step(name="feed-closed", at=at + 3.6, kind=Proof.METER, proof="120450"),
        Step(name="supplied", at=at + 3.9, text="Own contact on tie 11."),
    ]
    told += [
        Step(
            name="voucher",
            at=at + 4 + 3 * i,
            kind=Proof.VOUCHER,
            proof="0x" + f"{i:02x}" * 65,
            text=f"{40 * i} mWh",
        )
        for i in range(1, 16)
    ]
    if made.state is TradeState.SETTLED:
        told += [
            Step(name="home", at=at + 52, text=made.ending),
            Step(name="feed-opened", at=at + 52.1, kind=Proof.METER, proof="122490"),
            Step(name="settled", at=at + 54, kind=Proof.TRANSACTION, proof="0x" + "8d" * 32),
        ]
    return told if made.state in (TradeState.SETTLED, TradeState.SUPPLIED) else told[:3]


def furnish(root: Path, now: float | None = None) -> None:
    """Fill the state folder: trades with their steps, and an hour and a half of readings."""
    house, at = household(root), time.time() if now is None else now
    house.state.mkdir(parents=True, exist_ok=True)
    database = Database(house.state / "trade.db", MIGRATIONS)
    trades = Trades(database)
    kept = [
        (9, 70, TradeState.SUPPLIED, Side.BUYER),
        (8, 700, TradeState.SETTLED, Side.BUYER),
        (7, 1_500, TradeState.ENDED, Side.SELLER),
        (6, 2_600, TradeState.SETTLED, Side.SELLER),
        (5, 4_100, TradeState.REFUNDED, Side.BUYER),
        (4, 6_000, TradeState.FAILED, Side.BUYER),
        *((3 - i, 90_000 + 7_000 * i, TradeState.SETTLED, Side.BUYER) for i in range(3)),
    ]
    for number, ago, state, side in kept:
        made = trade(number, at - ago, state, side)
        trades.add(made)
        for step in steps(made):
            trades.step(made.order, step)
    database.close()
    _record(house, at - 700)
    _measure(house, at)


def _record(house: Household, created: float) -> None:
    """Let the relay have written down what it did for the order of that time."""
    with closing(open_writer(house.state / RECORDS, "normal")) as database:
        migrate(database, persistence.MIGRATIONS)
        before = audit.GENESIS
        moved: list[tuple[float, str, int, dict[str, str | int]]] = [
            (-9_000.0, "boot", HOME, {"boot": 1}),
            (3.7, "leaving home", 11, {}),
            (3.9, "tie closed", 11, {}),
            (5.0, "feed closed", 1, {"order": order(77).removeprefix("0x"), "buyer": CEDAR}),
            (51.8, "going home", 11, {"why": "its household went home"}),
            (52.0, "home", HOME, {"why": "its household went home"}),
        ]
        for seq, (after, event, contact, facts) in enumerate(moved, 1):
            at = int((created + after) * 1_000_000)
            entry = audit.Entry(seq=seq, at=at, event=event, contact=contact, facts=facts)
            before = audit.append(database, entry, before)
        database.commit()


def _measure(house: Household, now: float) -> None:
    readings, taken = SqliteReadings(house.state / "readings.db"), int(now * 1_000)
    samples: list[Sample] = []
    counted = dict.fromkeys(("panel", "load", "tie-11", "feed-1"), 0)
    for second in range(-5_400, 0, 10):
        at, day = taken + second * 1_000, second / 600
        supplied = math.sin(day) < -0.4
        panel = max(int(90_000 * math.sin(day / 2 + 1) + 4_000 * math.sin(day * 37)), 0)
        load = int(60_000 + 18_000 * math.sin(day * 5) + 6_000 * math.sin(day * 61))
        soc = int(4_500 + 1_600 * math.sin(day + 0.6))
        powers = {"panel": panel, "load": load, "tie-11": 82_000 if supplied else 0}
        powers["feed-1"] = 30_000 if math.sin(day) > 0.8 else 0
        voltage = 3_700 + soc // 20
        samples.append(Sample(meter="battery", taken=at, soc=soc, voltage=voltage, power=panel - load))
        for meter, power in powers.items():
            counted[meter] += power * 10
            register = counted[meter] // 3_600
            samples.append(Sample(meter=meter, taken=at, power=power, forward=register, reverse=0))
    readings.append(samples)
    readings.close()


def publish(
    root: Path, state: State = State.SUPPLIED, sampled: float | None = None, soc: int = 4_130
) -> None:
    """Write what the processes publish in the run folder.

    Args:
        sampled: boottime seconds of every file; now when not given.
    """
    house, now = household(root), time.time()
    age = 0.0 if sampled is None else snapshot.boottime() - sampled
    powers = {"battery": 21_400, "panel": 12_800, "load": 73_600, "tie-11": 82_200, "tie-12": 0, "feed-1": 0}
    if state is not State.SUPPLIED:
        powers |= {"tie-11": 0, "battery": -60_800, "feed-1": 0}
    for name, power in powers.items():
        register = Register(
            meter=name, forward=122_490, reverse=800, power=power, sampled=snapshot.boottime() - age
        )
        registers.write(house.run / "meters", register)
    live = sensor_status.Status(
        driver="ina219", state=sensor_status.State.LIVE, taken=snapshot.boottime() - age
    )
    sensors = {"sensors": dict.fromkeys(powers, asdict(live))}
    snapshot.write(house.run / sensor_status.FILE, sensors, sampled)
    battery = {
        "soc": soc,
        "voltage_mv": 3_842,
        "power_mw": powers["battery"],
        "method": "coulomb",
        "confidence": 90,
    }
    snapshot.write(house.run / "battery.json", battery, sampled)
    signers = [f"0x{n:040x}" for n in (1, 2, 3)]
    chain = {"height": 4_231, "head_time": now - age - 1, "peers": 3, "signers": signers, "silent": []}
    chain |= {"sealing": True, "syncing": False, "geth": "1.13.15"}
    snapshot.write(house.run / "chain.json", chain, sampled)
    spool = {"waiting": 4_510, "oldest": now - age - 902, "since": None, "reason": None}
    snapshot.write(house.run / spool_status.FILE, spool | {"dropped": 0, "dropped_at": None}, sampled)
    told = {
        State.SUPPLIED: (
            "Supplied by Alder, because the battery fell to 29.6 % (limit 30 %): 670 mWh of 2.00 Wh "
            "received; the battery is at 41 %.",
            "Goes home when the battery is at 60 %.",
        ),
        State.HOME: ("On its own battery, which is at 41 %.", "Buys when the battery falls below 30 %."),
    }
    reason, then = told.get(state, ("The relay does not answer.", "Tries again in 30 s."))
    buying = state is State.SUPPLIED
    published = Status(
        state=state,
        reason=reason,
        next=then,
        since=now - 66,
        order=order(9) if buying else None,
        seller="alder" if buying else None,
        contact=1 if buying else None,
        energy_mwh=3_270 if buying else None,
        received_mwh=2_043 if buying else None,
        balance=str(Tokens.parse("93.4182").value),
        escrow=str(Tokens.parse("0.0008").value if buying else 0),
    )
    if sampled is None:
        in_force.write(house.run, IN_FORCE)
        status.write(house.run, published)
    else:
        snapshot.write(house.run / status.FILE, published.__dict__, sampled)


def main() -> None:
    """Make a household and keep its files fresh until interrupted."""
    root = Path(sys.argv[1])
    if not (root / "state").exists():
        furnish(root)
        print(set_password(root / "state"), flush=True)
    while True:
        publish(root, State(sys.argv[2]) if len(sys.argv) > 2 else State.SUPPLIED)
        time.sleep(1)


if __name__ == "__main__":
    main()
