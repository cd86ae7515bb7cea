"""All contacts of one household, in one place and behind one lock: decisions in, coils and records out.

Commands come from the network's thread, turns from the safety loop's. Neither waits here for a network, a
chain node or a disk: those have threads of their own and leave what they know behind.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from quantities import Energy
from relay_server import authorisation, states
from relay_server.accounts import Account, Order, forgive, settled
from relay_server.acts import HOME, Act, Baseline, Cycle, Drive, Latch, Lock, Save, Tell
from relay_server.authorisation import Claim, View
from relay_server.coils import Coils
from relay_server.contacts import feed as feeds
from relay_server.contacts import feed_commands, feed_watch
from relay_server.contacts import transfer as transfers
from relay_server.contacts.feed import Feed
from relay_server.contacts.lasting import milliseconds
from relay_server.contacts.transfer import Home, Leaving, Returning, Tied, Transfer
from relay_server.drivers.interface import Pins
from relay_server.instructions import Instruction, What
from relay_server.messages import (
    NO_ORDER,
    Accepted,
    Answer,
    CheckFrame,
    Code,
    ContactState,
    Granted,
    Op,
    Opened,
    Refused,
    SwitchFrame,
)
from relay_server.persistence import Remembered
from store.registers import Register

if TYPE_CHECKING:
    from relay_server.settings import RelaySettings

LATE = 10.0
"""Seconds that records may wait for a slow disk beyond `save`. Then supply ends: a power cut would take more
vouchers than the bound allows for."""


class Keeps(Protocol):
    """Where acts that are to be remembered go; see `persistence.Persistence`."""

    def keep(self, acts: Sequence[Act]) -> Future[None] | None: ...  # noqa: D102
    @property
    def behind(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An answer, and what has to be on disk before it is given."""

    answer: Answer
    written: Future[None] | None = None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """When a command is decided, and how the chain was last seen by then."""

    now: float
    view: View


class Switchboard:
    """The contacts of the household `owner`."""

    def __init__(
        self,
        settings: RelaySettings,
        owner: str,
        *,
        pins: Pins,
        keeps: Keeps,
        remembered: Remembered,
        now: float,
    ) -> None:
        """Take the contacts over as they were remembered; `make_safe` comes before anything else.

        Args:
            owner: checksummed account of the household.
            now: boottime seconds.
        """
        self.owner = owner
        self._settings = settings
        self._keeps = keeps
        self._lock = threading.RLock()
        numbers = {c.contact: c.pin for c in (*settings.feeds, *settings.ties)}
        if settings.transfer:
            numbers[HOME] = settings.transfer.home_pin
        self._coils = Coils(pins, numbers, lambda told: self._keeps.keep([told]))
        self._accounts = dict(remembered.accounts)
        self._orders = dict(remembered.orders)
        self._unsettled = {id_ for id_, o in self._orders.items() if o.signature and not o.settled}
        self._feeds = {
            c.contact: self._feed(
                Feed(
                    contact=c.contact,
                    rating=c.rating,
                    driven=now,
                    fault=remembered.faults.get(c.contact),
                    locked=remembered.locks.get(c.contact),
                ),
                remembered,
                now,
            )
            for c in settings.feeds
        }
        self._transfer = (
            Transfer(
                ratings={c.contact: c.rating for c in settings.ties},
                position=Returning(since=now),
                why="the relay was started",
                faults=_of_transfer(settings, remembered.faults),
                locks=_of_transfer(settings, remembered.locks),
            )
            if settings.transfer
            else None
        )
        self._registers: Mapping[int, Register | None] = {}
        self._stopping = False

    # --- safety -----------------------------------------------------------------------------------------

    def make_safe(self, now: float, why: str) -> None:
        """Release the coils of all feeds and ties; home follows by the turns of the safety loop.

        So it begins at boot, when nobody knows how the outputs stand, and ends at every stop.
        """
        with self._lock:
            for contact in (*self._feeds, *(self._transfer.ratings if self._transfer else ())):
                self._coils.drive(contact, False)
            for number, feed in self._feeds.items():
                if feed.live:
                    opened, acts = feeds.opening(feed, why, now)
                    self._feeds[number] = opened
                    self._act(acts)
            if self._transfer and not isinstance(self._transfer.position, Home | Returning):
                self._transfer, acts = transfers.go_home(self._transfer, why, now)
                self._act(acts)

    def turn(self, now: float, registers: Mapping[int, Register | None], view: View) -> bool:
        """One turn of the safety loop; answers whether a contact is changing, so that the next comes soon.

        Args:
            registers: of every feed and tie, as just read.
            view: the chain as last seen, however old.
        """
        with self._lock:
            self._registers = registers
            self._settle(view)
            self._coils.drive_again()
            for number, feed in self._feeds.items():
                over = (
                    authorisation.over(view, feed.live.order.id, self._settings, now) if feed.live else None
                )
                at = self._moment(feed, now, followed=self._coils.followed(number), over=over)
                self._feeds[number], acts = feed_watch.tick(feed, at)
                self._act(acts)
            if self._keeps.behind > self._settings.save + LATE:
                for number in self._feeds:
                    self.failed(number, "relay.db is not written any more", now)
            if self._transfer:
                self._transfer, acts = transfers.tick(self._transfer, self._transfer_moment(now))
                self._act(acts)
            self._coils.beat()
            return bool(self._transfer and self._transfer.changing)

    def stop(self, now: float) -> None:
        """Take no more commands, and release everything."""
        with self._lock:
            self._stopping = True
            self.make_safe(now, "the relay is being stopped")

    @property
    def at_rest(self) -> bool:
        """Every feed open, and the household at home."""
        with self._lock:
            home = self._transfer is None or isinstance(self._transfer.position, Home)
            return home and not any(feed.closed for feed in self._feeds.values())

    # --- what clients ask -------------------------------------------------------------------------------

    def states(self, now: float) -> tuple[ContactState, ...]:
        """Every contact as it stands, home first."""
        with self._lock:
            transfer = states.of_transfer(self._transfer, now) if self._transfer else ()
            return (*transfer, *(states.of_feed(feed, now) for feed in self._feeds.values()))

    def check(self, asked: CheckFrame, view: View, now: float) -> Answer:
        """Whether an order on these terms would be supplied."""
        with self._lock:
            feed = self._feeds.get(asked.contact)
            if feed is None:
                return _no_contact(asked.contact)
            account = self._account(asked.buyer, asked.contact)
            at = self._moment(feed, now)
            return (
                feed_commands.check(feed, account, at) or authorisation.check(view, asked, now) or Accepted()
            )

    def needs_chain(self, frame: SwitchFrame) -> bool:
        """Whether the chain has to be asked anew before this frame is decided."""
        with self._lock:
            feed = self._feeds.get(frame.contact)
            if feed is None or frame.order == NO_ORDER:
                return False
            known = self._orders.get(frame.order)
            return known is None or _begins(feed, frame) or _pays_later(feed, known, frame)

    def switch(self, frame: SwitchFrame, signer: str, vouched: Collection[str], at: Seen) -> Outcome:
        """Decide and do what a signed frame commands.

        Args:
            signer: checksummed; who signed the frame for this session.
            vouched: the markets for which the frame's voucher is signed by the same key.
            at: when, and how the chain was last seen.
        """
        with self._lock:
            if self._stopping:
                text = "this relay is being stopped"
                return Outcome(answer=Refused(code=Code.BUSY, text=text, retry_ms=3_000))
            if frame.op is Op.HOME:
                return self._everything_home(signer, at.now)
            if self._transfer and frame.contact in self._transfer.ratings:
                return self._switch_tie(self._transfer, frame, signer, at.now)
            feed = self._feeds.get(frame.contact)
            if feed is None:
                return Outcome(answer=_no_contact(frame.contact))
            if signer == self.owner:
                return self._announce(feed, frame, at.now)
            return self._switch_feed(feed, frame, signer, vouched, at)

    def settled(self, contact: int) -> bool:
        """Whether a contact has finished moving: what a command on a tie waits for before it is answered."""
        with self._lock:
            moves = self._transfer and (contact == HOME or contact in self._transfer.ratings)
            return not (self._transfer and moves and self._transfer.changing)

    def confirmed(self, frame: SwitchFrame, answer: Answer, now: float) -> Answer:
        """The answer to a command on a tie, once the contacts have moved."""
        with self._lock:
            if not isinstance(answer, Granted) or not self._transfer:
                return answer
            position = self._transfer.position
            if isinstance(position, Tied | Leaving) and position.tie == frame.contact:
                return transfers.granted(position.expires, now)
            barred = transfers.barred(self._transfer, frame.contact)
            return barred or Refused(code=Code.ENDED, text=self._transfer.why)

    def failed(self, contact: int, why: str, now: float) -> None:
        """A feed's record could not be written: what cannot be accounted for is not supplied."""
        with self._lock:
            feed = self._feeds.get(contact)
            if feed and feed.live:
                self._feeds[contact], acts = feeds.opening(feed, why, now)
                self._act(acts)

    def obey(self, instruction: Instruction, now: float) -> None:
        """Do what the operator told this relay on its own host."""
        with self._lock:
            facts: dict[str, str | int] = {"reason": instruction.reason or "none given"}
            match instruction.what:
                case What.FORGIVE:
                    account = self._account(instruction.buyer, instruction.contact)
                    facts |= {"buyer": account.buyer, "gap_mwh": account.gap.mwh}
                    self._forgive(account)
                case What.CLEAR:
                    self._clear(instruction.contact, now)
                case What.LOCK:
                    self._lock_out(instruction.contact, instruction.reason, now)
                case What.UNLOCK:
                    self._unlock(instruction.contact)
                case What.HOME:
                    for contact in self._contacts:
                        self._lock_out(contact, f"everything home: {instruction.reason}", now)
            event = f"operator: {instruction.what.value}"
            self._act([Tell(event=event, contact=instruction.contact, facts=facts)])

    def orders_supplied(self) -> tuple[bytes, ...]:
        """The orders that the chain view keeps an eye on: supplied, or with vouchers not yet redeemed."""
        with self._lock:
            live = {feed.live.order.id for feed in self._feeds.values() if feed.live}
            return (*live, *(self._unsettled - live))

    def holders(self) -> frozenset[str]:
        """The accounts that hold a lease, and the owner: whose connections are never given away."""
        with self._lock:
            buyers = (feed.live.account.buyer for feed in self._feeds.values() if feed.live)
            return frozenset((self.owner, *buyers))

    # --- deciding ---------------------------------------------------------------------------------------

    def _switch_tie(self, transfer: Transfer, frame: SwitchFrame, signer: str, now: float) -> Outcome:
        if signer != self.owner:
            return Outcome(answer=Refused(code=Code.BAD_SIG, text="a tie obeys its own household only"))
        decide = {Op.CLOSE: transfers.close, Op.KEEP: transfers.keep, Op.OPEN: transfers.open_}[frame.op]
        self._transfer, acts, answer = decide(transfer, frame.contact, self._transfer_moment(now))
        return Outcome(answer=answer, written=self._act(acts))

    def _everything_home(self, signer: str, now: float) -> Outcome:
        if signer != self.owner:
            return Outcome(answer=Refused(code=Code.BAD_SIG, text="only its owner sends everything home"))
        written = None
        for contact in self._contacts:
            written = self._lock_out(contact, "everything home, by the owner's signed command", now)
        told = self._act([Tell(event="everything home", contact=HOME, facts={"signer": signer})])
        return Outcome(answer=Opened(), written=written or told)

    def _announce(self, feed: Feed, frame: SwitchFrame, now: float) -> Outcome:
        if frame.op is not Op.OPEN:
            return Outcome(answer=Refused(code=Code.BAD_SIG, text="the owner can only end a supply"))
        self._feeds[feed.contact], acts, answer = feed_commands.announce(feed, self._moment(feed, now))
        return Outcome(answer=answer, written=self._act(acts))

    def _switch_feed(
        self, feed: Feed, frame: SwitchFrame, signer: str, vouched: Collection[str], seen: Seen
    ) -> Outcome:
        order = self._known(feed, frame, signer, seen)
        if isinstance(order, Refused):
            return Outcome(answer=order)
        at = self._moment(feed, seen.now)
        account = self._account(signer, feed.contact)
        if frame.op is Op.CLOSE:
            changed, acts, answer = feed_commands.close(feed, account, order, at)
        else:
            if frame.voucher and order.market not in vouched:
                text = "the voucher is not signed by the buyer for the order's market"
                return Outcome(answer=Refused(code=Code.BAD_SIG, text=text))
            if not frame.voucher and frame.op is Op.KEEP:
                return Outcome(answer=Refused(code=Code.METER_GAP, text="a feed is kept by vouchers"))
            paid = feed_commands.pay(
                account,
                order,
                Energy(frame.energy),
                frame.voucher,
                rating=feed.rating,
                limits=self._settings,
            )
            if isinstance(paid, Refused):
                return Outcome(answer=paid)
            decide = feed_commands.keep if frame.op is Op.KEEP else feed_commands.open_
            changed, acts, answer = decide(feed, *paid, at)
        self._feeds[feed.contact] = changed
        return Outcome(answer=self._until(answer, frame.order, seen), written=self._act(acts))

    def _known(self, feed: Feed, frame: SwitchFrame, signer: str, at: Seen) -> Order | Refused:
        """The order that a frame names: one that begins to be supplied as the chain confirms it now."""
        known = self._orders.get(frame.order)
        if known and known.buyer != signer:
            return Refused(code=Code.BAD_SIG, text="not signed by the order's buyer")
        if known and known.contact != frame.contact:
            return Refused(code=Code.WRONG_CONTACT, text=f"the order is for contact {known.contact}")
        if known and _pays_later(feed, known, frame):
            refusal = authorisation.redeemable(at.view, known.id, at.now)
            if refusal:
                return refusal
        if known and not _begins(feed, frame):
            return known
        claim = Claim(order=frame.order, buyer=signer, contact=frame.contact, seller=self.owner)
        found = authorisation.authorise(at.view, claim, at.now)
        if isinstance(found, Refused):
            return found
        return known or Order(
            id=frame.order,
            buyer=signer,
            contact=frame.contact,
            energy=found.energy,
            market=found.market.lower(),
        )

    def _until(self, answer: Answer, order: bytes, seen: Seen) -> Answer:
        if not isinstance(answer, Granted):
            return answer
        chain = authorisation.until(seen.view, order, seen.now)
        return replace(answer, until_ms=milliseconds(min(answer.until_ms / 1_000, chain)))

    def _settle(self, view: View) -> None:
        """What the market did not pay for was not paid, whatever was signed: it counts as open again."""
        for id_ in tuple(self._unsettled & view.confirmed.keys()):
            paid, order = authorisation.settlement(view, id_), self._orders[id_]
            if paid is None:
                continue
            account, order = settled(self._account(order.buyer, order.contact), order, paid)
            feed = self._feeds.get(order.contact)
            if feed:
                self._feeds[order.contact] = feeds.accounted(feed, account, order)
            facts: dict[str, str | int] = {"order": id_.hex(), "paid_mwh": paid.mwh}
            self._act(
                [
                    Save(account=account, order=order, urgent=True),
                    Tell(event="order settled", contact=order.contact, facts=facts),
                ]
            )

    def _account(self, buyer: str, contact: int) -> Account:
        return self._accounts.get((buyer, contact)) or Account(buyer=buyer, contact=contact)

    def _forgive(self, account: Account) -> None:
        forgiven = forgive(account)
        self._accounts[account.buyer, account.contact] = forgiven
        feed = self._feeds.get(account.contact)
        if feed and feed.supply and feed.supply.account.buyer == account.buyer:
            self._feeds[account.contact] = replace(feed, supply=replace(feed.supply, account=forgiven))
        self._act([Save(account=forgiven, urgent=True)])

    @property
    def _contacts(self) -> tuple[int, ...]:
        """Every contact, feeds first; home stands for all ties."""
        return (*self._feeds, *((HOME,) if self._transfer else ()))

    def _lock_out(self, contact: int, reason: str, now: float) -> Future[None] | None:
        """Coils first; the lock is on disk before anybody is told that it holds."""
        acts: list[Act] = []
        if contact in self._feeds:
            self._feeds[contact], acts = feeds.lock(self._feeds[contact], reason, now)
        elif self._transfer and (contact == HOME or contact in self._transfer.ratings):
            self._transfer, acts = transfers.lock(self._transfer, contact, reason, now)
        return self._act([*acts, Lock(contact=contact, reason=reason)])

    def _unlock(self, contact: int) -> None:
        if contact in self._feeds:
            self._feeds[contact] = feeds.unlock(self._feeds[contact])
        elif self._transfer:
            self._transfer = transfers.unlock(self._transfer, contact)
        self._act([Lock(contact=contact, reason=None)])

    def _clear(self, contact: int, now: float) -> None:
        feed = self._feeds.get(contact)
        if feed:
            self._feeds[contact] = feeds.cleared(feed, now)
        if self._transfer:
            self._transfer = transfers.cleared(self._transfer, contact, now)
        self._act([Latch(contact=contact, fault=None)])

    # --- acting -----------------------------------------------------------------------------------------

    def _act(self, acts: Sequence[Act]) -> Future[None] | None:
        """Coils first, then memory; disk and log are written by another thread: either may stand still."""
        for act in acts:
            match act:
                case Drive():
                    self._coils.drive(act.contact, act.energised)
                case Save():
                    self._accounts[act.account.buyer, act.account.contact] = act.account
                    if act.order:
                        self._remember(act.order)
                case Tell() | Baseline() | Latch() | Lock() | Cycle():
                    pass
        return self._keeps.keep(acts)

    def _remember(self, order: Order) -> None:
        self._orders[order.id] = order
        if order.signature and not order.settled:
            self._unsettled.add(order.id)
        else:
            self._unsettled.discard(order.id)

    def _moment(
        self, feed: Feed, now: float, followed: bool | None = None, over: str | None = None
    ) -> feeds.Moment:
        return feeds.Moment(
            now=now,
            limits=self._settings,
            register=self._registers.get(feed.contact),
            followed=followed,
            over=over,
        )

    def _transfer_moment(self, now: float) -> transfers.Moment:
        assert self._transfer is not None  # noqa: S101 - asked with a transfer only
        position = self._transfer.position
        return transfers.Moment(
            now=now,
            limits=self._settings,
            registers=self._registers,
            followed={contact: self._coils.followed(contact) for contact in (HOME, *self._transfer.ratings)},
            powered={position.tie: self._coils.powered(position.tie)} if isinstance(position, Tied) else {},
        )

    def _feed(self, feed: Feed, remembered: Remembered, now: float) -> Feed:
        """A feed that was closed when the relay died goes on counting for that buyer."""
        baseline = remembered.baselines.get(feed.contact)
        order = remembered.orders.get(baseline.order) if baseline and baseline.order else None
        if baseline is None or order is None:
            return feed
        account = remembered.accounts.get((order.buyer, order.contact))
        return feed_commands.recovered(feed, account, order, baseline.forward, now) if account else feed


def _begins(feed: Feed, frame: SwitchFrame) -> bool:
    """Whether the order that a frame names is not supplied yet and would be: the chain decides that anew."""
    if feed.live and feed.live.order.id == frame.order:
        return False
    return frame.op is Op.CLOSE or (frame.op is Op.KEEP and feed.closed)


def _pays_later(feed: Feed, known: Order, frame: SwitchFrame) -> bool:
    """Whether a frame would pay under an order that is not supplied now, and may be settled on the chain."""
    live = feed.live and feed.live.order.id == frame.order
    return not live and bool(frame.voucher) and frame.energy > known.vouchered.mwh


def _of_transfer(settings: RelaySettings, kept: Mapping[int, str]) -> dict[int, str]:
    there = {HOME, *(tie.contact for tie in settings.ties)}
    return {contact: why for contact, why in kept.items() if contact in there}


def _no_contact(contact: int) -> Refused:
    return Refused(code=Code.WRONG_CONTACT, text=f"there is no contact {contact} here")
