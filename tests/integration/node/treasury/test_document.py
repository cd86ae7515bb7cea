"""The commands of docs/money.md do what it says, in its order, on a real chain."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from chain.keys import keep, write_private
from tests.integration.chain_node import wait_for
from tests.integration.killing_proxy import commonwatt
from tests.integration.node.treasury.conftest import Bank

TEXT = (Path(__file__).parents[4] / "docs" / "money.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.+?)```", TEXT, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_every_command_of_the_document_succeeds(
    bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystore, password_file = bank.words[3], bank.words[5]
    values = {"RPC": bank.url, "MANIFEST": bank.file, "KEYSTORE": keystore, "PASSWORD_FILE": password_file,
              "BOOK": bank.book}  # fmt: skip
    named = set(re.findall(r"COMMONWATT_([A-Z_]+)=", TEXT))
    assert named == set(values)
    for name, value in values.items():
        monkeypatch.setenv(f"COMMONWATT_{name}", str(value))
    monkeypatch.setenv("COMMONWATT_CONFIG", str(configuration(bank, "birch", tmp_path / "birch")))
    monkeypatch.chdir(tmp_path)
    transfer = bank.sends("birch", "10")
    wait_for(lambda: transfer in commonwatt("tokens", "cash-out").stdout, "transfer that counts")
    month = datetime.now(UTC).strftime("%Y-%m")
    for command in commands():
        program, *words = shlex.split(command.replace("0x…", transfer).replace("2026-11 ", f"{month} "))
        assert program == "commonwatt"
        ran = commonwatt(*words)
        assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
    former = bank.manifest.current  # the package's other tests trade there
    ran = commonwatt("contracts", "resume-orders", "--market", former)
    assert ran.returncode == 0, ran.stderr
    ran = commonwatt("chain", "admit", "birch.request")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "birch.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def configuration(bank: Bank, name: str, folder: Path) -> Path:
    """Of a household's Pi, on which it makes its request."""
    folder.mkdir()
    keep(folder / "key.json", bank.households[name], "secret")
    write_private(folder / "key.password", b"secret")
    place = folder / "household.yml"
    settings = {
        "household": {"name": name, "role": "prosumer"},
        "account": {"keystore": "key.json", "password_file": "key.password"},
        "chain": {"rpc": bank.url, "manifest": str(bank.file)},
    }
    place.write_text(yaml.safe_dump(settings))
    return place
