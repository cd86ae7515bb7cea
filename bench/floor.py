"""The least time from a battery's limit crossed to the feed closed that any program could reach here.

A crossing waits for the next sample of the meter, the order for the next block, and the seller's relay for
the blocks on top that make the order count. When in a period a crossing falls is chance, so the floor is a
distribution: uniform over a sample's period, plus uniform over a block's, plus depth blocks.
"""

from __future__ import annotations

from chain.confirmations import depth

STEPS = 400
"""Of each uniform distribution."""


def waits(sample: float, period: float, signers: int) -> list[float]:
    """Equally likely waits (s), rising.

    Args:
        sample: seconds between two samples of the meter.
        period: seconds between two blocks.
        signers: of the chain.
    """
    buried = depth(signers) * period
    middles = [(step + 0.5) / STEPS for step in range(STEPS)]
    return sorted(a * sample + b * period + buried for a in middles for b in middles)


def percentile(rising: list[float], percent: float) -> float:
    """The value that `percent` of a rising list do not exceed (nearest rank)."""
    rank = -(-len(rising) * percent // 100)
    return rising[max(int(rank) - 1, 0)]
