"""Merkle trees as of Certificate Transparency: a root for many hashes, a short path for each of them.

Source: RFC 9162, section 2.1 (https://www.rfc-editor.org/rfc/rfc9162#section-2.1), with SHA-256. What is
hashed into a leaf begins with another byte than what makes a node: neither can be passed off as the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice

LEAF, NODE = b"\x00", b"\x01"

PAGE = 1_024
"""Leaves taken at a time, a power of two: thousands of samples are hashed in one go."""

EMPTY = bytes(32)
"""In place of a root where there is nothing."""


def leaf(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(LEAF + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two hashes."""
    return sha256(NODE + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over hashes of leaves, taken by pages: memory grows with the logarithm of their number."""
    full: list[tuple[int, bytes]] = []
    """Complete subtrees by their number of leaves, the larger ones first; the last may be incomplete."""
    left = iter(leaves)
    while page := list(islice(left, PAGE)):
        size, hashed = len(page), _folded(page)
        while full and full[-1][0] == size:
            size, hashed = size * 2, node(full.pop()[1], hashed)
        full.append((size, hashed))
    if not full:
        return EMPTY
    _, hashed = full.pop()
    while full:
        hashed = node(full.pop()[1], hashed)
    return hashed


def _folded(level: list[bytes]) -> bytes:
    """The root over a page: by pairs, level by level; what is left over goes up as it is."""
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(NODE + left + right).digest() for left, right in pairs] + level[len(level) & ~1 :]
    return level[0]


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes beside the way from a leaf up to the root, the lowest first.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"there are {len(leaves)} leaves, none has number {index}")
    beside: list[bytes] = []
    first, end = 0, len(leaves)
    while end - first > 1:
        split = first + (1 << (end - first - 1).bit_length() - 1)
        if index < split:
            beside.append(root(leaves[split:end]))
            end = split
        else:
            beside.append(root(leaves[first:split]))
            first = split
    return beside[::-1]


def climbed(hashed: bytes, index: int, size: int, beside: Sequence[bytes]) -> bytes | None:
    """The root that a leaf's hash and its path lead to; None: this is no path in a tree of that size."""
    if not 0 <= index < size:
        return None
    here, last = index, size - 1
    for each in beside:
        if last == 0:
            return None
        if here & 1 or here == last:
            hashed = node(each, hashed)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            hashed = node(hashed, each)
        here, last = here >> 1, last >> 1
    return hashed if last == 0 else None
