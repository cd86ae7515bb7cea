"""RLP, Ethereum's encoding of nested lists of bytes (Yellow Paper, appendix B): headers are hashed in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Item: TypeAlias = "bytes | list[Item]"

DEPTH = 16
"""Lists in lists that are read: far more than any header or transaction has."""


def encode(item: bytes | Sequence[object]) -> bytes:
    """Encode bytes, or a list of items."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(0x80, len(item)) + item
    content = b"".join(encode(each) for each in item)  # type: ignore[arg-type]
    return _prefix(0xC0, len(content)) + content


def integer(value: int) -> bytes:
    """The bytes of a number: big-endian, without leading zeros, nothing for 0."""
    return value.to_bytes((value.bit_length() + 7) // 8)


def number(item: Item) -> int:
    """Read a number.

    Raises:
        ValueError: a list, or not in its one form.
    """
    if isinstance(item, list) or item[:1] == b"\0":
        raise ValueError("not a number in its shortest form")
    return int.from_bytes(item)


def decode(data: bytes) -> Item:
    """Decode one item; only its one canonical form is accepted.

    Raises:
        ValueError: cut short, too long, or not canonical.
    """
    item, end = _decode(data, 0, len(data), 0)
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes follow the item")
    return item


def extent(data: bytes, start: int = 0) -> tuple[int, int]:
    """Where the content of the list that starts at `start` lies; what is in it is not read.

    Raises:
        ValueError: no list, cut short, or not canonical.
    """
    if start >= len(data) or data[start] < 0xC0:
        raise ValueError("not a list")
    return _extent(data, start, len(data), data[start] - 0xC0)


def _prefix(base: int, length: int) -> bytes:
    if length < 56:
        return bytes([base + length])
    size = integer(length)
    return bytes([base + 55 + len(size)]) + size


def _decode(data: bytes, start: int, limit: int, depth: int) -> tuple[Item, int]:
    if start >= limit:
        raise ValueError("cut short")
    if depth > DEPTH:
        raise ValueError("nested too deep")
    first = data[start]
    if first < 0x80:
        return data[start : start + 1], start + 1
    base = 0x80 if first < 0xC0 else 0xC0
    begin, end = _extent(data, start, limit, first - base)
    if base == 0x80:
        if end - begin == 1 and data[begin] < 0x80:
            raise ValueError("a small byte with a prefix")
        return data[begin:end], end
    items: list[Item] = []
    while begin < end:
        item, begin = _decode(data, begin, end, depth + 1)
        items.append(item)
    return items, end


def _extent(data: bytes, start: int, limit: int, length: int) -> tuple[int, int]:
    """Where the content of an item lies."""
    begin = start + 1
    if length > 55:
        size = data[begin : begin + length - 55]
        begin += length - 55
        length = int.from_bytes(size)
        if begin > limit or size[0] == 0 or length < 56:
            raise ValueError("a length that is not in its shortest form")
    if begin + length > limit:
        raise ValueError("cut short")
    return begin, begin + length
