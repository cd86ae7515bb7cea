"""A feed: the seller's money gate. Closed only for a funded order, held by a lease, opened by all else.

    open ──close──▶ closed ──keep──▶ closed (lease renewed)
      ▲               │ announced end, order used up
      │               ▼
      └─ lease out ─ ending           faulted: open until somebody clears the fault (a hang may clear itself)
         meter silent, gap, chain     unpaid: a mark on the buyer's account, not on the feed

What may be commanded of it is in `feed_commands`, what the safety loop sees to in `feed_watch`; here is what
both do to it: open it, latch a fault, lock it out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from quantities import Power
from relay_server.accounts import Account, Order
from relay_server.acts import Act, Drive, Latch, Save, Tell
from relay_server.contacts import mending
from relay_server.contacts.following import Following, afresh
from relay_server.contacts.lasting import milliseconds
from relay_server.contacts.mending import Mending
from relay_server.contacts.trouble import SENTENCES, Trouble, replaces
from relay_server.messages import Answer, Granted
from store.registers import Register

if TYPE_CHECKING:
    from relay_server.settings import RelaySettings

FOREVER = 31 * 86_400.0
"""Seconds: "no end is known" on the wire."""

USED_UP = "the order is used up"


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Whose energy the meter counts, and how long the feed stays closed for it."""

    account: Account
    order: Order
    forward: int
    """mWh on the meter, as last counted."""

    sampled: float
    """Of that reading."""

    expires: float
    """The lease: by then the feed must be open."""

    ends: float = float("inf")
    """The announced end."""

    why: str = ""
    """Of the announced end."""

    over_since: float | None = None
    """First of the samples in a row above the rating."""

    opened: float | None = None
    """When the feed opened; the supply stays until the last sample is counted."""


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One feed contact at one moment."""

    contact: int
    rating: Power
    supply: Supply | None = None
    driven: float = 0.0
    """When the coil was last changed."""

    why: str = "nothing was asked for yet"
    """Of the last opening."""

    fault: str | None = None
    locked: str | None = None
    """Why somebody locked it out; None: nobody did."""

    following: Following = field(default_factory=Following)
    mending: Mending = field(default_factory=Mending)
    leak_since: float | None = None

    @property
    def live(self) -> Supply | None:
        """The supply that holds the feed closed; None: it is open."""
        return self.supply if self.supply and self.supply.opened is None else None

    @property
    def closed(self) -> bool:
        """Whether the coil is energised."""
        return self.live is not None

    def takes(self, found: Trouble) -> bool:
        """Whether this is its fault from now on: of a hang alone nobody knows more than that."""
        return replaces(found, self.fault) or self.mending.waits


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What is known when something is decided about a feed."""

    now: float
    limits: RelaySettings
    register: Register | None
    """The feed's meter; None when there is none of this boot."""

    began: float | None = None
    """When the look began that is over `now`; None: it took no time."""

    followed: bool | None = None
    """By the auxiliary contact; None where it is not wired."""

    unseen: bool = False
    """Nothing is known of the contact, because the pin driver has not returned."""

    over: str | None = None
    """What a fresh head says against the running order (closing, settled, gone, past its end), or None."""

    @property
    def reads(self) -> bool:
        """Whether the meter is read often enough to supply by it."""
        return self.register is not None and self.now - self.register.sampled <= self.limits.stale_meter


Step = tuple[Feed, list[Act]]
Reply = tuple[Feed, list[Act], Answer]


def opening(feed: Feed, why: str, now: float, *, unpaid: bool = False, ended: bool = False) -> Step:
    """Open, whatever was; the account goes to disk before anybody is answered."""
    acts: list[Act] = [Drive(contact=feed.contact, energised=False)]
    facts: dict[str, str | int] = {"why": why}
    supply = feed.supply
    if supply:
        account = replace(supply.account, unpaid=supply.account.unpaid or unpaid)
        order = replace(supply.order, ended=supply.order.ended or ended)
        supply = replace(supply, account=account, order=order, opened=now)
        acts.append(Save(account=account, order=order, urgent=True))
        facts |= {
            "order": order.id.hex(),
            "delivered_mwh": order.delivered.mwh,
            "vouchered_mwh": order.vouchered.mwh,
        }
    acts.append(Tell(event="feed open", contact=feed.contact, facts=facts))
    return replace(feed, supply=supply, driven=now, why=why), acts


def faulted(feed: Feed, trouble: Trouble, sentence: str, now: float) -> Step:
    """Open, and stay so until somebody has looked, or, of a hang, the contact has shown that it is well."""
    fault, acts = trouble.told(sentence), list[Act]()
    if feed.live:
        feed, acts = opening(feed, fault, now)
    acts += [
        Drive(contact=feed.contact, energised=False),
        Latch(contact=feed.contact, fault=fault),
        Tell(event="fault", contact=feed.contact, facts={"why": fault}),
    ]
    back = mending.broken(feed.mending)
    if trouble is Trouble.HUNG:
        back = mending.hung(feed.mending, feed.fault, now)
    return replace(feed, fault=fault, mending=back), acts


def hung(feed: Feed, now: float) -> Step:
    """The feed whose pin driver does not return, however it stands."""
    if not replaces(Trouble.HUNG, feed.fault):
        return feed, []
    return faulted(feed, Trouble.HUNG, SENTENCES[Trouble.HUNG], now)


def cleared(feed: Feed, now: float) -> Feed:
    """The feed after somebody has looked at its fault; it is found again if it is still there."""
    fresh = afresh(feed.following, now)
    return replace(feed, fault=None, following=fresh, mending=Mending(), leak_since=None)


def mended(feed: Feed, agrees: bool, now: float) -> Step:
    """The feed after one look more at whether a hang of its driver is over; see `mending`."""
    before, after = feed.mending, mending.look(feed.mending, agrees, now)
    if after is before:
        return feed, []
    acts = mending.acts(before, after, feed.contact, feed.fault or "", energised=feed.closed)
    return replace(feed, fault=None if mending.over(before, after) else feed.fault, mending=after), acts


def lock(feed: Feed, reason: str, now: float) -> Step:
    """Open at once, and stay so whoever commands otherwise. Only `unlock` ends it."""
    acts: list[Act] = []
    if feed.live:
        feed, acts = opening(feed, locked_out(feed.contact, reason), now)
    return replace(feed, locked=reason), acts


def unlock(feed: Feed) -> Feed:
    """Take the lock-out off; the feed stays open until it is asked for."""
    return replace(feed, locked=None)


def locked_out(contact: int, reason: str) -> str:
    """What whoever asks for a locked contact is told."""
    return f"contact {contact} is locked out: {reason}"


def accounted(feed: Feed, account: Account, order: Order) -> Feed:
    """What was signed for also counts in the supply that the meter goes on counting, or is counting up."""
    supply = feed.supply
    if supply is None or supply.account.buyer != account.buyer:
        return feed
    named = order if supply.order.id == order.id else supply.order
    return replace(feed, supply=replace(supply, account=account, order=named))


def behind(account: Account) -> str:
    """Why a feed opens whose buyer signs for too little."""
    return f"the vouchers are {account.gap} behind the seller's meter"


def granted(supply: Supply, now: float) -> Granted:
    """What the supplied buyer is answered; the order's end on chain may lower `until_ms` still."""
    return Granted(
        lease_ms=milliseconds(supply.expires - now),
        until_ms=milliseconds(min(supply.ends - now, FOREVER)),
        meter_mwh=supply.order.delivered.mwh,
    )
