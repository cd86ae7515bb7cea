"""What is in the geth that was built, and what is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chain.geth.advisories import judged
from tests.integration.chain_node import geth


@pytest.fixture(scope="module")
def binary() -> bytes:
    return Path(geth()).read_bytes()


def functions(binary: bytes, package: str) -> int:
    """How often functions of a package, or of one within it, are named; Go keeps their names when it strips.

    The standard library's own copies ("vendor/golang.org/…") are others.
    """
    return len(re.findall(rb"(?<!vendor/)" + re.escape(package.encode()) + rb"[./]", binary))


def test_packages_that_are_in_it_are_found(binary: bytes) -> None:
    for package in ("github.com/ethereum/go-ethereum/p2p/rlpx", "golang.org/x/crypto/scrypt"):
        assert functions(binary, package) > 0


def test_no_package_that_was_judged_as_not_built_is_in_the_binary(binary: bytes) -> None:
    packages = {package for each in judged()["advisories"] for package in each.get("packages", ())}
    assert len(packages) > 10
    assert [package for package in sorted(packages) if functions(binary, package)] == []
