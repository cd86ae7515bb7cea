"""What is in the geth that was built, and what is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible.bill_of_materials import of_program
from chain.geth.advisories import judged, pinned
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


def test_it_is_built_from_the_modules_that_are_pinned_and_judged() -> None:
    program, *modules = of_program(Path(geth()))
    assert (program.name, program.version) == ("github.com/ethereum/go-ethereum", "v1.13.15")
    linked = {each.name: each.version for each in modules if each.name != "std"}
    assert len(linked) > 80
    assert {name: pinned().get(name) for name in linked} == linked
