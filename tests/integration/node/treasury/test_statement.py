"""A month of two households that traded, as anybody reads it from the chain."""

from __future__ import annotations

import csv
import json
import re
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.authority import Authority
from contracts.bindings import Market, OrderArgs, Token
from contracts.deploy import Transaction
from contracts.messages import voucher_digest
from quantities import Energy, Price, Tokens
from tests.integration.chain_node import wait_for
from tests.integration.killing_proxy import Ran, commonwatt
from tests.integration.node.treasury.conftest import Bank

PRICE = Price.parse("0.25")
KWH = Energy(1_000_000)


@pytest.fixture(scope="module")
def traded(bank: Bank) -> Bank:
    """Elm bought two kWh of Fir and used one and a half; another order runs; some tokens went elsewhere."""
    elm, fir, market = bank.households["elm"], bank.households["fir"], bank.manifest.current
    offer = Market.encode_set_offer(1, PRICE, Energy(5_000_000), 10**6)
    Authority(fir, bank.client).send([Transaction(market, offer)])
    orders = [OrderArgs(secrets.token_bytes(32), fir.address, 1, KWH * 2, PRICE) for _ in range(2)]
    Authority(elm, bank.client).send(
        [
            *(
                Transaction(bank.manifest.token, Token.encode_approve_and_call(market, order.cost, order))
                for order in orders
            ),
            Transaction(bank.manifest.token, Token.encode_transfer(fir.address, Tokens.parse(3))),
            Transaction(bank.manifest.token, Token.encode_transfer(bank.account.address, Tokens.parse(7))),
        ]
    )
    first = orders[0].id(bank.manifest.chain_id, market, elm.address)
    voucher = elm.sign(voucher_digest(bank.manifest.chain_id, market, first, 1_500_000))
    [redeemed] = Authority(fir, bank.client).send(
        [Transaction(market, Market.encode_redeem(first, Energy(1_500_000), voucher))]
    )
    wait_for(lambda: bank.client.block_number() > redeemed.block + 1, "depth")
    return bank


def month() -> str:
    return datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m")


def stated(bank: Bank, household: str, *words: object) -> Ran:
    return commonwatt(
        "statement", "--month", month(), "--household", household, "--time-zone", "UTC",
        "--rpc", bank.url, "--manifest", bank.file, *words,
    )  # fmt: skip


def test_bought_sold_paid_and_earned_add_up_to_the_balance_on_the_chain(traded: Bank) -> None:
    shown = stated(traded, "elm", "--json")
    assert shown.returncode == 0, shown.stderr
    facts = json.loads(shown.stdout)
    sums = {name: int(value) for name, value in facts["sums"].items()}
    assert (sums["bought"], sums["paid"]) == (1_500_000, PRICE.cost(Energy(1_500_000)).value)
    assert (sums["sent"], sums["paid_out"]) == (Tokens.parse(3).value, Tokens.parse(7).value)
    assert int(facts["closing"]["balance"]) == traded.balance("elm").value
    assert int(facts["closing"]["set_aside"]) == PRICE.cost(KWH * 2).value
    sold = json.loads(stated(traded, "fir", "--json").stdout)["sums"]
    assert (sold["sold"], int(sold["earned"])) == (1_500_000, sums["paid"])
    kinds = [row["what"] for row in facts["rows"]]
    told = ("paid in", "ordered", "bought", "sent", "paid out")
    assert [kinds.count(kind) for kind in told] == [1, 2, 1, 1, 1]


def test_the_table_says_its_zone_and_the_balances_run(traded: Bank, tmp_path: Path) -> None:
    stated(traded, "elm", "--csv", tmp_path / "elm.csv")
    rows = list(csv.DictReader((tmp_path / "elm.csv").open()))
    assert all(row["time"].endswith("+00:00") for row in rows)
    balance = 0
    for row in rows:
        balance += int(row["tokens_base_units"])
        assert int(row["balance_base_units"]) == balance


def test_the_page_needs_nothing_from_anywhere(traded: Bank, tmp_path: Path) -> None:
    ran = stated(traded, "elm", "--html", tmp_path / "elm.html")
    assert ran.returncode == 0, ran.stderr
    page = (tmp_path / "elm.html").read_text()
    assert not re.search(r"(src|href)=|url\(|@import|<script", page)
    assert re.search(r"Bought · <span[^>]*>Fir</span>", page)
    assert "@page { size: A4" in page


def test_a_month_without_anything_and_one_to_come(traded: Bank) -> None:
    empty = commonwatt("statement", "--month", "2001-02", "--household", "elm",
                       "--rpc", traded.url, "--manifest", traded.file, "--json")  # fmt: skip
    assert (empty.returncode, json.loads(empty.stdout)["rows"]) == (0, [])
    for words, said in (
        (("--month", "2999-01"), "2999-01 has not begun yet"),
        (("--month", "soon"), "write it as 2026-11"),
        (("--month", "2001-02", "--time-zone", "Atlantis"), "no time zone that this host knows"),
    ):
        ran = commonwatt("statement", *words, "--household", "elm", "--rpc", traded.url,
                         "--manifest", traded.file)  # fmt: skip
        assert (ran.returncode, said in ran.stderr) == (1, True), ran.stderr
    unknown = stated(traded, "nobody")
    assert (unknown.returncode, "no household 'nobody'" in unknown.stderr) == (1, True)
