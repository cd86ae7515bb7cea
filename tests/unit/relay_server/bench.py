"""What the relay's tests share: one household's settings, orders, readings, and a chain as it may be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import cache

from contracts.bindings.market import Offer, Order, State
from quantities import Energy, Power, Price
from relay_server.accounts import Account
from relay_server.accounts import Order as BuyersOrder
from relay_server.acts import Act, Baseline, Drive, Latch, Lock, Save, Tell
from relay_server.authorisation import View
from relay_server.drivers.interface import Pins
from relay_server.hands import Calls
from relay_server.messages import Op, SwitchFrame
from relay_server.persistence import Remembered
from relay_server.settings import RelaySettings
from relay_server.switchboard import Keeps, Switchboard
from store.registers import Register

SELLER = "0x" + "5E" * 20
BUYER = "0x" + "B0" * 20
OTHER = "0x" + "07" * 20
MARKET, OLD_MARKET = "0x" + "11" * 20, "0x" + "22" * 20
ORDER, NEXT, THIRD = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32
FEED, TIE, SECOND_TIE = 1, 11, 12
HOME_PIN, FEED_PIN, TIE_PIN, SECOND_TIE_PIN = 22, 17, 23, 24
RATING = Power.from_watts(36)
"""10 mWh a second."""

SETTINGS = RelaySettings.model_validate(
    {
        "listen": "127.0.3.1:15555",
        "pins": {"driver": "recording"},
        "feeds": [{"contact": FEED, "pin": FEED_PIN, "meter": "feed-1", "rating": "36 W"}],
        "transfer": {
            "home_pin": HOME_PIN,
            "ties": [
                {"contact": TIE, "pin": TIE_PIN, "meter": "tie-11", "rating": "36 W"},
                {"contact": SECOND_TIE, "pin": SECOND_TIE_PIN, "meter": "tie-12", "rating": "36 W"},
            ],
        },
    }
)

NEW = Remembered(boot=1)
"""What a relay finds at its first start."""


def booted(
    pins: Pins,
    keeps: Keeps,
    now: float,
    remembered: Remembered = NEW,
    *,
    settings: RelaySettings = SETTINGS,
    owner: str = SELLER,
    calls: Calls | None = None,
    clock: Callable[[], float] | None = None,
) -> Switchboard:
    """A switchboard as a relay's start leaves it."""
    board = Switchboard(
        settings, owner, pins=pins, keeps=keeps, remembered=remembered, now=now, calls=calls, clock=clock
    )
    board.make_safe(now, "boot")
    return board


def frame(op: Op, order: bytes, contact: int, energy: int | None = None) -> SwitchFrame:
    """For the switchboard, which takes frames whose signatures were found good.

    Args:
        energy: mWh of a voucher; None: none is sent.
    """
    return SwitchFrame(
        op=op,
        order=order,
        contact=contact,
        n=1,
        signature=b"",
        energy=energy or 0,
        voucher=b"" if energy is None else b"v" * 65,
    )


def register(forward: int, sampled: float, power: int = 30_000, meter: str = "feed-1") -> Register:
    return Register(meter=meter, forward=forward, reverse=0, power=power, sampled=sampled)


def order(id_: bytes = ORDER, energy: int = 1_000, buyer: str = BUYER) -> BuyersOrder:
    return BuyersOrder(id=id_, buyer=buyer, contact=FEED, energy=Energy(energy), market=MARKET)


def account(buyer: str = BUYER, delivered: int = 0, vouchered: int = 0) -> Account:
    return Account(buyer=buyer, contact=FEED, delivered=Energy(delivered), vouchered=Energy(vouchered))


def on_chain(
    id_: bytes = ORDER, state: State = State.OPEN, supply_end: int | None = 1_000, energy: int = 1_000
) -> Order:
    return Order(
        id=id_,
        buyer=BUYER,
        seller=SELLER,
        contact=FEED,
        energy=Energy(energy),
        price=Price.parse("0.25"),
        state=state,
        supply_end=supply_end,
        reclaim_from=None,
        paid_energy=Energy(0),
        market=MARKET,
    )


@cache
def offer(open_: bytes | None = None, next_: bytes | None = None) -> Offer:
    return Offer(
        seller=SELLER,
        contact=FEED,
        price=Price.parse("0.25"),
        min_energy=Energy(10),
        max_energy=Energy(2_000),
        valid_until=10_000,
        open=open_,
        next=next_,
    )


def seen(*orders: Order, now: float = 100.0, head: int = 50) -> View:
    """A fresh view in which these orders are at depth."""
    known = {each.id: each for each in orders}
    return View(
        head=head,
        period=5.0,
        stale=None,
        judged=now,
        advanced=now,
        fresh=now,
        confirmed=known,
        latest=known,
        offers={FEED: offer()},
    )


def stale(view: View, why: str = "behind") -> View:
    return replace(view, stale=why)


def drives(acts: Sequence[Act]) -> list[tuple[int, bool]]:
    return [(act.contact, act.energised) for act in acts if isinstance(act, Drive)]


def told(acts: Sequence[Act]) -> list[str]:
    return [act.event for act in acts if isinstance(act, Tell)]


class Memory:
    """Keeps acts as persistence does, but on no disk."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.behind = 0.0

    def keep(self, acts: Sequence[Act]) -> Future[None] | None:
        self.acts += acts
        return None

    def remembered(self) -> Remembered:
        """What a relay that starts now would find on disk."""
        accounts: dict[tuple[str, int], Account] = {}
        orders: dict[bytes, BuyersOrder] = {}
        baselines: dict[int, Baseline] = {}
        faults: dict[int, str] = {}
        locks: dict[int, str] = {}
        for act in self.acts:
            match act:
                case Save():
                    accounts[act.account.buyer, act.account.contact] = act.account
                    if act.order:
                        orders[act.order.id] = act.order
                case Baseline(order=None):
                    baselines.pop(act.contact, None)
                case Baseline():
                    baselines[act.contact] = act
                case Latch(fault=None):
                    faults.pop(act.contact, None)
                case Latch(fault=str(fault)):
                    faults[act.contact] = fault
                case Lock(reason=None):
                    locks.pop(act.contact, None)
                case Lock(reason=str(reason)):
                    locks[act.contact] = reason
                case _:
                    pass
        return Remembered(
            boot=2, accounts=accounts, orders=orders, baselines=baselines, faults=faults, locks=locks
        )
