"""Monthly statements on the pages: read behind them, shown as one document, each style by its hash."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from contracts.bindings.registry import Household as Registered
from contracts.bindings.registry import Role
from node.dapp.statements import FRESH, Found, Statements
from node.dapp.views.wallet import months
from node.statement.errors import DoesNotAddUp
from node.statement.monthly import statement
from node.statement.period import Month
from node.statement.reading import Paper
from tests.unit.node.dapp.conftest import ORIGIN, Visitor
from tests.unit.node.dapp.fake_node import BIRCH, FakeNode
from tests.unit.node.dapp.test_explorer import app, node, reader

__all__ = ["app", "node", "reader"]

PARIS = ZoneInfo("Europe/Paris")
OCTOBER = Month(2026, 10, PARIS)


def paper(month: Month = OCTOBER, *, complete: bool = True) -> Paper:
    return Paper(
        household=Registered(BIRCH, "birch", Role.PROSUMER, "", ""),
        month=month,
        statement=statement([], BIRCH, month.start, month.end),
        names={},
        block=9,
        until=month.end,
        complete=complete,
        gas=(10**17, 10**16),
        running_out=None,
    )


@dataclass
class Shelf:
    """In place of statements that are read."""

    found: Found | None

    def of(self, _: Month) -> Found | None:
        return self.found


def test_a_statement_is_a_document_whose_only_style_is_named_by_its_hash(app: Flask, reader: Visitor) -> None:
    app.extensions["commonwatt"].statements = Shelf(Found(paper=paper(), problem="", at=0.0))
    answer = reader.client.get("/wallet/2026-10", base_url=ORIGIN)
    assert answer.status_code == 200
    assert "October 2026" in answer.text
    styles = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert len(styles) == 1
    named = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert f"style-src 'sha256-{named}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_same_is_a_table_for_a_spreadsheet(app: Flask, reader: Visitor) -> None:
    app.extensions["commonwatt"].statements = Shelf(Found(paper=paper(), problem="", at=0.0))
    answer = reader.client.get("/wallet/2026-10.csv", base_url=ORIGIN)
    assert answer.mimetype == "text/csv"
    assert "birch-2026-10.csv" in answer.headers["Content-Disposition"]


def test_whoever_reads_french_has_it_in_french_as_a_page_and_as_a_table(app: Flask, reader: Visitor) -> None:
    app.extensions["commonwatt"].statements = Shelf(Found(paper=paper(), problem="", at=0.0))
    french = {"Accept-Language": "fr"}
    page = reader.get("/wallet/2026-10", **french)
    assert "octobre 2026" in page
    assert "Solde à la fin" in page
    assert "heure;opération" in reader.get("/wallet/2026-10.csv", **french)
    assert "Balance at the end" in reader.get("/wallet/2026-10")


def test_while_it_is_read_the_page_says_so_and_comes_again(app: Flask, reader: Visitor) -> None:
    app.extensions["commonwatt"].statements = Shelf(None)
    answer = reader.client.get("/wallet/2026-10", base_url=ORIGIN)
    assert answer.status_code == 202
    assert "being read from the chain" in answer.text
    assert 'http-equiv="refresh"' in answer.text


def test_what_cannot_be_read_says_why(app: Flask, reader: Visitor) -> None:
    app.extensions["commonwatt"].statements = Shelf(Found(paper=None, problem="No node answers.", at=0.0))
    answer = reader.client.get("/wallet/2026-10", base_url=ORIGIN)
    assert answer.status_code == 503
    assert "No node answers." in answer.text
    assert 'http-equiv="refresh"' not in answer.text


def test_what_is_no_month_is_not_found(reader: Visitor) -> None:
    for month in ("2026-13", "october", "2026-10-01", "..%2fsecret"):
        assert reader.code(f"/wallet/{month}") == 404


def test_the_wallet_names_the_last_months(reader: Visitor) -> None:
    assert len(re.findall(r'href="/wallet/\d{4}-\d{2}"', reader.get("/wallet"))) == 12


def test_no_month_is_named_before_the_neighbourhood_was_founded() -> None:
    named = [month for month, _ in months(date(2026, 2, 14), since=date(2025, 12, 31))]
    assert named == ["2026-02", "2026-01", "2025-12"]
    assert [month for month, _ in months(date(2026, 2, 14), since=date(2026, 2, 14))] == ["2026-02"]


def test_a_month_that_is_over_is_read_once_and_one_that_runs_again_after_a_while() -> None:
    clock, read = [0.0], []

    def read_month(account: str, month: Month) -> Paper:
        read.append((account, str(month)))
        return paper(month, complete=month == OCTOBER)

    shelf = Statements(lambda: BIRCH, read_month, clock=lambda: clock[0])
    november = Month(2026, 11, PARIS)
    for month, times in ((OCTOBER, 1), (november, 2)):
        read.clear()
        clock[0] = 0.0
        for _ in range(3):
            shelf.of(month)
            shelf.reading.wait()
        clock[0] = FRESH + 1
        found = shelf.of(month)
        shelf.reading.wait()
        assert found is not None, "what was read last is shown meanwhile"
        assert read == [(BIRCH, str(month))] * times


def test_a_statement_that_does_not_add_up_is_not_shown() -> None:
    def read_month(account: str, month: Month) -> Paper:
        raise DoesNotAddUp("the events come to less")

    shelf = Statements(lambda: BIRCH, read_month)
    shelf.of(OCTOBER)
    shelf.reading.wait()
    found = shelf.of(OCTOBER)
    assert found is not None
    assert (found.paper, found.problem) == (None, "The events come to less.")


def test_an_allowance_is_revoked_by_a_button(reader: Visitor, node: FakeNode, app: Flask) -> None:
    assert "/control/revoke" not in reader.get("/wallet")
    node.allowed = 3 * 10**18
    page = reader.get("/wallet")
    form = page[page.index('action="/control/revoke"') :]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[: form.index("</form>")]))
    answer = reader.client.post("/control/revoke", base_url=ORIGIN, data=fields)
    assert (answer.status_code, answer.location) == (303, "/wallet#asked")
    [letter] = app.extensions["commonwatt"].book.latest(1)
    assert (letter.kind, letter.by) == ("revoke", "home")
    assert fields["spender"].lower() in letter.body.lower()
    assert "Revoke what 0x" in reader.get("/control")


@pytest.mark.parametrize("spender", ["alder", "", "0x12", "0x" + "zz" * 20])
def test_a_spender_is_an_account(reader: Visitor, spender: str) -> None:
    csrf = re.search(r'name="csrf" value="([^"]+)"', reader.get("/control"))
    assert csrf
    form = {"csrf": csrf[1], "form": "0" * 32, "spender": spender}
    assert reader.client.post("/control/revoke", base_url=ORIGIN, data=form).status_code == 400
