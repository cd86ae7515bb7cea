"""What the token's cap leaves to mint, and when there will be more. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from quantities import Tokens


@dataclass(frozen=True, kw_only=True)
class Cap:
    """The token's limit, at one block."""

    left: Tokens
    """In the running period."""

    most: Tokens
    """In one period."""

    period: int
    """Blocks."""

    head: int
    seconds: float
    """A block, of the last ones."""

    now: float
    """Unix seconds."""

    @property
    def next_block(self) -> int:
        """The first block of the next period."""
        return (self.head // self.period + 1) * self.period

    @property
    def next_at(self) -> float:
        """Unix seconds at which that is expected."""
        return self.now + (self.next_block - self.head) * self.seconds


def refusal(asked: Tokens, cap: Cap, zone: tzinfo | None = None) -> str | None:
    """Why so many tokens cannot be minted now, and when the rest can; None: they can.

    Args:
        asked: tokens to mint.
        cap: what is left.
        zone: of the reader; None: this host's.
    """
    if asked <= cap.left:
        return None
    when = datetime.fromtimestamp(cap.next_at, zone).strftime("%Y-%m-%d %H:%M")
    now = f"{cap.left} now" if cap.left else "none now"
    periods = -(-(asked - cap.left).value // cap.most.value) if cap.most else 0
    if not periods:
        return "the token's cap is nothing: no tokens can be issued at all"
    rest = "the rest" if periods == 1 else f"at most {cap.most} more in each of the next {periods} periods"
    return (
        f"the token's cap leaves {cap.left} of {cap.most} tokens in this period: issue {now}, and {rest} "
        f"from block {cap.next_block} on, expected at {when}"
    )
