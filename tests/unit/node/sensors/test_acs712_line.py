"""The current meter's lines, framed and plain."""

from __future__ import annotations

from binascii import crc_hqx

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.sensors.acs712_line import BadLine, Line, read_framed, read_plain

FULL = b"$CWM,0,A,1910,3700,4166,439263,1*78A8"
"""As the firmware printed it."""


def framed(content: str) -> bytes:
    return b"$" + content.encode() + b"*" + f"{crc_hqx(content.encode(), 0xFFFF):04X}".encode()


def test_the_checksum_is_crc_16_ccitt_false() -> None:
    assert crc_hqx(b"123456789", 0xFFFF) == 0x29B1  # its check value


def test_a_framed_line_is_read() -> None:
    assert read_framed(FULL) == Line(current=1_910, voltage=3_700, soc=4_166, power=439_263)


def test_what_is_not_measured_is_left_out() -> None:
    assert read_framed(framed("CWM,65535,D,-26,,,,2")) == Line(
        current=-26, voltage=None, soc=None, power=None, clipped=True
    )


@given(st.integers(0, len(FULL) - 1), st.integers(1, 255))
def test_no_changed_byte_goes_unnoticed(place: int, flip: int) -> None:
    changed = bytearray(FULL)
    changed[place] ^= flip
    with pytest.raises(BadLine):
        read_framed(bytes(changed))


@given(st.integers(0, len(FULL) - 1), st.integers(1, 10))
def test_no_lost_bytes_go_unnoticed(place: int, lost: int) -> None:
    with pytest.raises(BadLine):
        read_framed(FULL[:place] + FULL[place + lost :])


@pytest.mark.parametrize("line", [b"3.700|41.66|1.234", b"3.70|41.66|1.234", b" 3.7 | 41.66 | 1.234"])
def test_a_plain_line_is_read_as_the_prototype_wrote_it(line: bytes) -> None:
    assert read_plain(line) == Line(current=None, voltage=3_700, soc=4_166, power=1_234)


def test_a_plain_line_without_a_gauge_has_only_power() -> None:
    assert read_plain(b"0.000|0.00|-0.150") == Line(current=None, voltage=None, soc=None, power=-150)


@pytest.mark.parametrize(
    "line", [b"", b"3.7|41.66", b"3.7|101|1", b"3.7|nan|1", b"a|b|c", b"3.7|41|1|2", FULL]
)
def test_what_is_no_plain_line_is_refused(line: bytes) -> None:
    with pytest.raises(BadLine):
        read_plain(line)


@given(st.binary(max_size=130))
def test_garbage_is_refused_and_not_worse(line: bytes) -> None:
    for read in (read_framed, read_plain):
        try:
            read(line)
        except BadLine:
            continue
        assert read is read_plain
