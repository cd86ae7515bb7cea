"""HMAC-SHA256 (RFC 2104, FIPS 180-4) over the `hashlib` that CPython and MicroPython share."""

import hashlib

BLOCK = 64


def seal(key: bytes, text: bytes) -> bytes:
    """The 32 bytes of HMAC-SHA256."""
    if len(key) > BLOCK:
        key = hashlib.sha256(key).digest()
    key = key + bytes(BLOCK - len(key))
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key))
    inner.update(text)
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in key))
    outer.update(inner.digest())
    return outer.digest()


def same(one: bytes, other: bytes) -> bool:
    """Whether two seals are equal, in a time that does not tell where they differ."""
    if len(one) != len(other):
        return False
    differing = 0
    for a, b in zip(one, other):  # noqa: B905 - MicroPython has no strict
        differing |= a ^ b
    return differing == 0
