from __future__ import annotations

import pytest

from chain.endpoint import checked, host_and_port
from chain.keys import enode


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("10.0.0.2:8080", ("10.0.0.2", 8080)),
        ("birch.local:1", ("birch.local", 1)),
        ("[fd00::1]:15555", ("fd00::1", 15_555)),
    ],
)
def test_an_endpoint_is_a_host_and_a_port(written: str, read: tuple[str, int]) -> None:
    assert host_and_port(written) == read
    assert checked("10.0.0.2:1")(written) == written


@pytest.mark.parametrize(
    "wrong",
    ["", "10.0.0.2", ":8080", "10.0.0.2:0", "10.0.0.2:70000", "fd00::2:8080", "a b:1", "a:¹"],
)
def test_anything_else_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"an address and a port: '10\.0\.0\.2:8080'"):
        host_and_port(wrong, "10.0.0.2:8080")


def test_an_address_of_the_web_is_told_apart() -> None:
    with pytest.raises(ValueError, match="without http"):
        host_and_port("http://10.0.0.2:1")


def test_an_enode_keeps_the_brackets_of_ipv6() -> None:
    assert enode(b"\x01" * 32, "fd00::1", 30_303).endswith("@[fd00::1]:30303")
