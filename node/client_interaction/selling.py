"""The seller's side: what to offer and at what price, what to redeem or give back, when to end. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from contracts.bindings import Offer, Order, State
from node.client_interaction.acts import purpose
from node.client_interaction.pricing import Moment, price_at, stands
from quantities import Energy, Price, SoC
from relay_server.messages import ContactState
from relay_server.records import BestVoucher

if TYPE_CHECKING:
    from node.client_interaction.settings import FeedOffer, OffersSettings

LAST_VOUCHER, OWED_VOUCHER = 2.0, 20.0
"""Seconds after the end of a supply in which its buyer may still hand over a higher voucher: where all but a
rest is paid, and where much is not, which a buyer whose host has no processor signs for late."""

MUCH = 20
"""The part of what was delivered, as its divisor, beyond which it is no rest: meters differ by less."""

SUPPLY_MARGIN = 15.0
"""Seconds before an order's supply or its challenge ends on the chain at which it is redeemed in any case."""

RECORDED = 30.0
"""Seconds for which a record of the relay's says that an order is supplied: it is written when the feed
closes, and then each `relay.save` (15 s)."""

UNUSED = 90.0
"""Seconds after which an order that nobody asked to be supplied under is given back: longer than any buyer's
`start_within`, so that it is not given back under his feet."""

PATIENCE = 10.0
"""Seconds that an own relay or meter may be silent before its offer is withdrawn: a restart costs no gas."""

FRESH = 3.0
"""Seconds within which both must have been heard for an offer to be published."""

UNPAID = 2
"""mWh: what was delivered beyond it without a voucher is a debt, which its buyer may still pay."""


@dataclass(frozen=True, kw_only=True)
class Publish:
    """Offer energy at a feed."""

    feed: FeedOffer
    price: Price
    """Now."""

    valid_until: int
    """Block."""


@dataclass(frozen=True, kw_only=True)
class Withdraw:
    """Take no more orders at a feed."""

    contact: int


@dataclass(frozen=True, kw_only=True)
class Redeem:
    """Be paid by a voucher; the rest goes back to the buyer."""

    order: str
    voucher: BestVoucher


@dataclass(frozen=True, kw_only=True)
class Release:
    """Give an order back whole."""

    order: str


@dataclass(frozen=True, kw_only=True)
class AnnounceEnd:
    """Tell the own relay that a supply is to end."""

    contact: int


SellerAct: TypeAlias = Publish | Withdraw | Redeem | Release | AnnounceEnd


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Everything that is known about the household's own selling at one moment."""

    now: float
    """Boottime seconds."""

    head: int
    period: float
    """Seconds a block."""

    soc: SoC | None
    """None: not known."""

    buying: bool
    """The household itself needs energy."""

    moment: Moment
    """The household's time of the week."""

    begun: float
    """Seconds since the process began; at first much is not known yet."""

    silence: Mapping[int, float]
    """Seconds since relay and meter of an own feed were both heard of, by contact."""

    quiet: Mapping[int, float]
    """Seconds since an offer was last changed, by contact; absent: not since the process began."""

    drained: int
    """Hundredths of a percent that what is supplied takes from the battery until an announced end."""

    credit: bool
    """The gas credit allows to offer, and to withdraw again."""

    offers: Mapping[int, Offer]
    """The own offers on the chain now, by contact."""

    orders: Mapping[str, Order]
    """The orders that run on them, as the chain has them now."""

    seen: Mapping[str, float]
    """Boottime seconds since when each of them is known."""

    vouchers: Mapping[str, BestVoucher] | None
    """The best of each order; None: the relay's records cannot be read now, and may hold some."""

    written: Mapping[str, float]
    """Boottime seconds at which the relay wrote each of these down."""

    contacts: tuple[ContactState, ...]
    """Of the own relay."""

    busy: frozenset[str]
    """Purposes that are under way in the journal; those of orders also when they are done."""

    withdrawn: frozenset[int] = frozenset()
    """Feeds for which the household takes no more orders now; what runs there runs to its end."""

    paused: bool = False
    """The household sells nothing now: what runs ends in good order."""


def sell(shop: Shop, offers: OffersSettings) -> tuple[SellerAct, ...]:
    """Everything that is to be done now."""
    return (*_ends(shop, offers), *_settled(shop, offers), *_offered(shop, offers))


def sells(soc: SoC | None, offered: bool, offers: OffersSettings) -> bool:
    """Whether the battery has something to spare: above the reserve, with a margin before selling begins."""
    if soc is None:
        return False
    begin = min(offers.reserve.value + offers.margin.value, 10_000)
    return soc.value >= (offers.reserve.value if offered else begin)


def _offered(shop: Shop, offers: OffersSettings) -> Iterator[SellerAct]:
    length = max(int(offers.validity / shop.period), 10)
    for feed in offers.feeds:
        offer = shop.offers.get(feed.contact)
        live = offer is not None and offer.live(shop.head + 1)
        silent = shop.silence.get(feed.contact, float("inf"))
        if any(busy.startswith(f"offer:{feed.contact}:") for busy in shop.busy):
            continue
        if (shop.soc is None or silent > PATIENCE) and shop.begun <= PATIENCE:
            continue
        closed = shop.paused or shop.buying or feed.contact in shop.withdrawn or not shop.credit
        unable = silent > PATIENCE or _faulty(shop, feed.contact)
        if closed or unable or shop.soc is None or not sells(shop.soc, live, offers):
            if live:
                yield Withdraw(contact=feed.contact)
            continue
        same = offer is not None and offer.max_energy == feed.max_energy
        same = same and offer is not None and stands(feed, offer.price, shop.moment, shop.soc)
        lasting = offer is not None and offer.valid_until - shop.head > length // 2
        settled = shop.quiet.get(feed.contact, float("inf")) >= offers.settle
        if settled and silent <= FRESH and not (live and same and lasting):
            price = price_at(feed, shop.moment, shop.soc)
            yield Publish(feed=feed, price=price, valid_until=shop.head + length)


def _faulty(shop: Shop, contact: int) -> bool:
    """Whether an own contact cannot close: a latched fault, or locked by hand."""
    return any(state.fault or state.locked for state in shop.contacts if state.contact == contact)


def _settled(shop: Shop, offers: OffersSettings) -> Iterator[SellerAct]:
    if shop.vouchers is None:
        return
    held = {state.order for state in shop.contacts if state.closed and state.order is not None}
    for name, order in shop.orders.items():
        if not order.state.live:
            continue
        voucher = shop.vouchers.get(name)
        supplied = order.id in held
        if voucher is not None and voucher.energy > 0:
            if purpose("redeem", name) not in shop.busy and _redeemable(
                shop, offers, order, voucher, supplied
            ):
                yield Redeem(order=name, voucher=voucher)
        elif purpose("release", name) in shop.busy or _owed(shop, offers, voucher) or _begun(shop, voucher):
            continue
        elif _unsuppliable(shop, offers, order, supplied):
            yield Release(order=name)


def _redeemable(
    shop: Shop, offers: OffersSettings, order: Order, voucher: BestVoucher, supplied: bool
) -> bool:
    """Whether a higher voucher is no longer to be waited for."""
    ends = [end for end in (order.supply_end, order.reclaim_from) if end is not None]
    pressing = any((end - shop.head) * shop.period <= SUPPLY_MARGIN for end in ends)
    if pressing or Energy(voucher.energy) >= order.energy:
        return True
    if supplied:
        return False
    wait = offers.redeem_idle
    if voucher.ended or order.state is State.CLOSING:
        owed = voucher.delivered - voucher.energy
        wait = OWED_VOUCHER if owed > UNPAID + voucher.delivered // MUCH else LAST_VOUCHER
    return _age(shop, voucher) >= wait


def _owed(shop: Shop, offers: OffersSettings, voucher: BestVoucher | None) -> bool:
    """Whether something was delivered that the buyer has not signed for, and still may."""
    if voucher is None or voucher.delivered <= UNPAID:
        return False
    return _age(shop, voucher) < offers.redeem_idle


def _begun(shop: Shop, voucher: BestVoucher | None) -> bool:
    """Whether the relay has closed for the order lately, by its own records.

    They are ahead of `contacts`, which is what the relay said when it was asked last: an order that had just
    begun to be supplied was given back, and what was vouchered for it could be redeemed no more.
    """
    return voucher is not None and not voucher.ended and _age(shop, voucher) < RECORDED


def _age(shop: Shop, voucher: BestVoucher) -> float:
    """Seconds since the relay last wrote the voucher's order down."""
    return shop.now - shop.written[f"0x{voucher.order.hex()}"]


def _unsuppliable(shop: Shop, offers: OffersSettings, order: Order, supplied: bool) -> bool:
    """Whether an order without a voucher is better given back."""
    if supplied:
        return False
    if order.state is State.CLOSING:
        return True
    if order.state is State.WAITING:
        return False
    fault = _faulty(shop, order.contact)
    waited = shop.now - shop.seen.get(f"0x{order.id.hex()}", shop.now)
    return fault or shop.paused or not sells(shop.soc, True, offers) or waited > UNUSED


def _ends(shop: Shop, offers: OffersSettings) -> Iterator[SellerAct]:
    low = shop.soc is not None and shop.soc.value - shop.drained < offers.reserve.value
    if not (shop.buying or shop.paused or low):
        return
    for state in shop.contacts:
        feed = any(feed.contact == state.contact for feed in offers.feeds)
        if feed and state.closed and state.order is not None:
            yield AnnounceEnd(contact=state.contact)
