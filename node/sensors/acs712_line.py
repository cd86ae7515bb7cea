"""The lines of the current meter (firmware/acs712): framed with a checksum, or plain as the prototype's.

$CWM,<number>,<A or D>,<mA>,<mV of the cell>,<1/100 %>,<mW>,<flags>*<CRC-16/CCITT-FALSE of $…*, 4 digits>
Vcell|SoC|power                             volts, percent, watts
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from dataclasses import dataclass

CLIPPED = 2
"""Flag: the sensor saw more current than it can measure."""

LONGEST = 120
"""Bytes of a line."""

_FRAMED = re.compile(
    rb"\$(CWM,\d{1,5},[AD],(-?\d{1,7}),(\d{1,5})?,(\d{1,5})?,(-?\d{1,9})?,(\d{1,3}))\*([0-9A-F]{4})"
)
_PLAIN = re.compile(
    rb"\s*(\d{1,2}(?:\.\d{1,4})?)\s*\|\s*(\d{1,3}(?:\.\d{1,4})?)\s*\|\s*(-?\d{1,6}(?:\.\d{1,4})?)\s*"
)


class BadLine(Exception):
    """Not a line of the meter, or one that the cable has changed."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One second of the meter; None where it measures nothing."""

    current: int | None
    """mA."""
    voltage: int | None
    """mV of the cell."""
    soc: int | None
    """Hundredths of a percent."""
    power: int | None
    """mW."""
    clipped: bool = False


def read_framed(line: bytes) -> Line:
    """Read a framed line, without its end.

    Raises:
        BadLine: it is none, or its checksum is wrong.
    """
    found = _FRAMED.fullmatch(line)
    if found is None:
        raise BadLine("is no framed line")
    content, current, voltage, soc, power, flags, crc = found.groups()
    if crc_hqx(content, 0xFFFF) != int(crc, 16):
        raise BadLine("has a wrong checksum")
    return Line(
        current=int(current),
        voltage=_whole(voltage),
        soc=_whole(soc),
        power=_whole(power),
        clipped=bool(int(flags) & CLIPPED),
    )


def read_plain(line: bytes) -> Line:
    """Read a plain line, without its end. Nothing protects it: what is out of bounds is refused.

    Raises:
        BadLine: it is none.
    """
    found = _PLAIN.fullmatch(line)
    if found is None:
        raise BadLine("is no plain line")
    volts, percent, watts = (float(part) for part in found.groups())
    if percent > 100:
        raise BadLine("has more than 100 %")
    if volts == 0:  # no fuel gauge
        return Line(current=None, voltage=None, soc=None, power=round(watts * 1_000))
    return Line(
        current=None,
        voltage=round(volts * 1_000),
        soc=round(percent * 100),
        power=round(watts * 1_000),
    )


def _whole(digits: bytes | None) -> int | None:
    return None if digits is None else int(digits)
