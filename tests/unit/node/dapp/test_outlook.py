"""The page warns of tokens that run out, and never waits for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from node.dapp.household import Household
from node.dapp.ledger import Ledger
from node.dapp.outlook import EVERY, Outlook
from node.dapp.picture import picture
from node.dapp.sources import Observation
from node.statement.forecast import DAY, RunsOut

NOW = 1_764_000_000
HOUSEHOLD = Household(
    name="birch", role="consumer", run=Path("/nowhere"), state=Path("/nowhere"), listen="127.0.0.1:8080",
    rpc="http://127.0.0.1:1", manifest=Path("/nowhere/manifest.json"),
)  # fmt: skip


class Looked:
    def __init__(self, found: RunsOut | None) -> None:
        self.found, self.times = found, 0

    def __call__(self) -> RunsOut | None:
        self.times += 1
        return self.found


def test_it_says_so_from_the_next_look_at_the_page_on_and_looks_once_an_hour() -> None:
    looked, clock = Looked(RunsOut(at=NOW, top_up=NOW + 9 * DAY)), [0.0]
    outlook = Outlook(HOUSEHOLD, Ledger(HOUSEHOLD), looked, lambda: clock[0])
    outlook.says()
    outlook.looking.wait(5)
    said = outlook.says()
    assert said.startswith("The tokens will run out on 2")
    assert "before the usual top-up on" in said
    assert said.endswith(".")
    assert looked.times == 1

    looked.found, clock[0] = None, EVERY
    outlook.says()
    outlook.looking.wait(5)
    assert (outlook.says(), looked.times) == ("", 2)


def test_a_chain_that_cannot_be_read_says_nothing() -> None:
    outlook = Outlook(HOUSEHOLD, Ledger(HOUSEHOLD), lambda: 1 // 0)  # type: ignore[arg-type,return-value]
    outlook.says()
    outlook.looking.wait(5)
    assert outlook.says() == ""


def test_a_household_without_a_chain_asks_none() -> None:
    looked = Looked(None)
    outlook = Outlook(replace(HOUSEHOLD, rpc=""), Ledger(HOUSEHOLD), looked)
    assert (outlook.says(), outlook.looking.begun, looked.times) == ("", False, 0)


def test_the_page_shows_it_beside_the_money() -> None:
    assert picture(HOUSEHOLD, Observation(unix=0.0), None, "It will.")["outlook"] == "It will."
    assert picture(HOUSEHOLD, Observation(unix=0.0), None)["outlook"] == ""
