"""How a seller has behaved so far: what it did with each order, and a score of it. Pure.

A deed is kept in `trade.db` when a trade shows it, so nothing here is forgotten in a restart. `back_off` says
how long a seller is left alone after the last bad one; the score decides between sellers that ask nearly the
same price, and puts off those that let the household down too often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from quantities import Share
from quantities.share import WHOLE


class Conduct(StrEnum):
    """What a seller did with one order."""

    SUPPLIED = "supplied"
    """Energy flowed, and the order was settled in time."""
    LATE = "late"
    """It was settled only after the household had asked the chain to close it."""
    UNSETTLED = "unsettled"
    """It was never settled: the household took its tokens back."""
    REFUSED = "refused"
    """The seller's contact never closed for it."""
    DROPPED = "dropped"
    """The supply broke off without notice."""
    GAP = "gap"
    """The two meters were too far apart, by the seller's relay."""
    CURTAILED = "curtailed"
    """The seller ended the supply with notice."""
    REVERTED = "reverted"
    """The purchase came too late: the offer had changed or was taken."""
    LINE = "line"
    """The household's own tie of this line did not close."""


WEIGHTS: Mapping[Conduct, int] = {
    Conduct.SUPPLIED: 1,
    Conduct.LATE: -1,
    Conduct.REFUSED: -1,
    Conduct.DROPPED: -2,
    Conduct.GAP: -2,
    Conduct.UNSETTLED: -2,
    Conduct.CURTAILED: 0,
    Conduct.REVERTED: 0,
    Conduct.LINE: 0,
}
"""What a deed counts for and against the seller; what is nobody's fault, or our own, counts nothing."""

BENEFIT = 3
"""A seller begins as if it had supplied so often: one mishap does not make a neighbour a bad one."""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One thing that a seller did."""

    account: str
    """The seller's, lower case."""

    order: str
    what: Conduct
    at: float
    """Unix seconds."""

    why: str = ""
    """A clause."""


def score(deeds: Sequence[Deed], wall: float, forget: float) -> Share:
    """How far the seller can be relied on: (3 + good) / (3 + good + bad), each weight halved every `forget`.

    Args:
        deeds: of one seller.
        wall: Unix seconds now; a deed of the future (the clock was set back) counts as one of now.
        forget: seconds in which a deed loses half its weight.
    """
    good = bad = 0.0
    for deed in deeds:
        weight = WEIGHTS[deed.what] * 0.5 ** (max(wall - deed.at, 0.0) / forget)
        good, bad = good + max(weight, 0.0), bad + max(-weight, 0.0)
    return Share(round(WHOLE * (BENEFIT + good) / (BENEFIT + good + bad)))
