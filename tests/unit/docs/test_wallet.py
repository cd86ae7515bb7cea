"""docs/wallet.md names the points at which the sender is killed, its limits, and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

from chain.transactions import Fees
from node.cli import run
from node.wallet.back_off import LONGEST, rest
from node.wallet.credit import ETHER, KEPT_GAS, kept
from node.wallet.journal import Stage
from node.wallet.watch import MOST_SIGNATURES, STUCK_BLOCKS, WATCHED_BLOCKS
from node.wallet.wire import REPEAT_BLOCKS
from tests.integration.wallet.points import POINTS

TEXT = (Path(__file__).parents[3] / "docs" / "wallet.md").read_text()


def test_the_table_of_crashes_names_every_point_that_is_tested_and_no_other() -> None:
    named = re.findall(r"`((?:before|after) (?:journal|node)\.[a-z_]+(?: again| void)?)`", TEXT)
    assert sorted(named) == sorted(POINTS)


def test_every_state_is_told() -> None:
    assert all(f"\n| {stage.value} | " in TEXT for stage in Stage)


def test_the_limits_are_those_of_the_code() -> None:
    numbers = {1: "one", 2: "two", 6: "six", 11: "eleven"}
    assert f"after {numbers[REPEAT_BLOCKS]} blocks without being mined; after {numbers[STUCK_BLOCKS]}" in TEXT
    assert f"{numbers[MOST_SIGNATURES - 1]} times at most" in TEXT
    assert f"watched for {WATCHED_BLOCKS} blocks more" in TEXT
    assert f"a rest of {rest(1)}, {rest(2)}, … {LONGEST} blocks" in TEXT
    assert f"So {kept(Fees()) / ETHER:.3f} ether of the credit is kept" in TEXT
    assert f"four settlements of {KEPT_GAS:,} gas" in TEXT


def test_its_commands_exist() -> None:
    commands = set(re.findall(r"`commonwatt ((?:key )?[a-z]+)", TEXT))
    assert commands == {"key new", "key backup", "key restore", "doctor"}
    for command in commands:
        assert run([*command.split(), "--help"]) == 0
