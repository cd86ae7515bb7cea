"""A request to join says what its household signed, or is refused with the reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chain.keys import Account
from contracts import joining
from contracts.bindings import Household, Role
from contracts.errors import RequestRefused

KEY = Account.of(b"\7" * 32)
NODE = "enode://" + "ab" * 64
ELM = Household(KEY.address, "elm", Role.CONSUMER, f"{NODE}@10.0.0.6:30303", "10.0.0.6:15555")
REQUEST = joining.JoinRequest(ELM, 4711, "0x" + "5a" * 32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "elm.json"
    joining.write(path, REQUEST, KEY)
    return path


def test_what_was_written_is_read(file: Path) -> None:
    assert joining.read(file) == REQUEST


def test_a_household_needs_neither_node_nor_relay(tmp_path: Path) -> None:
    request = replace(REQUEST, household=replace(ELM, enode="", relay=""))
    joining.write(tmp_path / "elm.json", request, KEY)
    assert joining.read(tmp_path / "elm.json") == request


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "oak"),
        ("role", "producer"),
        ("relay", "10.0.0.9:15555"),
        ("enode", f"{NODE}@10.0.0.9:30303"),
        ("account", Account.of(b"\6" * 32).address),
        ("chain_id", 4712),
        ("genesis", "0x" + "5b" * 32),
    ],
)
def test_nobody_changes_a_request_on_its_way(file: Path, name: str, value: object) -> None:
    changed(file, name, value)
    with pytest.raises(RequestRefused, match="was not signed by"):
        joining.read(file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "Elm & Co"),
        ("role", "owner"),
        ("relay", "10.0.0.6"),
        ("enode", "enode://nobody"),
        ("account", "0x12"),
        ("chain_id", "many"),
        ("chain_id", None),
        ("genesis", 5),
        ("signature", "0x00"),
    ],
)
def test_what_the_registry_could_not_use_is_named(file: Path, name: str, value: object) -> None:
    changed(file, name, value)
    with pytest.raises(RequestRefused, match=name):
        joining.read(file)


def test_a_missing_part_is_named(file: Path) -> None:
    content = json.loads(file.read_text())
    del content["relay"]
    file.write_text(json.dumps(content))
    with pytest.raises(RequestRefused, match="relay"):
        joining.read(file)


def test_a_signature_that_is_none_is_refused(file: Path) -> None:
    changed(file, "signature", "0x" + "ff" * 65)
    with pytest.raises(RequestRefused):
        joining.read(file)


@pytest.mark.parametrize("content", ["", "[]", "{}", "[" * 9_000, '{"kind": "statement"}'])
def test_another_file_is_no_request(tmp_path: Path, content: str) -> None:
    (tmp_path / "other").write_text(content)
    with pytest.raises(RequestRefused, match="no request to join"):
        joining.read(tmp_path / "other")


def test_a_missing_file_and_another_version_are_told(tmp_path: Path, file: Path) -> None:
    with pytest.raises(RequestRefused, match="No such file"):
        joining.read(tmp_path / "nowhere")
    changed(file, "version", 2)
    with pytest.raises(RequestRefused, match="another version"):
        joining.read(file)


def test_only_ones_own_account_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(RequestRefused, match="not"):
        joining.write(tmp_path / "elm.json", REQUEST, Account.of(b"\6" * 32))


def test_names_relays_and_nodes_belong_to_one_household() -> None:
    oak = Household(
        Account.of(b"\6" * 32).address, "oak", Role.PROSUMER, "enode://" + "cd" * 64, "10.0.0.7:15555"
    )
    assert joining.clash(ELM, [oak]) is None
    assert joining.clash(replace(ELM, name="oak"), [oak]) is not None
    assert joining.clash(replace(ELM, relay=oak.relay), [oak]) is not None
    assert joining.clash(replace(ELM, enode=f"{oak.enode}@10.0.0.6:30303"), [oak]) is not None
    assert joining.clash(replace(ELM, enode="", relay=""), [replace(oak, enode="", relay="")]) is None


def test_ones_own_entry_may_be_corrected() -> None:
    assert joining.clash(ELM, [replace(ELM, relay="10.0.0.1:15555")]) is None


def changed(file: Path, name: str, value: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: value}))
