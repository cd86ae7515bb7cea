import ast
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

import node.dapp
from node.dapp.household import Household, dumps, loads
from node.dapp.serve import arguments
from node.dapp.settings import DappSettings
from tests.integration.dapp import made_up

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


def test_a_household_is_handed_over_whole() -> None:
    for household in (
        made_up.household(Path("/it's here")),
        Household(name="x", run=Path("r"), state=Path("s")),
    ):
        assert loads(dumps(household)) == household


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 1}'])
def test_what_is_no_household_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a household"):
        loads(text)


def test_gunicorn_listens_where_it_was_told_to() -> None:
    told = arguments(made_up.household(Path("/tmp"), listen="127.0.7.1:8080"))
    assert told[told.index("--bind") + 1] == "127.0.7.1:8080"


def test_gunicorn_can_read_the_call_whatever_a_path_is_called() -> None:
    household = made_up.household(Path("""/it's "here"/\\"""))
    call = ast.parse(arguments(household)[-1].partition(":")[2], mode="eval").body
    assert isinstance(call, ast.Call)
    assert loads(ast.literal_eval(call.args[0])) == household


def test_the_front_ends_lock_names_no_host() -> None:
    lock = json.loads((FRONT_END / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_the_front_ends_packages_are_pinned() -> None:
    package = json.loads((FRONT_END / "package.json").read_text())
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert all(version.replace(".", "").isdecimal() for version in versions)
