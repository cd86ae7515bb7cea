"""What a signed frame does to the contact that it names: which order it means, then the contact's own rules.

Pure: the switchboard brings what is known, and keeps what comes out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from quantities import Energy
from relay_server import authorisation
from relay_server.accounts import Account, Order
from relay_server.authorisation import Claim, View
from relay_server.contacts import feed_commands
from relay_server.contacts import transfer as transfers
from relay_server.contacts.feed import Feed
from relay_server.contacts.feed import Moment as FeedMoment
from relay_server.contacts.feed import Reply as FeedReply
from relay_server.contacts.lasting import milliseconds
from relay_server.contacts.transfer import Leaving, Tied, Transfer
from relay_server.contacts.transfer import Moment as TransferMoment
from relay_server.contacts.transfer import Reply as TransferReply
from relay_server.messages import NO_ORDER, Answer, Code, Granted, Op, Refused, SwitchFrame


@dataclass(frozen=True, kw_only=True)
class Seen:
    """When a command is decided, and how the chain was last seen by then."""

    now: float
    view: View


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A frame whose signature was found good."""

    frame: SwitchFrame
    signer: str
    """Checksummed; who signed it for this session."""
    owner: str
    """Of this relay."""
    vouched: Collection[str]
    """The markets for which the frame's voucher is signed by the same key."""


def needs_chain(feed: Feed, known: Order | None, frame: SwitchFrame) -> bool:
    """Whether the chain has to be asked anew before this frame is decided."""
    if frame.order == NO_ORDER:
        return False
    return known is None or _begins(feed, frame) or _pays_later(feed, known, frame)


def named(feed: Feed, known: Order | None, sent: Sent, at: Seen) -> Order | Refused:
    """The order that a frame names: one that begins to be supplied as the chain confirms it now.

    Args:
        known: the order under this id, if it was ever heard of.
    """
    frame = sent.frame
    if known and known.buyer != sent.signer:
        return Refused(code=Code.BAD_SIG, text="not signed by the order's buyer")
    if known and known.contact != frame.contact:
        return Refused(code=Code.WRONG_CONTACT, text=f"the order is for contact {known.contact}")
    if known and _pays_later(feed, known, frame):
        refusal = authorisation.redeemable(at.view, known.id, at.now)
        if refusal:
            return refusal
    if known and not _begins(feed, frame):
        return known
    claim = Claim(order=frame.order, buyer=sent.signer, contact=frame.contact, seller=sent.owner)
    found = authorisation.authorise(at.view, claim, at.now)
    if isinstance(found, Refused):
        return found
    return known or Order(
        id=frame.order,
        buyer=sent.signer,
        contact=frame.contact,
        energy=found.energy,
        market=found.market.lower(),
    )


def given_back(known: Order | None, sent: Sent, at: Seen) -> Order | Refused:
    """The order that the owner gives back: any of its own that the chain shows, confirmed or not."""
    id_, contact = sent.frame.order, sent.frame.contact
    found = at.view.confirmed.get(id_) or at.view.latest.get(id_)
    seller, where = (found.seller, found.contact) if found else (sent.owner, contact)
    where = known.contact if known else where
    if (seller, where) != (sent.owner, contact):
        return Refused(code=Code.WRONG_CONTACT, text=f"the order is for contact {where} of {seller}")
    if known:
        return known
    stale = at.view.staleness(at.now)
    if stale:
        return Refused(code=Code.STALE_CHAIN, text=stale, retry_ms=authorisation.STALE_RETRY_MS)
    if found is None:
        return Refused(code=Code.NOT_FUNDED, text="no such order yet", retry_ms=authorisation.RETRY_MS)
    return Order(id=id_, buyer=found.buyer, contact=contact, energy=found.energy, market=found.market.lower())


def of_feed(feed: Feed, account: Account, order: Order, sent: Sent, at: FeedMoment) -> FeedReply:
    """What a buyer's frame does to a feed."""
    frame = sent.frame
    if frame.op is Op.CLOSE:
        return feed_commands.close(feed, account, order, at)
    if frame.voucher and order.market not in sent.vouched:
        text = "the voucher is not signed by the buyer for the order's market"
        return feed, [], Refused(code=Code.BAD_SIG, text=text)
    if not frame.voucher and frame.op is Op.KEEP:
        return feed, [], Refused(code=Code.METER_GAP, text="a feed is kept by vouchers")
    signed = Energy(frame.energy)
    paid = feed_commands.pay(account, order, signed, frame.voucher, rating=feed.rating, limits=at.limits)
    if isinstance(paid, Refused):
        return feed, [], paid
    decide = feed_commands.keep if frame.op is Op.KEEP else feed_commands.open_
    return decide(feed, *paid, at)


def of_own_feed(feed: Feed, sent: Sent, at: FeedMoment) -> FeedReply:
    """What the owner's frame does to a feed."""
    if sent.frame.op is not Op.OPEN:
        return feed, [], Refused(code=Code.BAD_SIG, text="the owner can only end a supply")
    return feed_commands.announce(feed, at)


def of_tie(transfer: Transfer, sent: Sent, at: TransferMoment) -> TransferReply:
    """What a frame does to the transfer."""
    if sent.signer != sent.owner:
        text = "a tie obeys its own household only"
        return transfer, [], Refused(code=Code.BAD_SIG, text=text)
    decide = {Op.CLOSE: transfers.close, Op.KEEP: transfers.keep, Op.OPEN: transfers.open_}[sent.frame.op]
    return decide(transfer, sent.frame.contact, at)


def until(answer: Answer, order: bytes, seen: Seen) -> Answer:
    """An answer that also tells when the order ends on chain, if that comes before all else."""
    if not isinstance(answer, Granted):
        return answer
    chain = authorisation.until(seen.view, order, seen.now)
    return replace(answer, until_ms=milliseconds(min(answer.until_ms / 1_000, chain)))


def confirmed(transfer: Transfer, tie: int, now: float) -> Answer:
    """The answer to a command on a tie that was granted, once the contacts have moved."""
    position = transfer.position
    if isinstance(position, Tied | Leaving) and position.tie == tie:
        return transfers.granted(position.expires, now)
    return transfers.barred(transfer, tie) or Refused(code=Code.ENDED, text=transfer.why)


def _begins(feed: Feed, frame: SwitchFrame) -> bool:
    """Whether the order that a frame names is not supplied yet and would be: the chain decides that anew."""
    if feed.live and feed.live.order.id == frame.order:
        return False
    return frame.op is Op.CLOSE or (frame.op is Op.KEEP and feed.closed)


def _pays_later(feed: Feed, known: Order, frame: SwitchFrame) -> bool:
    """Whether a frame would pay under an order that is not supplied now, and may be settled on the chain."""
    live = feed.live and feed.live.order.id == frame.order
    return not live and bool(frame.voucher) and frame.energy > known.vouchered.mwh
