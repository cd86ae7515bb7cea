"""What is known of a household's trades, from every side, as frozen records. Energies are mWh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.bindings import State
from node.client_interaction.trade import Side


class Cause(StrEnum):
    """The likely cause of a difference, the gravest first."""

    TAMPERING = "suspected tampering"
    UNPAID = "unpaid"
    UNSETTLED = "unsettled"
    MISSING = "missing readings"
    DRIFT = "drift"
    LOSSES = "losses"


GRAVITY = tuple(Cause)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that does not agree."""

    cause: Cause
    text: str
    """A sentence."""

    between_meters: bool = False
    """It rests on nothing but the two meters' difference: if that is systematic, it is drift."""


@dataclass(frozen=True, kw_only=True)
class OnChain:
    """An order as the chain has it."""

    state: State
    buyer: str
    seller: str
    contact: int
    energy: int
    price: int
    """Base units per kWh."""

    paid_energy: int
    paid: int
    """Base units."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One trade by this household's books, and by everybody else."""

    order: str
    side: Side
    partner: str
    """The other household's name."""

    account: str
    """The other household's account."""

    contact: int
    created: float
    """Unix seconds, by the chain: the same for both households."""

    over: float | None
    """Unix seconds at which no energy flowed under it any more; None: it may still."""

    final: bool
    """By the books it is settled or refunded."""

    energy: int
    """Bought."""

    price: int
    paid: int
    """Base units, by the books."""

    vouchered: int
    signed: bool
    """The voucher in the books is signed by the buyer, for this order and energy."""

    own: int
    """By the own meter: the buyer's tie, or the seller's feed."""

    other: int | None
    """By the other's meter: its relay's word to the buyer; None: nothing is known."""

    other_at: int
    """The voucher that stood when the other's meter was at `other`."""

    ended: bool = True
    """The buyer has sent its last voucher; False: the lease ran out."""

    chain: OnChain | None = None
    problems: tuple[Finding, ...] = ()
    """What was found while gathering."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What stored readings say about a span of time."""

    meter: str
    energy: int | None
    """The register's difference; None: it cannot be said."""

    before: int | None = None
    """Unix ms of the sample before the span; None: there is none."""

    after: int | None = None
    problems: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Orders that ran into one another on one contact: its meter tells of them together."""

    orders: tuple[str, ...]
    own: Counted | None
    other: Counted | None = None
    """By the other household's evidence."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything to be judged."""

    household: str
    account: str
    at: float
    """Unix seconds."""

    figures: tuple[Figures, ...]
    supplies: tuple[Supply, ...] = ()
    elsewhere: Mapping[str, OnChain] = field(default_factory=dict)
    """Orders of this household on the chain that its books do not have."""

    general: tuple[Finding, ...] = ()
    """About no trade in particular."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A trade, and what does not agree about it."""

    figures: Figures
    findings: tuple[Finding, ...] = ()
    supply: Supply | None = None

    @property
    def cause(self) -> Cause | None:
        """The gravest; None: all agree within tolerance."""
        causes = {finding.cause for finding in self.findings}
        return next((cause for cause in GRAVITY if cause in causes), None)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of it."""

    trades: tuple[Judged, ...]
    general: tuple[Finding, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing is flagged."""
        return not self.general and not any(trade.findings for trade in self.trades)
