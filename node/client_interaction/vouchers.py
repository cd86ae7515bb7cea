"""What to sign for: the meter's count since the contact closed, shared between an order and its successor."""

from __future__ import annotations

from dataclasses import dataclass

from quantities import Energy


@dataclass(frozen=True, kw_only=True)
class Share:
    """What an order has received by the own meter, and what is to be signed for it."""

    received: Energy
    """All that was counted since its baseline, even beyond what was bought."""

    signed: Energy
    """Of that, what this order covers. Never below what was signed before."""

    surplus: Energy
    """What the order does not cover: it goes to the successor."""


def share(forward: int, baseline: int, energy: Energy, before: Energy) -> Share:
    """Share out what the meter has counted.

    Args:
        forward: the register now, mWh.
        baseline: the register where this order began to count, mWh.
        energy: bought.
        before: the highest energy signed for so far; after a register fell back (power cut) it stands.
    """
    received = Energy(max(forward - baseline, before.mwh, 0))
    signed = max(min(received, energy), before)
    return Share(received=received, signed=signed, surplus=Energy(max(received.mwh - energy.mwh, 0)))


def used_up(forward: int, baseline: int, energy: Energy, power: int, seconds: float) -> bool:
    """Whether an order is used up now, or will be within `seconds` at the present power (mW)."""
    coming = max(power, 0) * max(seconds, 0.0) / 3_600
    return forward - baseline + coming >= energy.mwh
