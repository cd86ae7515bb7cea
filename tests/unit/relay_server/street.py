"""A seller's real switchboard in the simulated world, and buyers who cheat it: what they owe, by the truth.

Time is counted, not waited for. The world's cables say what really flowed; meters show it in whole
milliwatt-hours once a second, as the logger publishes them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeAlias

from contracts.bindings.market import Order, State
from quantities import Energy, Power
from relay_server.accounts import Order as BuyersOrder
from relay_server.authorisation import View
from relay_server.commanding import Seen
from relay_server.lease import bound
from relay_server.messages import Answer, Granted, Op, Refused
from relay_server.persistence import Remembered
from relay_server.settings import RelaySettings
from simulation.world import (
    BatterySpec,
    ContactSpec,
    HouseholdSpec,
    LineSpec,
    WorldSpec,
    initial,
    step,
)
from simulation.world.contacts import drive
from simulation.world.instruments import reading
from store.registers import Register
from tests.unit.relay_server.bench import (
    MARKET,
    NEW,
    OLD_MARKET,
    Memory,
    booted,
    frame,
    on_chain,
    seen,
    stale,
)

BUYERS = ("birch", "cedar", "dogwood")
RATING = Power.from_watts(36)
TURN, STEPS = 0.1, 2
"""Seconds between looks of the safety loop, and moments of the world in between."""

HOME_PIN, TIE_PIN = 22, 23


def settings() -> RelaySettings:
    feeds = [
        {"contact": 1 + i, "pin": 17 + i, "meter": f"alder.feed-{1 + i}", "rating": "36 W"}
        for i in range(len(BUYERS))
    ]
    return RelaySettings.model_validate({"pins": {"driver": "recording"}, "feeds": feeds})


def neighbourhood(charger: float) -> WorldSpec:
    """One seller, and a line to each buyer, whose charger takes all that `charger` watts leave to it."""
    contacts, lines = [], []
    for i, buyer in enumerate(BUYERS):
        feed, tie, home = f"alder.feed-{1 + i}", f"{buyer}.tie", f"{buyer}.home"
        contacts += [
            ContactSpec(name=feed, household="alder", pin=17 + i, kind="feed"),
            ContactSpec(name=home, household=buyer, pin=HOME_PIN, kind="home"),
            ContactSpec(name=tie, household=buyer, pin=TIE_PIN, kind="tie"),
        ]
        line = LineSpec(name=buyer, seller="alder", feed=feed, buyer=buyer, tie=tie, rating=charger / 0.9)
        lines.append(line)
    alder = HouseholdSpec(name="alder", battery=BatterySpec(capacity=9e6, soc=0.9), load=5, home=False)
    others = [HouseholdSpec(name=b, battery=BatterySpec(capacity=9e6, soc=0.3), load=5) for b in BUYERS]
    return WorldSpec(
        households=(alder, *others), contacts=tuple(contacts), lines=tuple(lines), dt=TURN / STEPS
    )


@dataclass(kw_only=True)
class Owed:
    """What one buyer took on one contact, by the truth, and how near the bound that came."""

    taken: float = 0.0
    """mWh."""

    worst: float = float("-inf")
    """The greatest S − N, mWh."""

    allowed: int = 0
    """At that moment, by the formula."""

    share: float = 0.0
    """The greatest part of the bound that was ever used."""


class Street:
    """The seller, its world and its chain, where every order of a buyer is funded."""

    def __init__(self, *, watts: float = 35.0, orders: int = 3, energy: int = 2_000) -> None:
        self.now = 1_000.0
        self.spec = neighbourhood(watts)
        self.world = initial(self.spec)
        for name in (f"{b}.{what}" for b in BUYERS for what in ("home", "tie")):
            self._coil(name, True)  # every buyer hangs on its line, whatever anybody says
        self.settings = settings()
        self.chain: dict[bytes, Order] = {}
        self.cheats = [Cheat(self, i, orders, energy) for i in range(len(BUYERS))]
        self.fresh = True
        self.logger = True
        self.memory = Memory()
        self.registers: dict[int, Register | None] = {}
        self.owed: dict[tuple[str, int], Owed] = {}
        self._noise = Random(7)
        self._sampled = self.now
        self._supplied: dict[int, str] = {}
        self.boot(NEW)

    def boot(self, remembered: Remembered | None = None) -> None:
        """Start the relay, with what is on disk if it was there before."""
        kept = remembered or self.memory.remembered()
        self.switchboard = booted(StreetPins(self), self.memory, self.now, kept, settings=self.settings)

    @property
    def view(self) -> View:
        view = seen(*self.chain.values(), now=self.now)
        return view if self.fresh else stale(view)

    def settle(self, order: bytes) -> None:
        """The seller redeems the best voucher, or gives an order back that nobody signed for."""
        best = next((o.vouchered for o in self._known() if o.id == order), Energy(0))
        state = State.REDEEMED if best.mwh else State.RELEASED
        self.chain[order] = replace(self.chain[order], state=state, paid_energy=best)

    def run(self, seconds: float, *courses: Course) -> None:
        """Let time pass while everybody follows a course."""
        until = self.now + seconds
        due = dict.fromkeys(range(len(courses)), self.now)
        while self.now < until:
            for i, course in enumerate(courses):
                if i in due and self.now >= due[i]:
                    wait = next(course, None)
                    if wait is None:
                        del due[i]
                    else:
                        due[i] = self.now + wait
            self.turn()

    def turn(self) -> None:
        """One look of the safety loop, and the world until then."""
        for _ in range(STEPS):
            before = self.world.lines
            self.world, _ = step(self.spec, self.world, self.spec.dt)
            for i, buyer in enumerate(BUYERS):
                self._count(1 + i, self.world.lines[buyer].delivered - before[buyer].delivered)
        self.now += TURN
        if self.logger and self.now - self._sampled >= 1.0 - 1e-9:
            self._sampled = self.now
            self.registers = {feed.contact: self._register(feed.meter) for feed in self.settings.feeds}
        self.switchboard.turn(self.now, self.registers, self.view)
        self._judge()

    def _count(self, contact: int, energy: float) -> None:
        supply = self.switchboard._contacts.feeds[contact].supply
        buyer = self._supplied[contact] = supply.account.buyer if supply else self._supplied.get(contact, "")
        if energy:
            self.owed.setdefault((buyer, contact), Owed()).taken += energy

    def _judge(self) -> None:
        for (buyer, contact), owed in self.owed.items():
            account = self.switchboard._books._accounts.get((buyer, contact))
            vouchered = account.vouchered.mwh if account else 0
            gap, allowed = owed.taken - vouchered, bound(Energy(int(owed.taken)), RATING, self.settings).mwh
            owed.share = max(owed.share, gap / allowed)
            if gap > owed.worst:
                owed.worst, owed.allowed = gap, allowed

    def _known(self) -> Sequence[BuyersOrder]:
        return list(self.switchboard._books.orders.values())

    def _register(self, point: str) -> Register:
        shown = reading(self.spec, self.world, point, self._noise)
        return Register(
            meter=point, forward=shown["forward"], reverse=0, power=shown["power"], sampled=self.now
        )

    def _coil(self, name: str, energised: bool) -> None:
        changed = drive(self.world.contacts[name], energised, self.world.t)
        self.world = replace(self.world, contacts={**self.world.contacts, name: changed})


class StreetPins:
    """The seller's outputs."""

    def __init__(self, street: Street) -> None:
        self._street = street

    def drive(self, pin: int, energised: bool) -> None:
        self._street._coil(self._street.spec.by_pin["alder", pin].name, energised)

    def followed(self, pin: int) -> bool:
        contact = self._street.world.contacts[self._street.spec.by_pin["alder", pin].name]
        return contact.closed == contact.energised

    def powered(self, pin: int) -> None:
        return None

    def beat(self) -> None:
        pass

    def close(self) -> None:
        pass


class Cheat:
    """One buyer, who knows its own meter and signs what it likes."""

    def __init__(self, street: Street, index: int, orders: int, energy: int) -> None:
        self.street = street
        self.contact = 1 + index
        self.line = BUYERS[index]
        self.account = "0x" + f"{0xB0 + index:02X}" * 20
        self.orders = [bytes([1 + index, 1 + n]) * 16 for n in range(orders)]
        for id_ in self.orders:
            fund = on_chain(id_, energy=energy)
            street.chain[id_] = replace(fund, buyer=self.account, contact=self.contact, supply_end=None)

    @property
    def received(self) -> int:
        """mWh by its own meter, honestly, since the beginning."""
        return int(self.street.world.lines[self.line].received)

    def send(self, op: Op, order: bytes, energy: int | None = None, market: str = MARKET) -> Answer:
        signed = () if energy is None or not market else (market,)
        at = Seen(now=self.street.now, view=self.street.view)
        sent = frame(op, order, self.contact, energy)
        return self.street.switchboard.switch(sent, self.account, signed, at).answer


Course: TypeAlias = Generator[float, None, None]
"""What a buyer does; yields the seconds until it does more."""


def honest(me: Cheat) -> Course:
    """Pays for what its meter saw, order after order."""
    paid = 0
    for order in me.orders:
        yield from _until_closed(me, order)
        before = paid
        while True:
            answer = me.send(Op.KEEP, order, min(me.received - before, 2_000))
            paid = min(me.received, before + 2_000)
            if isinstance(answer, Refused) or paid == before + 2_000:
                break
            yield 3.0
        yield 3.0


def stuck(me: Cheat) -> Course:
    """Signs for 30 mWh, and for that again and again."""
    while True:
        me.send(Op.CLOSE, me.orders[0])
        me.send(Op.KEEP, me.orders[0], min(me.received, 30))
        yield 2.0


def silent(me: Cheat) -> Course:
    """Never signs; asks again as soon as it is opened, under each of its orders."""
    while True:
        for order in me.orders:
            me.send(Op.CLOSE, order)
            me.send(Op.KEEP, order)
        yield 0.5


def comes_and_goes(me: Cheat) -> Course:
    """Takes almost a lease, opens without a voucher, and comes back under the next order."""
    for order in me.orders * 9:
        me.send(Op.CLOSE, order)
        yield 9.5
        me.send(Op.OPEN, order)
        yield 1.5


def drops_its_line(me: Cheat) -> Course:
    """Takes a lease to its end, and closes again for the same order, which it may."""
    while True:
        me.send(Op.CLOSE, me.orders[0])
        yield 10.5


def lies_more_and_more(me: Cheat) -> Course:
    """Signs for a part of what it took, and for less of it each time."""
    order, part, signed = me.orders[0], 1.0, 0
    while True:
        me.send(Op.CLOSE, order)
        signed = max(signed, int(me.received * part))
        me.send(Op.KEEP, order, signed)
        part -= 0.02
        yield 3.0


def stays_at_the_edge(me: Cheat) -> Course:
    """Pays as little as keeps the feed closed: signs only when it was opened, and then as little as helps."""
    order, signed = me.orders[0], 0
    while True:
        if isinstance(me.send(Op.CLOSE, order), Refused):
            signed = min(signed + 5, me.received)
        me.send(Op.KEEP, order, signed)
        yield 0.3


def vouchers_of_other_orders(me: Cheat) -> Course:
    """Signs vouchers for its other orders, for an old market, and for nobody's, and presents them here."""
    first, second, third = me.orders[:3]
    while True:
        me.send(Op.CLOSE, first)
        me.send(Op.KEEP, first, me.received, market="")
        me.send(Op.KEEP, first, me.received, market=OLD_MARKET)
        me.send(Op.OPEN, second, me.received, market="")
        me.send(Op.KEEP, bytes(31) + b"\x09", me.received)
        stranger = me.street.cheats[me.contact % len(BUYERS)]
        me.send(Op.KEEP, stranger.orders[0], me.received)
        yield 1.0
        me.street.settle(third)
        me.send(Op.OPEN, third, 2_000)
        yield 1.0


def is_settled_under(me: Cheat) -> Course:
    """Signs in full as soon as the seller has redeemed less; then goes on under the next order."""
    for order in me.orders:
        yield from _until_closed(me, order)
        me.send(Op.KEEP, order, min(me.received, 40))
        yield 8.0
        me.street.settle(order)
        me.send(Op.KEEP, order, 2_000)
        yield 4.0


COURSES: Mapping[str, Callable[[Cheat], Course]] = {
    course.__name__.replace("_", " "): course
    for course in (
        honest,
        stuck,
        silent,
        comes_and_goes,
        drops_its_line,
        lies_more_and_more,
        stays_at_the_edge,
        vouchers_of_other_orders,
        is_settled_under,
    )
}


def _until_closed(me: Cheat, order: bytes) -> Course:
    for _ in range(40):
        if isinstance(me.send(Op.CLOSE, order), Granted):
            return
        yield 0.5
