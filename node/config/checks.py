"""What no room can check alone: that the sections of one configuration fit together."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator

from node.config.reading import Where
from node.config.settings import Settings
from quantities.said import Said

Found = tuple[Where, Said]
"""A key, and what is wrong with it."""

SENSOR = Said("sensor")


def inconsistencies(settings: Settings) -> Iterator[Found]:
    """Everything that contradicts something in another section."""
    for check in CHECKS:
        yield from check(settings)


def battery_has_its_sensor(settings: Settings) -> Iterator[Found]:
    """The battery's state is computed from a sensor that exists."""
    if settings.battery and settings.battery.sensor not in settings.sensors:
        yield ("battery", "sensor"), absent(settings.battery.sensor, SENSOR, settings.sensors)
    if settings.battery and settings.battery.gauge and settings.battery.gauge not in settings.sensors:
        yield ("battery", "gauge"), absent(settings.battery.gauge, SENSOR, settings.sensors)


def contacts_have_their_meters(settings: Settings) -> Iterator[Found]:
    """Every contact is measured by a sensor of this household."""
    if settings.relay is None:
        return
    places: list[tuple[Where, str]] = [
        *((("relay", "feeds", i, "meter"), feed.meter) for i, feed in enumerate(settings.relay.feeds)),
        *(
            (("relay", "transfer", "ties", i, "meter"), tie.meter)
            for i, tie in enumerate(settings.relay.ties)
        ),
    ]
    for where, meter in places:
        if meter not in settings.sensors:
            yield where, absent(meter, SENSOR, settings.sensors)


def pages_show_what_there_is(settings: Settings) -> Iterator[Found]:
    """The meters named for the pages exist; those that only a default names need not."""
    for key in settings.dapp.model_fields_set & {"panels", "loads"}:
        for i, meter in enumerate(getattr(settings.dapp, key)):
            if meter not in settings.sensors:
                yield ("dapp", key, i), absent(meter, SENSOR, settings.sensors)


def sellers_have_their_ties(settings: Settings) -> Iterator[Found]:
    """Every seller's line ends at a tie of its own."""
    ties = [str(tie.contact) for tie in settings.relay.ties] if settings.relay else []
    lines: dict[int, str] = {}
    for name, seller in settings.sellers.items():
        where = ("sellers", name, "channel")
        if str(seller.channel) not in ties:
            yield where, absent(str(seller.channel), Said("tie in relay.transfer.ties"), ties)
        elif seller.channel in lines:
            yield (
                where,
                Said(
                    "%(channel)s: the line of %(name)s ends here already; one line, one tie",
                    channel=seller.channel,
                    name=lines[seller.channel],
                ),
            )
        lines[seller.channel] = name


def offers_have_their_feeds(settings: Settings) -> Iterator[Found]:
    """What is offered can be switched."""
    feeds = [str(feed.contact) for feed in settings.relay.feeds] if settings.relay else []
    for i, offer in enumerate(settings.offers.feeds):
        if str(offer.contact) not in feeds:
            yield (
                ("offers", "feeds", i, "contact"),
                absent(str(offer.contact), Said("feed in relay.feeds"), feeds),
            )


def buying_and_selling_do_not_meet(settings: Settings) -> Iterator[Found]:
    """A household does not sell what it is about to buy."""
    trading, offers = settings.trading, settings.offers
    if trading.enabled and settings.sellers and offers.feeds and offers.reserve < trading.limit:
        yield (
            ("offers", "reserve"),
            Said(
                "%(reserve)s: below trading.limit (%(limit)s) the household buys; keep at least that",
                reserve=offers.reserve,
                limit=trading.limit,
            ),
        )


def buying_needs_a_battery(settings: Settings) -> Iterator[Found]:
    """Without a state of charge nobody knows when to buy."""
    if settings.sellers and settings.battery is None:
        yield (
            ("sellers",),
            Said("buying is decided by the battery's state of charge: describe it under `battery`"),
        )


def servers_do_not_share_a_port(settings: Settings) -> Iterator[Found]:
    """Two servers on one address and port cannot both start."""
    taken: dict[str, str] = {}
    listeners: list[tuple[Where, str | None]] = [
        (("relay", "listen"), settings.relay.listen if settings.relay else None),
        (("dapp", "listen"), settings.dapp.listen),
        (("chain", "node", "listen"), settings.chain.node.listen if settings.chain.node else None),
        (("chain", "node", "http"), settings.chain.node.http if settings.chain.node else None),
    ]
    for where, address in listeners:
        if address is None:
            continue
        key = ".".join(map(str, where))
        if address in taken:
            yield (
                where,
                Said(
                    "%(address)s: %(key)s listens there already; give each its own port",
                    address=address,
                    key=taken[address],
                ),
            )
        taken.setdefault(address, key)


CHECKS: tuple[Callable[[Settings], Iterator[Found]], ...] = (
    battery_has_its_sensor,
    contacts_have_their_meters,
    pages_show_what_there_is,
    sellers_have_their_ties,
    offers_have_their_feeds,
    buying_and_selling_do_not_meet,
    buying_needs_a_battery,
    servers_do_not_share_a_port,
)


def absent(name: str, what: Said, there: Collection[str]) -> Said:
    """Say that something named here does not exist, and what does."""
    near = difflib.get_close_matches(name, there, n=1)
    if near:
        return Said(
            "%(name)s: there is no such %(what)s; did you mean %(near)s?",
            name=repr(name),
            what=what,
            near=repr(near[0]),
        )
    if not there:
        return Said(
            "%(name)s: there is no %(what)s at all; describe it, or leave this out",
            name=repr(name),
            what=what,
        )
    return Said(
        "%(name)s: there is no such %(what)s; there are %(known)s",
        name=repr(name),
        what=what,
        known=", ".join(sorted(there)),
    )
