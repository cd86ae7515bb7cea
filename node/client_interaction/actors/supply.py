"""The two contacts of a supply: closing and opening them, the keepers of their leases, the vouchers.

A voucher is on disk before it is sent: what was signed for never falls, through any crash.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import structlog

from chain.keys import Account
from contracts.messages import voucher_digest
from node.client_interaction.actors.keeper import Keeper
from node.client_interaction.actors.line import Line
from node.client_interaction.acts import CloseFeed, CloseTie, Done, Failed, GoHome, OpenFeed, Outcome
from node.client_interaction.situation import Lease, Meter
from node.client_interaction.trade import Proof, Step, Trade, TradeState
from node.client_interaction.trades import Trades
from node.client_interaction.vouchers import Share, share, used_up
from relay_server.errors import RelayError
from relay_server.messages import NO_ORDER, Code, Granted, Refused
from store import registers
from store.snapshot import boottime

log = structlog.get_logger()

HOPELESS = frozenset(
    {Code.ENDED, Code.WRONG_CONTACT, Code.FAULT, Code.UNPAID, Code.BAD_SIG, Code.BAD_FRAME, Code.VERSION}
)
"""Refusals that asking again does not change."""

PASSING = frozenset({Code.NOT_FUNDED, Code.STALE_CHAIN})
"""Refusals that end by themselves: the relay's own node is behind."""

UNDECIDED = 5.0
"""Seconds without a decision after which the tie is kept no longer."""

SOONEST, LATEST = 0.1, 2.0
"""Seconds between two tries, whatever the relay says."""


class Supply:
    """The household's one supply, or none."""

    def __init__(
        self,
        *,
        trades: Trades,
        account: Account,
        chain_id: int,
        sellers: Mapping[str, Line],
        own: Line | None,
        meters: Path,
        ties: Mapping[int, str],
        period: float,
        news: Callable[[], None],
    ) -> None:
        """Prepare.

        Args:
            trades: where vouchers are kept.
            account: this household's.
            chain_id: that vouchers are signed for.
            sellers: by name.
            own: the household's own relay; None: it has none.
            meters: folder of the registers.
            ties: the meter of each tie.
            period: seconds between two vouchers.
            news: called when a lease has changed.
        """
        self._trades = trades
        self._account = account
        self._chain_id = chain_id
        self._sellers = sellers
        self._own = own
        self._meters = meters
        self._ties = ties
        self._period = period
        self._news = news
        self._order = ""
        self._feed: Keeper | None = None
        self._tie: Keeper | None = None
        self._voucher_lock = threading.Lock()
        self._told: tuple[str, int, int] = ("", 0, 0)
        """Order, its energy by the seller's meter, and the voucher (mWh) that was answered so."""
        self._decided = boottime()

    @property
    def feed(self) -> Lease | None:
        """The seller's contact, while it is kept."""
        return None if self._feed is None else self._feed.lease

    @property
    def tie(self) -> Lease | None:
        """The own tie, while it is kept."""
        return None if self._tie is None else self._tie.lease

    def decided(self) -> None:
        """The household decides about its supply: without that nobody would go home, so no tie is kept."""
        self._decided = boottime()

    def busy_with(self, seller: str) -> bool:
        """Whether the line to this seller is in use."""
        trade = self._trades.get(self._order) if self._feed is not None else None
        return trade is not None and trade.partner == seller

    def meter(self, channel: int | None) -> Meter | None:
        """The register of a tie."""
        name = self._ties.get(channel) if channel is not None else None
        found = None if name is None else registers.read(self._meters, name)
        if found is None:
            return None
        return Meter(forward=found.forward, power=found.power, sampled=found.sampled)

    def close_feed(self, act: CloseFeed) -> Outcome:
        """Ask the seller to close; from then on its lease is kept."""
        trade = self._trades.get(act.order)
        line = self._sellers.get(trade.partner) if trade is not None else None
        if trade is None or line is None:
            return Failed(act=act, why="this seller is no longer configured", hopeless=True)
        try:
            answer = line.command(lambda relay: relay.close(_bytes(act.order), trade.contact))
        except RelayError as error:
            return Failed(act=act, why=str(error))
        if isinstance(answer, Refused):
            return _refused(act, answer, hopeless=answer.code in HOPELESS)
        meter = self.meter(trade.channel)
        baseline = trade.baseline
        if baseline is None:
            if meter is None:
                return Failed(act=act, why="the tie's meter is silent")
            baseline = meter.forward
        step = Step(name="feed-closed", at=time.time(), kind=Proof.METER, proof=str(baseline))
        self._trades.change(act.order, step, baseline=baseline)
        log.info("feed-closed", order=act.order, seller=trade.partner, until_ms=answer.until_ms)
        self._order = act.order
        self._stop(self._feed)
        self._feed = Keeper(
            f"{trade.partner}-{trade.contact}", self._keep_feed, self._period, due=self._due, news=self._news
        )
        return Done(act=act)

    def close_tie(self, act: CloseTie) -> Outcome:
        """Leave home; from then on the tie's lease is kept."""
        own = self._own
        if own is None:
            return Failed(act=act, why="the household has no relay of its own", hopeless=True)
        try:
            answer = own.command(lambda relay: relay.close(NO_ORDER, act.channel))
        except RelayError as error:
            return Failed(act=act, why=str(error))
        if isinstance(answer, Refused):
            return _refused(act, answer, hopeless=answer.code in HOPELESS)
        now = time.time()
        self._trades.change(
            self._order, Step(name="supplied", at=now), state=TradeState.SUPPLIED, changed=now
        )
        log.info("supplied", order=self._order, channel=act.channel)
        self._stop(self._tie)
        self._tie = Keeper(f"tie-{act.channel}", lambda: self._keep_tie(own, act.channel), self._period,
                           news=self._news)  # fmt: skip
        return Done(act=act)

    def go_home(self, act: GoHome) -> Outcome:
        """Open the tie. Its lease is kept no longer, whatever the relay answers."""
        self._stop(self._tie)
        self._tie = None
        if self._own is None:
            return Done(act=act)
        try:
            answer = self._own.command(lambda relay: relay.open(NO_ORDER, act.channel))
        except RelayError as error:
            return Failed(act=act, why=str(error))
        if isinstance(answer, Refused):
            return _refused(act, answer, hopeless=False)
        if self._order:
            self._trades.step(self._order, Step(name="home", at=time.time()))
        log.info("home", channel=act.channel)
        return Done(act=act)

    def open_feed(self, act: OpenFeed) -> Outcome:
        """Hand over the last voucher; with it the seller's contact opens."""
        self._stop(self._feed)
        self._feed = None
        with self._voucher_lock:
            trade = self._trades.get(act.order)
            line = self._sellers.get(trade.partner) if trade is not None else None
            if trade is None or line is None:
                return Failed(act=act, why="this seller is no longer configured", hopeless=True)
            last, voucher = self._signed(trade) if trade.baseline is not None else (None, b"")
            energy = 0 if last is None else last.signed.mwh
            try:
                answer = line.command(
                    lambda relay: relay.open(_bytes(act.order), trade.contact, energy, voucher)
                )
            except RelayError as error:
                return Failed(act=act, why=str(error), retry=0.5)
        if isinstance(answer, Refused):
            return _refused(act, answer, hopeless=answer.code not in PASSING)
        self._trades.step(
            act.order,
            Step(
                name="feed-opened",
                at=time.time(),
                kind=Proof.VOUCHER,
                proof=voucher.hex(),
                text=f"{energy} mWh",
            ),
        )
        log.info("feed-opened", order=act.order, voucher_mwh=energy)
        self._order = ""
        line.look()
        return Done(act=act)

    def abandon(self) -> None:
        """Something unforeseen ends the process: home at once, not at the end of the lease."""
        if self._tie is None or self._own is None:
            return
        self.stop()
        with suppress(RelayError):
            self._own.command(lambda relay: [relay.open(NO_ORDER, channel) for channel in self._ties])

    def stop(self) -> None:
        """Keep nothing any longer: the leases run out."""
        self._stop(self._feed)
        self._stop(self._tie)
        self._feed = self._tie = None

    def _keep_feed(self) -> Granted | Refused:
        """One voucher; when it fills its order, the successor's as well."""
        with self._voucher_lock:
            trade = self._trades.get(self._order)
            if trade is None:
                return Refused(code=Code.ENDED, text="the order is not known here")
            line = self._sellers[trade.partner]
            now, voucher = self._signed(trade)
            answer = line.command(
                lambda relay: relay.keep(_bytes(trade.order), trade.contact, now.signed.mwh, voucher)
            )
            if not isinstance(answer, Granted):
                return answer
            self._told = (trade.order, answer.meter_mwh, now.signed.mwh)
            if now.signed < trade.energy:
                return answer
            following = self._following(trade)
            if following is None:
                return answer
            self._roll_over(trade, following)
            after, voucher = self._signed(self._trades.get(following.order) or following)
            return line.command(
                lambda relay: relay.keep(
                    _bytes(following.order), following.contact, after.signed.mwh, voucher
                )
            )

    def _keep_tie(self, own: Line, channel: int) -> Granted | Refused:
        if boottime() - self._decided > UNDECIDED:
            return Refused(
                code=Code.ENDED, text="nobody decides about the supply: is the disk standing still?"
            )
        return own.command(lambda relay: relay.keep(NO_ORDER, channel))

    def _due(self) -> bool:
        """A full voucher does not wait: with it the successor takes over."""
        trade = self._trades.get(self._order)
        if trade is None or trade.baseline is None or trade.vouchered >= trade.energy:
            return False
        meter = self.meter(trade.channel)
        return meter is not None and used_up(meter.forward, trade.baseline, trade.energy, 0, 0.0)

    def _signed(self, trade: Trade) -> tuple[Share, bytes]:
        """Sign for what the own meter has counted, and keep it before anybody sees it."""
        meter = self.meter(trade.channel)
        baseline = trade.baseline or 0
        forward = baseline if meter is None else meter.forward
        now = share(forward, baseline, trade.energy, trade.vouchered)
        digest = voucher_digest(self._chain_id, trade.market, _bytes(trade.order), now.signed.mwh)
        voucher = self._account.sign(digest)
        received = max(min(now.received, trade.energy), trade.received)
        fields = {"received": received, "vouchered": now.signed, "voucher": voucher.hex()}
        self._trades.change(trade.order, None, **fields, **self._metered(trade.order))
        return now, voucher

    def _metered(self, order: str) -> dict[str, int]:
        """What the seller's meter said last, to be kept with the next voucher: no commit for it alone."""
        told, metered, voucher = self._told
        return {"metered": metered, "metered_at": voucher} if told == order else {}

    def _following(self, trade: Trade) -> Trade | None:
        for other in self._trades.unfinished():
            if other.previous == trade.order and other.state is TradeState.CONFIRMED:
                return other
        return None

    def _roll_over(self, trade: Trade, following: Trade) -> None:
        now = time.time()
        baseline = (trade.baseline or 0) + trade.energy.mwh
        with self._trades.together():
            self._trades.change(
                trade.order,
                Step(name="ended", at=now, text="It is used up; the supply goes on under the next order."),
                state=TradeState.ENDED,
                changed=now,
                ending="It was used up, and the next order took over.",
                **self._metered(trade.order),
            )
            self._trades.change(
                following.order,
                Step(name="supplied", at=now, kind=Proof.METER, proof=str(baseline), text="Without opening."),
                state=TradeState.SUPPLIED,
                changed=now,
                baseline=baseline,
            )
        self._order = following.order
        log.info("rolled-over", before=trade.order, order=following.order)

    def _stop(self, keeper: Keeper | None) -> None:
        if keeper is not None:
            keeper.stop()


def _refused(act: CloseFeed | CloseTie | GoHome | OpenFeed, answer: Refused, *, hopeless: bool) -> Failed:
    log.info("relay-refused", act=type(act).__name__, code=str(answer.code), text=answer.text)
    retry = min(max(answer.retry_ms / 1_000, SOONEST), LATEST)
    if answer.code in PASSING:
        retry = SOONEST  # the relay's own node is a moment behind ours
    return Failed(act=act, why=answer.text or str(answer.code), retry=retry, hopeless=hopeless)


def _bytes(order: str) -> bytes:
    return bytes.fromhex(order.removeprefix("0x"))
