"""A treasurer's command that is killed at any of its steps, and repeated, has done its work exactly once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from chain.client import ChainClient
from node.treasury import till
from node.treasury.book import Book
from node.treasury.desk import Desk, Outcome
from node.treasury.errors import Refused
from node.treasury.money import Money
from node.wallet.journal import Journal, Stage
from quantities import Tokens
from tests.integration.killing_proxy import commonwatt, killing_proxy
from tests.integration.node.treasury.conftest import GIVEN, Bank
from tests.integration.node.treasury.dying import Killed, dies

PAID = Money(2_500, "EUR")
TEN = Tokens.parse(10)


STEPS: dict[str, tuple[type, str]] = {
    "written down": (Book, "write"),
    "signed": (Journal, "sign"),
    "sent": (ChainClient, "send_raw"),
    "known to be sent": (Journal, "broadcast"),
    "in a block": (Journal, "mined"),
    "final": (Journal, "done"),
    "told": (Book, "told"),
}
"""What a command does, in order."""


def kill(monkeypatch: pytest.MonkeyPatch, step: str, after: bool) -> None:
    """Let the process die before or after one step."""
    dies(monkeypatch, *STEPS[step], after=after)


def lines(bank: Bank) -> int:
    """How many entries the book has."""
    with closing(Book(bank.book)) as book:
        return len(book.entries())


def issue(bank: Bank, name: str) -> Outcome:
    with Desk(ChainClient(bank.url), bank.manifest, bank.account, bank.book) as desk:
        done = desk.issue(name, TEN, PAID, "")
        desk.book.told(done.entry.id)
        return done


def cash_out(bank: Bank, transfer: str) -> Outcome:
    with Desk(ChainClient(bank.url), bank.manifest, bank.account, bank.book) as desk:
        done = desk.cash_out(transfer, PAID, "")
        desk.book.told(done.entry.id)
        return done


POINTS = [("written down", False), *((step, True) for step in STEPS if step != "told"), ("told", False)]
"""Before the first step, after each, and before the last: whoever was told and asks again means it."""


@pytest.mark.parametrize(("step", "after"), POINTS)
def test_an_issue_that_is_killed_and_repeated_mints_once(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    monkeypatch.setattr(till, "LOOK", 0.1)
    before, supply = bank.balance("alder"), bank.token.supply()
    written = lines(bank)
    with monkeypatch.context() as patch:
        kill(patch, step, after)
        with pytest.raises(Killed):
            issue(bank, "alder")
    issue(bank, "alder")
    assert bank.balance("alder") == before + TEN
    assert bank.token.supply() == supply + TEN
    assert lines(bank) == written + 1
    with closing(Book(bank.book)) as book:
        entry = book.entries()[-1]
        assert (entry.stage, entry.tokens, entry.money, entry.told) == (Stage.FINAL, TEN, PAID, True)


AFTER = [
    pytest.param(step, marks=() if step == "sent" else pytest.mark.long) for step in STEPS if step != "told"
]
"""The path is the same as an issue's, so its middle is enough where time counts."""


@pytest.mark.parametrize("step", AFTER)
def test_a_cash_out_that_is_killed_and_repeated_burns_once(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(till, "LOOK", 0.1)
    transfer = bank.sends("birch", "10")
    supply = bank.token.supply()
    with monkeypatch.context() as patch:
        kill(patch, step, after=True)
        with pytest.raises((Killed, Refused)):
            while True:  # until the transfer counts
                try:
                    cash_out(bank, transfer)
                except Refused as refusal:
                    if "deep enough" not in str(refusal):
                        raise
    done = cash_out(bank, transfer)
    assert done.earlier
    assert bank.token.supply() == supply - TEN
    with pytest.raises(Refused, match="is in the book already"):
        cash_out(bank, transfer)
    assert bank.token.supply() == supply - TEN


def test_the_command_itself_survives_sigkill(bank: Bank) -> None:
    before, written = bank.balance("cedar"), lines(bank)
    with killing_proxy(bank.url, "127.0.1.41") as proxy:
        asked = ("tokens", "issue", "cedar", "10", "--paid", "25.00 EUR", "--reference", "bank 7",
                 "--book", bank.book, *bank.words)  # fmt: skip
        through = [proxy.url if word == bank.url else word for word in asked]
        assert proxy.kill(through, at=1, after=True) == -9
    ran = commonwatt(*asked)
    assert ran.returncode == 0, ran.stderr
    assert f"entry {written + 1}: 10.00 tokens issued to cedar for 25.00 EUR" in ran.stdout
    assert "nothing was done twice" in ran.stdout
    assert bank.balance("cedar") == before + TEN
    again = commonwatt(*asked)
    assert again.returncode == 1
    assert "the reference 'bank 7' is in the book already: nothing was done" in again.stderr
    assert bank.balance("cedar") == before + TEN
    assert lines(bank) == written + 1


def test_two_commands_do_not_work_at_once(bank: Bank) -> None:
    with Desk(bank.client, bank.manifest, bank.account, bank.book):
        ran = commonwatt("tokens", "ledger", "--book", bank.book, *bank.words)
    assert ran.returncode == 69
    assert "another process is already running to keep the treasurer's book" in ran.stderr


def test_a_stranger_s_key_does_nothing(bank: Bank, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is not the token's minter"):
        Desk(bank.client, bank.manifest, bank.households["elm"], tmp_path / "treasury.db")
    assert not (tmp_path / "treasury.db").exists()
    assert bank.balance("elm") == GIVEN
