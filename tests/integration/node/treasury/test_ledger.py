"""The ledger equals the chain; what nobody wrote down is named by its transaction."""

from __future__ import annotations

import json

from contracts.authority import Authority
from contracts.bindings import Token
from contracts.deploy import Transaction
from quantities import Tokens
from tests.integration.chain_node import wait_for
from tests.integration.killing_proxy import commonwatt
from tests.integration.node.treasury.conftest import Bank


def cash(bank: Bank) -> int:
    """Euro cents, by the ledger."""
    shown = commonwatt("tokens", "ledger", "--json", "--book", bank.book, *bank.words)
    assert shown.returncode == 0, shown.stderr
    balances = json.loads(shown.stdout)["balances"]
    return sum(int(b["amount"]) for b in balances if (b["account"], b["commodity"]) == ("cash", "EUR"))


def test_a_month_at_the_desk(bank: Bank) -> None:
    desk = ("--book", bank.book, *bank.words)
    before = cash(bank)
    ran = commonwatt("tokens", "issue", "Dogwood", "40", "--paid", "40.00 EUR", *desk)
    assert ran.returncode == 0, ran.stderr

    refused = commonwatt("tokens", "issue", "dogwood", "1_000_000", "--paid", "1.00 EUR", *desk)
    assert refused.returncode == 1
    assert "the token's cap leaves" in refused.stderr
    assert "from block 1000000 on, expected at" in refused.stderr
    for words, said in (
        (("nobody", "1", "--paid", "1.00 EUR"), "no household is called 'nobody'"),
        (("elm", "0", "--paid", "1.00 EUR"), "issue more than no tokens"),
    ):
        refused = commonwatt("tokens", "issue", *words, *desk)
        assert (refused.returncode, said in refused.stderr) == (1, True)
    assert commonwatt("tokens", "issue", "elm", "1", "--paid", "1 euro", *desk).returncode == 64

    transfer = bank.sends("dogwood", "15")
    wait_for(lambda: transfer in commonwatt("tokens", "cash-out", *desk).stdout, "transfer that counts")
    ran = commonwatt("tokens", "cash-out", transfer, "--paid", "15.00 EUR", *desk)
    assert ran.returncode == 0, ran.stderr
    assert "15.00 tokens of dogwood burned, 15.00 EUR paid out" in ran.stdout

    shown = commonwatt("tokens", "ledger", "--json", *desk)
    facts = json.loads(shown.stdout)
    assert (shown.returncode, facts["ok"]) == (0, True)
    assert cash(bank) == before + 2_500
    assert [e["kind"] for e in facts["entries"]].count("opening") == len(bank.households)
    assert sum(int(amount) for amount in facts["held"].values()) == int(facts["supply"])

    equal = commonwatt("tokens", "ledger", *desk)
    assert equal.returncode == 0, equal.stdout
    assert "tokens by the book, equal to" in equal.stdout

    [burned] = Authority(bank.households["elm"], bank.client).send(
        [Transaction(bank.manifest.token, Token.encode_burn(Tokens.parse(3)))]
    )
    [minted] = Authority(bank.account, bank.client).send(
        [Transaction(bank.manifest.token, Token.encode_mint(bank.households["fir"].address, Tokens.parse(5)))]
    )
    wait_for(lambda: bank.client.block_number() > minted.block + 1, "depth")
    differs = commonwatt("tokens", "ledger", *desk)
    assert differs.returncode == 1
    assert "DIFFERENCE: 3.00 tokens were burned by elm without an entry in this book" in differs.stdout
    assert "DIFFERENCE: 5.00 tokens were minted for fir without an entry in this book" in differs.stdout
    assert "NOT equal to" in differs.stdout
    for receipt in (burned, minted):
        transaction = receipt.transaction  # type: ignore[attr-defined]
        assert transaction in differs.stdout
        ran = commonwatt("tokens", "explain", transaction, "--reference", "agreed by phone", *desk)
        assert ran.returncode == 0, ran.stderr
    again = commonwatt("tokens", "explain", transaction, "--reference", "once more", *desk)
    assert "names no difference" in again.stderr

    table = commonwatt("tokens", "ledger", "--csv", "--time-zone", "Europe/Paris", *desk)
    assert table.returncode == 0
    head, *lines = table.stdout.splitlines()
    assert head.startswith("entry,time,kind,state,household")
    assert sum(",issue," in line and ",dogwood," in line for line in lines) == 1
    assert all("+01:00" in line or "+02:00" in line for line in lines)
    early = commonwatt("tokens", "ledger", "--to", "2001-01-01", "--csv", *desk)
    assert len(early.stdout.splitlines()) == 1
