"""All contacts of one household, in one place and behind one lock: decisions in, coils and records out.

Commands come from the network's thread, turns from the safety loop's. Neither waits here for a network, a
chain node or a disk: those have threads of their own and leave what they know behind. How contacts stand is
asked without the lock, so no answer waits for a slow pin driver; coils are driven with it. What is to be done
is decided by pure functions (`commanding`, `contacts`, `books`); here is what they decide upon, and the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from relay_server import authorisation, books, commanding, states
from relay_server.acts import HOME, Act, Baseline, Cycle, Drive, Latch, Lock, Renewal, Save, Tell
from relay_server.authorisation import View
from relay_server.books import Books
from relay_server.coils import Coils, Looked
from relay_server.commanding import Seen, Sent
from relay_server.contacts import feed as feeds
from relay_server.contacts import feed_commands, feed_watch, household, recalled
from relay_server.contacts import transfer as transfers
from relay_server.contacts.feed import Feed
from relay_server.contacts.transfer import Transfer
from relay_server.contacts.trouble import Trouble, kind
from relay_server.drivers.interface import Pins
from relay_server.hands import Calls
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
        calls: Calls | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Take the contacts over as they were remembered; `make_safe` comes before anything else.

        Args:
            owner: checksummed account of the household.
            now: boottime seconds.
            calls: who calls the pin driver; None: whoever has the lock, for drivers that are known to return.
            clock: boottime seconds, to know how long a look took; None: no time.
        """
        self.owner = owner
        self._clock = clock or (lambda: 0.0)
        self._settings = settings
        self._keeps = keeps
        self._lock = threading.RLock()
        numbers = {c.contact: c.pin for c in (*settings.feeds, *settings.ties)}
        if settings.transfer:
            numbers[HOME] = settings.transfer.home_pin
        self._coils = Coils(pins, numbers, lambda told: self._keeps.keep([told]), calls)
        self._tried = {c for c, why in remembered.faults.items() if kind(why) == Trouble.HUNG}
        """Contacts at which the driver hung before this start: to start anew has not helped these."""
        self._books = Books(remembered)
        self._contacts = recalled.contacts(settings, remembered, now)
        self._registers: Mapping[int, Register | None] = {}
        self._in_hand = True
        self._stopping = False

    # --- safety -----------------------------------------------------------------------------------------

    def make_safe(self, now: float, why: str) -> None:
        """Release the coils of all feeds and ties; home follows by the turns of the safety loop.

        So it begins at boot, when nobody knows how the outputs stand, and ends at every stop.
        """
        with self._lock:
            for contact in self._contacts.sources:
                self._coils.drive(contact, False)
            self._take(household.released(self._contacts, why, now))

    def turn(self, now: float, registers: Mapping[int, Register | None], view: View) -> bool:
        """One turn of the safety loop; answers whether a contact is changing, so that the next comes soon.

        Args:
            now: boottime seconds, when it began; what it decides, it decides by when its look was over.
            registers: of every feed and tie, as just read.
            view: the chain as last seen, however old.
        """
        with self._lock:
            self._registers = registers
            for order, paid in self._books.paid_out(view):
                known = self._books.orders[order]
                account = self._books.account(known.buyer, known.contact)
                self._take(books.settle(self._contacts, account, known, paid))
            self._coils.drive_again()
            asked, tied = (*self._contacts.feeds, *self._contacts.moving), self._contacts.tied
        heard = self._coils.ask(asked, () if tied is None else (tied,), beat=True)
        with self._lock:
            began, now = now, max(now, self._clock())
            looked = self._coils.looked(heard)
            for number in self._coils.hung(now):
                self._take(household.hung(self._contacts, number, now))
            for feed in self._contacts.feeds.values():
                self._watch(feed, looked, view, now, began)
            if self._keeps.behind > self._settings.save + LATE:
                for number in self._contacts.feeds:
                    self.failed(number, "relay.db is not written any more", now)
            if self._contacts.transfer:
                at = replace(self._transfer_moment(now, looked), began=began)
                self._move(*transfers.tick(self._contacts.transfer, at))
            self._in_hand = self._coils.beating and not self._out_of_hand(now)
            return self._contacts.changing

    @property
    def in_hand(self) -> bool:
        """Whether nothing is left, as of the last turn, that only another start of the relay may mend.

        The pin driver hangs at a coil that may be energised against all will, or at a contact for which the
        household waits between two sources, or at the beat.
        """
        return self._in_hand

    def stop(self, now: float) -> None:
        """Take no more commands, and release everything."""
        with self._lock:
            self._stopping = True
            self.make_safe(now, "the relay is being stopped")

    @property
    def at_rest(self) -> bool:
        """Every feed open, and the household at home."""
        with self._lock:
            return self._contacts.at_rest

    # --- what clients ask -------------------------------------------------------------------------------

    def states(self, now: float) -> tuple[ContactState, ...]:
        """Every contact as it stands, home first."""
        with self._lock:
            transfer = self._contacts.transfer
            moving = states.of_transfer(transfer, now) if transfer else ()
            return (*moving, *(states.of_feed(feed, now) for feed in self._contacts.feeds.values()))

    def check(self, asked: CheckFrame, view: View, now: float) -> Answer:
        """Whether an order on these terms would be supplied."""
        with self._lock:
            feed = self._contacts.feeds.get(asked.contact)
            if feed is None:
                return _no_contact(asked.contact)
            account = self._books.account(asked.buyer, asked.contact)
            refusal = feed_commands.check(feed, account, self._moment(feed, now))
            return refusal or authorisation.check(view, asked, now) or Accepted()

    def needs_chain(self, frame: SwitchFrame) -> bool:
        """Whether the chain has to be asked anew before this frame is decided."""
        with self._lock:
            feed = self._contacts.feeds.get(frame.contact)
            known = self._books.orders.get(frame.order)
            return feed is not None and commanding.needs_chain(feed, known, frame)

    def switch(self, frame: SwitchFrame, signer: str, vouched: Collection[str], at: Seen) -> Outcome:
        """Decide and do what a signed frame commands.

        Args:
            signer: checksummed; who signed the frame for this session.
            vouched: the markets for which the frame's voucher is signed by the same key.
            at: when, and how the chain was last seen.
        """
        sent = Sent(frame=frame, signer=signer, owner=self.owner, vouched=vouched)
        with self._lock:
            if self._stopping:
                text = "this relay is being stopped"
                return Outcome(answer=Refused(code=Code.BUSY, text=text, retry_ms=3_000))
            if frame.op is Op.HOME:
                return self._everything_home(signer, at.now)
            transfer = self._contacts.transfer
            if transfer and frame.contact in transfer.ratings:
                looked = self._coils.looked(self._coils.ask(self._contacts.moving))
                moment = self._transfer_moment(at.now, looked)
                transfer, acts, answer = commanding.of_tie(transfer, sent, moment)
                return Outcome(answer=answer, written=self._move(transfer, acts))
            feed = self._contacts.feeds.get(frame.contact)
            if feed is None:
                return Outcome(answer=_no_contact(frame.contact))
            return self._switch_feed(feed, sent, at)

    def settled(self, contact: int) -> bool:
        """Whether a contact has finished moving: what a command on a tie waits for before it is answered."""
        with self._lock:
            return not (self._contacts.changing and contact in self._contacts.moving)

    def confirmed(self, frame: SwitchFrame, answer: Answer, now: float) -> Answer:
        """The answer to a command on a tie, once the contacts have moved."""
        with self._lock:
            if not isinstance(answer, Granted) or not self._contacts.transfer:
                return answer
            return commanding.confirmed(self._contacts.transfer, frame.contact, now)

    def failed(self, contact: int, why: str, now: float) -> None:
        """A feed's record could not be written: what cannot be accounted for is not supplied."""
        with self._lock:
            self._take(household.opened(self._contacts, contact, why, now))

    def obey(self, instruction: Instruction, now: float) -> None:
        """Do what the operator told this relay on its own host."""
        with self._lock:
            contact, reason = instruction.contact, instruction.reason
            facts: dict[str, str | int] = {"reason": reason or "none given"}
            match instruction.what:
                case What.FORGIVE:
                    account = self._books.account(instruction.buyer, contact)
                    facts |= {"buyer": account.buyer, "gap_mwh": account.gap.mwh}
                    self._take(books.write_off(self._contacts, account))
                case What.CLEAR:
                    self._tried.discard(contact)
                    self._take(household.cleared(self._contacts, contact, now))
                case What.LOCK:
                    self._take(household.locked(self._contacts, contact, reason, now))
                case What.UNLOCK:
                    self._take(household.unlocked(self._contacts, contact))
                case What.HOME:
                    for each in self._contacts.lockable:
                        self._take(household.locked(self._contacts, each, f"everything home: {reason}", now))
                case What.RENEW:
                    self._act([Renewal(contact=contact)])
            self._act([Tell(event=f"operator: {instruction.what.value}", contact=contact, facts=facts)])

    @property
    def contacts(self) -> frozenset[int]:
        """The numbers of all, 0 being home where there is one."""
        return frozenset((*self._contacts.sources, *self._contacts.moving))

    def orders_supplied(self) -> tuple[bytes, ...]:
        """The orders that the chain view keeps an eye on: supplied, or with vouchers not yet redeemed."""
        with self._lock:
            live = {supply.order.id for supply in self._contacts.supplies}
            return (*live, *(self._books.unsettled - live))

    def holders(self) -> frozenset[str]:
        """The accounts that hold a lease, and the owner: whose connections are never given away."""
        with self._lock:
            return frozenset((self.owner, *(supply.account.buyer for supply in self._contacts.supplies)))

    # --- deciding, with what is known here --------------------------------------------------------------

    def _switch_feed(self, feed: Feed, sent: Sent, seen: Seen) -> Outcome:
        at = self._moment(feed, seen.now)
        if sent.signer == self.owner and sent.frame.op is Op.OPEN and sent.frame.order != NO_ORDER:
            order = commanding.given_back(self._books.orders.get(sent.frame.order), sent, seen)
            if isinstance(order, Refused):
                return Outcome(answer=order)
            account = self._books.account(order.buyer, feed.contact)
            changed, acts, answer = feed_commands.give_back(feed, account, order)
        elif sent.signer == self.owner:
            changed, acts, answer = commanding.of_own_feed(feed, sent, at)
        else:
            order = commanding.named(feed, self._books.orders.get(sent.frame.order), sent, seen)
            if isinstance(order, Refused):
                return Outcome(answer=order)
            account = self._books.account(sent.signer, feed.contact)
            changed, acts, answer = commanding.of_feed(feed, account, order, sent, at)
            answer = commanding.until(answer, sent.frame.order, seen)
        return Outcome(answer=answer, written=self._take((self._contacts.having(changed), acts)))

    def _everything_home(self, signer: str, now: float) -> Outcome:
        if signer != self.owner:
            return Outcome(answer=Refused(code=Code.BAD_SIG, text="only its owner sends everything home"))
        written, why = None, "everything home, by the owner's signed command"
        for contact in self._contacts.lockable:
            written = self._take(household.locked(self._contacts, contact, why, now))
        told = self._act([Tell(event="everything home", contact=HOME, facts={"signer": signer})])
        return Outcome(answer=Opened(), written=written or told)

    def _watch(self, feed: Feed, looked: Looked, view: View, now: float, began: float) -> None:
        over = authorisation.over(view, feed.live.order.id, self._settings, now) if feed.live else None
        at = replace(
            self._moment(feed, now),
            began=began,
            followed=looked.followed.get(feed.contact),
            unseen=feed.contact in looked.unseen,
            over=over,
        )
        feed, acts = feed_watch.tick(feed, at)
        self._take((self._contacts.having(feed), acts))

    def _out_of_hand(self, now: float) -> frozenset[int]:
        waited_for = self._contacts.moving if self._contacts.changing else ()
        return (self._coils.hung(now) & self._coils.astray.union(waited_for)) - self._tried

    def _moment(self, feed: Feed, now: float) -> feeds.Moment:
        return feeds.Moment(now=now, limits=self._settings, register=self._registers.get(feed.contact))

    def _transfer_moment(self, now: float, looked: Looked) -> transfers.Moment:
        return transfers.Moment(
            now=now,
            limits=self._settings,
            registers=self._registers,
            followed=looked.followed,
            powered=looked.powered,
            unseen=looked.unseen.intersection(self._contacts.moving),
        )

    # --- acting -----------------------------------------------------------------------------------------

    def _take(self, step: household.Step) -> Future[None] | None:
        self._contacts, acts = step
        return self._act(acts)

    def _move(self, transfer: Transfer, acts: Sequence[Act]) -> Future[None] | None:
        self._contacts = replace(self._contacts, transfer=transfer)
        return self._act(acts)

    def _act(self, acts: Sequence[Act]) -> Future[None] | None:
        """Coils first, then memory; disk and log are written by another thread: either may stand still."""
        for act in acts:
            match act:
                case Drive():
                    self._coils.drive(act.contact, act.energised)
                case Save():
                    self._books.keep(act)
                case Tell() | Baseline() | Latch() | Lock() | Cycle() | Renewal():
                    pass
        return self._keeps.keep(acts)


def _no_contact(contact: int) -> Refused:
    return Refused(code=Code.WRONG_CONTACT, text=f"there is no contact {contact} here")
