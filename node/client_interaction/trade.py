"""One trade as a record: what was ordered, received, vouched for, paid, and each step with its proof."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from quantities import Energy, Price, Tokens

NO_ENERGY = Energy(0)
NO_TOKENS = Tokens(0)


class Side(StrEnum):
    """On which side of the trade this household is."""

    BUYER = "buyer"
    SELLER = "seller"


class TradeState(StrEnum):
    """How far a trade is. The last three are final."""

    PLANNED = "planned"
    """On disk here, not yet known to be in the chain."""
    ORDERED = "ordered"
    """In a block; the tokens are in escrow."""
    CONFIRMED = "confirmed"
    """As deep in the chain as the signers' number asks for."""
    SUPPLIED = "supplied"
    """Energy flows, or may flow."""
    ENDED = "ended"
    """No energy flows any more; the escrow is not settled yet."""
    SETTLED = "settled"
    """The seller was paid for what was received, the rest came back."""
    REFUNDED = "refunded"
    """Everything came back."""
    FAILED = "failed"
    """Never became an order."""


FINAL = frozenset({TradeState.SETTLED, TradeState.REFUNDED, TradeState.FAILED})


class Proof(StrEnum):
    """What a step can be checked by."""

    NONE = ""
    TRANSACTION = "transaction"
    BLOCK = "block"
    VOUCHER = "voucher"
    METER = "meter"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happened in a trade."""

    name: str
    """planned, broadcast, ordered, confirmed, feed-closed, supplied, voucher, home, feed-opened, ended,
    close-requested, settled, refunded, released, failed."""

    at: float
    """Unix seconds."""

    kind: Proof = Proof.NONE
    proof: str = ""
    """By `kind`: a transaction's hash, a block's number, a voucher's signature, a meter's mWh."""

    text: str = ""
    """A sentence, where the name does not say it all."""


@dataclass(frozen=True, kw_only=True)
class Trade:
    """An order in which this household is buyer or seller."""

    order: str
    """Its id on the chain, 0x and 64 digits."""

    side: Side
    market: str
    partner: str
    """The other household's name."""

    account: str
    """The other household's account."""

    contact: int
    """The seller's feed contact."""

    energy: Energy
    """Bought."""

    price: Price
    cost: Tokens
    """In escrow from the order to its end."""

    created: float
    """Unix seconds."""

    changed: float = 0.0
    """Unix seconds at which it came to its state."""

    state: TradeState = TradeState.PLANNED
    ref: str = ""
    """The buyer's random reference, 0x and 64 digits; empty on the seller's side."""

    channel: int | None = None
    """The buyer's tie contact."""

    previous: str | None = None
    """The order that this one continues without opening."""

    baseline: int | None = None
    """The own meter's register, in mWh, where this order's energy began to count."""

    received: Energy = NO_ENERGY
    """By the own meter: the buyer's tie, or the seller's feed."""

    vouchered: Energy = NO_ENERGY
    """The highest energy that the buyer signed for."""

    voucher: str = ""
    """The signature of that voucher, hexadecimal."""

    metered: int | None = None
    """By the seller's meter, in mWh, as its relay told the buyer last; None: it has told nothing."""

    metered_at: int = 0
    """The voucher, in mWh, that was answered so."""

    paid: Tokens = NO_TOKENS
    refunded: Tokens = NO_TOKENS

    reason: str = ""
    """Why it was ordered, a sentence."""

    ending: str = ""
    """Why it ended or failed, a sentence."""

    @property
    def final(self) -> bool:
        """Nothing can happen to it any more."""
        return self.state in FINAL

    @property
    def left(self) -> Energy:
        """What is still to be received; nothing once it has ended."""
        if self.final or self.state is TradeState.ENDED:
            return Energy(0)
        return Energy(max(self.energy.mwh - self.received.mwh, 0))
