"""What is wrong with a household, by what its processes say. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from node.alerts.alert import Alert, Severity
from node.alerts.facts import Facts
from node.client_interaction.status import State
from node.dapp import language, words
from node.dapp.household import Household
from node.dapp.language import gettext as _
from node.dapp.sources import (
    HEAD_LATE,
    LATELY,
    STALE_PROCESS,
    Chain,
    Keeping,
    Standing,
    keeping,
    standing,
)
from node.dapp.told import told
from node.sensors.status import State as SensorState
from node.sensors.status import Status as Sensor
from node.wallet.credit import ETHER, short

LITTLE, TOO_LITTLE = 2_000_000_000, 200_000_000
"""Bytes left on the disk. The chain takes 4 to 5 GB a year at a block in 5 s, so the first lasts months;
below the second, journals may fail to be written any day."""

EMPTY = 500
"""State of charge, 1/100 %: below it most batteries' own protection may switch off at any moment."""

SENSOR_PATIENCE = 60.0
"""Seconds for which a sensor may be without a value: it is started anew within them by itself."""

CLOCK_BEHIND = 15.0
"""Seconds that the chain's head may lie in this clock's future: geth refuses blocks further ahead."""

FILLING = 30.0
"""Days until the disk is full below which people are told: time to order a card and to copy it."""


def judge(house: Household, facts: Facts) -> tuple[Alert, ...]:
    """Everything that is wrong now, in a fixed order, what is critical first."""
    found = (*_measuring(house, facts), *_trading(facts), *_chain(house, facts), *_keeping(facts))
    return tuple(sorted(found, key=lambda alert: alert.severity is not Severity.CRITICAL))


def _measuring(house: Household, facts: Facts) -> Iterator[Alert]:
    if facts.sensors is None:
        if house.meters:
            yield _critical(
                "logger-silent",
                _("Nothing is measured: the logger says nothing."),
                _(
                    "Look at its log: journalctl -u commonwatt-logger. "
                    "Without measurements nothing is bought."
                ),
            )
        return
    for name, sensor in sorted(facts.sensors.items()):
        if sensor.state in (SensorState.STALE, SensorState.FAILED):
            without = facts.boottime - (sensor.taken if sensor.taken is not None else sensor.since)
            if without > SENSOR_PATIENCE:
                yield _of_sensor(name, sensor, without)
    battery = facts.seen.battery
    if battery is not None and battery.age <= STALE_PROCESS and battery.soc < EMPTY:
        yield _critical(
            "battery-empty",
            _("The battery is at %(soc)s.", soc=words.percent(battery.soc)),
            _("Use less, and look at the first page for why no neighbour supplies this house."),
        )


def _of_sensor(name: str, sensor: Sensor, without: float) -> Alert:
    values = {"name": name, "time": words.lasting(without), "why": told(sensor.reason or "")}
    says = _("The sensor %(name)s has had no value for %(time)s: %(why)s.", **values)
    return Alert(
        code="sensor",
        about=name,
        severity=Severity.WARNING,
        says=says if sensor.reason else _("The sensor %(name)s has had no value for %(time)s.", **values),
        act=_("Look at its wires and its supply, then: commonwatt sensor try %(name)s", name=name),
    )


def _trading(facts: Facts) -> Iterator[Alert]:
    trading = facts.seen.trading
    if trading is None or trading.age > STALE_PROCESS:
        yield _critical(
            "trading-silent",
            _("Nothing is bought or sold: client-interaction says nothing."),
            _("Look at its log: journalctl -u commonwatt-client-interaction"),
        )
        return
    status = trading.status
    if status.state is State.FAULT:
        yield _critical("trading-fault", told(status.reason), told(status.next))
    elif status.state is State.NO_SUPPLY:
        yield _warning("no-supply", told(status.reason), told(status.next))
    if facts.outlook:
        yield _warning(
            "tokens-low",
            told(facts.outlook),
            _("Pay tokens in before: ask the neighbourhood's treasurer."),
        )
    if status.credit is not None and short(int(status.credit)):
        left = language.number(f"{int(status.credit) / ETHER:.4f}")
        yield _warning(
            "gas-low",
            _(
                "%(amount)s ether are left for fees: they are kept for settling, and nothing new is "
                "bought or offered.",
                amount=left,
            ),
            _("Ask the neighbourhood's treasurer to top it up: commonwatt tokens gas"),
        )


def _chain(house: Household, facts: Facts) -> Iterator[Alert]:
    if not house.own_node:
        return
    chain, now = facts.seen.chain, facts.seen.unix
    if chain is None or (stands := standing(chain, now)) is Standing.SILENT:
        yield _critical(
            "chain-silent",
            _("The chain node says nothing."),
            _("Look at its log: journalctl -u commonwatt-chain. Running supplies go on for ten minutes."),
        )
    elif stands is Standing.SYNCING:
        yield _warning(
            "chain-behind",
            _("The chain node is catching up with its neighbours; trading waits for it."),
            _("Nothing, unless it takes more than an hour: then look whether the network is slow."),
        )
    elif (off := _clock_off(chain, now)) is not None:
        wrong = words.lasting(abs(off))
        yield _critical(
            "clock-wrong",
            _("This host's clock is %(time)s ahead of the chain.", time=wrong)
            if off > 0
            else _("This host's clock is %(time)s behind the chain.", time=wrong),
            _("Let a time service set it (sudo timedatectl set-ntp true); meanwhile nothing is switched on."),
        )
    elif stands is Standing.STALLED:
        yield _critical(
            "chain-stalled",
            _("There has been no new block for %(time)s.", time=words.lasting(now - chain.head_time)),
            _("Look on the signers' hosts (commonwatt chain status); if all run: commonwatt chain survey"),
        )
    elif stands is Standing.ALONE:
        yield _warning(
            "no-neighbour",
            _("No neighbour's node is connected."),
            _("Look at the network between the houses: commonwatt doctor"),
        )
    else:
        yield from _signers(chain)
    if facts.others:
        yield _critical(
            "chain-other",
            _(
                "Another chain than ours is followed by %(names)s.",
                names=", ".join(map(words.capital, facts.others)),
            ),
            _(
                "Compare on every host: commonwatt chain status --neighbours; then, where the chain stands "
                "still: commonwatt chain survey. Does one signer's key run on two hosts?"
            ),
        )
    if chain is not None:
        yield from _lasting(chain, now)


def _clock_off(chain: Chain, now: float) -> float | None:
    """Seconds by which this clock is wrong, ahead positive; None: it may be right.

    A head that is old while new ones arrive says that the clock is ahead, for the signers sealed them just
    now; one that is in the future, that it is behind, whether the chain goes on or not.
    """
    off = now - chain.head_time
    if off < -CLOCK_BEHIND or (chain.advances and off > HEAD_LATE):
        return off
    return None


def _lasting(chain: Chain, now: float) -> Iterator[Alert]:
    """What stays to be told of however the chain does now."""
    if chain.replaced and now - chain.replaced_at < LATELY:
        yield _critical(
            "chain-parted",
            _(
                "%(number)s blocks that orders may have counted on were replaced %(ago)s: "
                "the neighbourhood was parted.",
                number=chain.replaced,
                ago=words.ago(now - chain.replaced_at),
            ),
            _(
                "See what they had settled: commonwatt reconcile; "
                "and look at the network between the signers."
            ),
        )
    if chain.disk_days is not None and chain.disk_days < FILLING:
        size = language.amount(f"{(chain.disk_per_day or 0) / 1_000_000:.1f} MB")
        yield _warning(
            "disk-filling",
            _(
                "The disk will be full in %(days)s days: the chain grows by %(size)s a day.",
                days=round(chain.disk_days),
                size=size,
            ),
            _("Put in a larger card, or make room, before: sudo du -x -d2 -h / | sort -h | tail"),
        )


def _signers(chain: Chain) -> Iterator[Alert]:
    for signer in chain.silent:
        yield Alert(
            code="signer-silent",
            about=signer,
            severity=Severity.WARNING,
            says=_("The signer %(signer)s seals no blocks.", signer=words.short(signer)),
            act=_("Look whether its host runs: with one signer less, one more failure stops the chain."),
        )


def _keeping(facts: Facts) -> Iterator[Alert]:
    spool, now = facts.seen.spool, facts.seen.unix
    judged = Keeping.FINE if spool is None else keeping(spool.status, now)
    if spool is not None and judged is Keeping.LOST:
        yield _critical(
            "samples-lost",
            _(
                "%(number)s samples are lost: the store was away for longer than the spool holds.",
                number=spool.status.dropped,
            ),
            _("Bring the readings' store back: commonwatt doctor says why it takes nothing."),
        )
    elif spool is not None and judged is Keeping.AWAY:
        away = words.lasting(now - (spool.status.since or now))
        yield _warning(
            "store-away",
            _(
                "Measurements have not been stored for %(time)s: %(why)s.",
                time=away,
                why=spool.status.reason,
            ),
            _("Bring the readings' store back; until then they wait in the spool, and nothing is lost."),
        )
    yield from _room(facts)


def _room(facts: Facts) -> Iterator[Alert]:
    if facts.free is None or facts.free >= LITTLE:
        return
    left = _("%(number)s MB are left for the household's files.", number=facts.free // 1_000_000)
    act = _("Look what fills it (sudo du -x -d2 -h / | sort -h | tail), or put in a larger card.")
    if facts.free < TOO_LITTLE:
        yield _critical("disk-full", left, act)
    else:
        yield _warning("disk-low", left, act)


def _critical(code: str, says: str, act: str) -> Alert:
    return Alert(code=code, severity=Severity.CRITICAL, says=says, act=act)


def _warning(code: str, says: str, act: str) -> Alert:
    return Alert(code=code, severity=Severity.WARNING, says=says, act=act)
