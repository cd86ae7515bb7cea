"""What a node means when it does not take a transaction. The words are geth's (core/error.go)."""

from __future__ import annotations

from enum import Enum, auto


class Refusal(Enum):
    """What to do about it."""

    KNOWN = auto()
    """It has these bytes already: as good as taken."""
    SPENT = auto()
    """The nonce is in the chain: the next look tells whose transaction that was."""
    UNDERPRICED = auto()
    """It asks for a higher fee."""
    POOR = auto()
    """The account cannot pay what it might cost at most."""
    HOPELESS = auto()
    """No block can ever hold these bytes."""
    LATER = auto()
    """Anything else: the same bytes again after some blocks."""


WORDS: tuple[tuple[Refusal, tuple[str, ...]], ...] = (
    (Refusal.KNOWN, ("already known", "known transaction")),
    (Refusal.SPENT, ("nonce too low",)),
    (Refusal.POOR, ("insufficient funds", "overdraft")),
    (Refusal.UNDERPRICED, ("underpriced", "less than block base fee")),
    (
        Refusal.HOPELESS,
        (
            "intrinsic gas too low",
            "exceeds block gas limit",
            "oversized data",
            "max initcode size exceeded",
            "gas uint64 overflow",
            "invalid sender",
            "invalid chain id",
            "transaction type not supported",
        ),
    ),
)


def understood(message: str) -> Refusal:
    """Sort a node's refusal."""
    given = message.lower()
    return next((kind for kind, words in WORDS if any(each in given for each in words)), Refusal.LATER)
