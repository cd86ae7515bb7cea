"""Frames that nobody signed as they stand: those of a household, turned round by somebody on the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from chain.keys import CURVE_ORDER

Fields = dict[str, Any]

SIGNED = ("op", "order", "contact", "n", "energy", "sig", "voucher")


NO_ORDER = "0x" + "00" * 32


def forged(genuine: Sequence[bytes], random: Random, *, spent: bool) -> Iterator[bytes]:
    """Endless frames without their newline, none of which says what a genuine one says.

    Args:
        genuine: as a household's client sends them, without newline.
        spent: the genuine ones were sent before, so that they are forgeries, too, when they come again.
    """
    meant = set() if spent else {content(line) for line in genuine}
    while True:
        line = random.choice(KINDS)(genuine, random)
        if content(line) not in meant:
            yield line.replace(b"\n", b" ")


def content(line: bytes) -> object:
    """What a frame says; blanks, case and what nobody reads are no difference. None: no frame.

    A voucher is read where energy of an order is paid for: not with the owner's commands, which name none.
    """
    try:
        fields = {"energy": 0} | json.loads(line)
        pays = fields.get("op") in {"KEEP", "OPEN"} and fields.get("order") != NO_ORDER
        read = SIGNED if pays else SIGNED[:-1]
        return tuple(str(fields.get(name, "")).lower() for name in read)
    except (ValueError, TypeError, RecursionError):
        return None


def _again(genuine: Sequence[bytes], random: Random) -> bytes:
    return random.choice(genuine)


def _bits(genuine: Sequence[bytes], random: Random) -> bytes:
    line = bytearray(random.choice(genuine))
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        line[random.randrange(len(line))] ^= 1 << random.randrange(8)
    return bytes(line)


def _digits(genuine: Sequence[bytes], random: Random) -> bytes:
    """A digit of some number, so that the frame stays one: what a bit seldom does."""
    line = bytearray(random.choice(genuine))
    places = [at for at, byte in enumerate(line) if chr(byte) in "0123456789abcdef"]
    line[random.choice(places)] = ord(random.choice("0123456789abcdef"))
    return bytes(line)


def _swapped(genuine: Sequence[bytes], random: Random) -> bytes:
    """Some of one frame's fields in another."""
    one, other = _fields(genuine, random), _fields(genuine, random)
    for name in random.sample(SIGNED, random.randint(1, 4)):
        one.pop(name, None)
        one |= {name: other[name]} if name in other else {}
    return _line(one)


def _left_out(genuine: Sequence[bytes], random: Random) -> bytes:
    one = _fields(genuine, random)
    for name in random.sample(sorted(one), random.randint(1, 2)):
        del one[name]
    return _line(one)


def _counted(genuine: Sequence[bytes], random: Random) -> bytes:
    """Another number in place of n, contact or energy."""
    one = _fields(genuine, random)
    name = random.choice(("n", "contact", "energy"))
    one[name] = random.choice((0, 1, 2, 11, one.get(name, 0) + 1, 2**32, 2**63, 2**64 - 1, 2**64, -1, 1.5))
    return _line(one)


def _turned(genuine: Sequence[bytes], random: Random) -> bytes:
    """The signature's twin: the same point on the curve's other side."""
    one = _fields(genuine, random)
    name = random.choice([name for name in ("sig", "voucher") if name in one])
    raw = bytes.fromhex(one[name][2:])
    s = (CURVE_ORDER - int.from_bytes(raw[32:64])) % 2**256
    one[name] = "0x" + (raw[:32] + s.to_bytes(32) + bytes([55 - raw[64] % 55])).hex()
    return _line(one)


def _of_another_type(genuine: Sequence[bytes], random: Random) -> bytes:
    one = _fields(genuine, random)
    one[random.choice(sorted(one))] = random.choice(
        (
            None,
            True,
            [],
            {},
            "",
            "0x",
            "0x" + "00" * 65,
            "0x" + "ff" * 65,
            [[[]]],
            10**30,
            "KEEP",
            "HOME",
            "é",
        )
    )
    return _line(one)


def _twice(genuine: Sequence[bytes], random: Random) -> bytes:
    """A field given twice: two readers would see two things."""
    one, other = _line(_fields(genuine, random)), _line(_fields(genuine, random))
    return one[:-1] + b"," + other[1:]


def _noise(genuine: Sequence[bytes], random: Random) -> bytes:
    return random.choice((random.randbytes(random.randint(0, 300)), b"[" * 900, b"{" * 900, b"\0" * 40))


KINDS: tuple[Callable[[Sequence[bytes], Random], bytes], ...] = (
    _again, _bits, _bits, _digits, _digits, _swapped, _swapped,
    _left_out, _counted, _turned, _of_another_type, _twice, _noise,
)  # fmt: skip


def _fields(genuine: Sequence[bytes], random: Random) -> Fields:
    found: Fields = json.loads(random.choice(genuine))
    return found


def _line(fields: Fields) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()
