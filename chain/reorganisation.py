"""Whether blocks that were in the chain have been replaced, and how many: from what was last seen. Pure.

One block or two are replaced now and then, when two signers seal at the same time: orders wait for as many.
More means that the neighbourhood was parted and each side went on, or that somebody went back by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chain.blocks import Header
from chain.confirmations import depth


def hashes(headers: Sequence[Header]) -> Mapping[int, str]:
    """What is to be remembered of the last headers: each one's hash by its number."""
    return {header.number: header.hash for header in headers}


def replaced(before: Mapping[int, str], headers: Sequence[Header]) -> int:
    """How many of the blocks seen before are in the chain no more; all that are remembered: at least so many.

    Args:
        before: what was remembered.
        headers: the last ones now, consecutive, the head last. What lies before them is not judged.
    """
    if not headers:
        return 0
    now, first = hashes(headers), headers[0].number
    return sum(now.get(number) != hash_ for number, hash_ in before.items() if number >= first)


def too_deep(blocks: int, signers: int) -> bool:
    """Whether so many replaced blocks reach down to one by which an order may have counted.

    An order counts in a block with `depth(signers)` others on top (chain.confirmations), so the block that
    must never go is the one below those.
    """
    return blocks > depth(max(signers, 1))
