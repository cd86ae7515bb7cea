import json
from pathlib import Path

import pytest
from pydantic import ValidationError

import node.dapp
from node.dapp.serve import arguments
from node.dapp.settings import DappSettings, host_and_port

FRONT_END = Path(node.dapp.__file__).parent / "frontend"


@pytest.mark.parametrize("address", ["10.0.0.2:8080", "[fd00::2]:8080", "birch.local:80"])
def test_an_address_has_a_host_and_a_port(address: str) -> None:
    assert DappSettings(listen=address).listen == address


@pytest.mark.parametrize(
    "address", ["10.0.0.2", ":8080", "10.0.0.2:0", "10.0.0.2:70000", "fd00::2:8080", "a b:1"]
)
def test_anything_else_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(ValidationError, match=r"10\.0\.0\.2:8080"):
        DappSettings(listen=address)


def test_a_v6_address_loses_its_brackets() -> None:
    assert host_and_port("[fd00::2]:8080") == ("fd00::2", 8080)


def test_gunicorn_gets_the_configuration_files_whatever_they_are_called() -> None:
    last = arguments(DappSettings(), [Path("/etc/it's here/site.yml"), Path("/b.yml")])[-1]
    assert last == """node.dapp.serve:application("/etc/it's here/site.yml", '/b.yml')"""


def test_gunicorn_runs_one_worker_where_it_was_told_to() -> None:
    told = arguments(DappSettings(listen="127.0.7.1:8080", threads=3), [])
    assert told[told.index("--bind") + 1] == "127.0.7.1:8080"
    assert told[told.index("--workers") + 1] == "1"
    assert told[told.index("--threads") + 1] == "3"


def test_the_front_ends_lock_names_no_host() -> None:
    lock = json.loads((FRONT_END / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_the_front_ends_packages_are_pinned() -> None:
    package = json.loads((FRONT_END / "package.json").read_text())
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert all(version.replace(".", "").isdecimal() for version in versions)
