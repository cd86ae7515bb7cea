"""A statement in the reader's language: other words, the same figures."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from contracts.bindings.registry import Household, Role
from node.dapp.app import create_app
from node.dapp.spoken import speaking
from node.statement.forecast import RunsOut
from node.statement.monthly import statement
from node.statement.page import _figure, as_html
from node.statement.period import Month
from node.statement.reading import Paper
from node.statement.rows import Kind, rows
from node.statement.table import WORDS, as_csv, figure
from quantities import Tokens
from tests.integration.dapp import made_up
from tests.unit.node.statement.made_up import ALDER, BANK, BIRCH, KWH, TOKEN, Ledger

JANUARY = Month(1970, 1, ZoneInfo("Europe/Paris"))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(made_up.household(tmp_path_factory.mktemp("birch")))


def paper(*, complete: bool = True) -> Paper:
    """Birch was paid in 1,234 tokens and a bit, bought of Alder, and has an order that runs."""
    ledger = Ledger()
    ledger.mint(BIRCH, 1_234_567_891_234_567_891_234)
    ledger.redeem(ledger.order(BIRCH, ALDER, 2 * KWH, 10**18 // 4), 3 * KWH // 2)
    ledger.order(BIRCH, ALDER, KWH, 10**18)
    movements = rows(ledger.events, BIRCH, TOKEN, {BANK})
    return Paper(
        household=Household(BIRCH, "birch", Role.PROSUMER, "", ""),
        month=JANUARY,
        statement=statement(movements, BIRCH, JANUARY.start, JANUARY.end),
        names={ALDER: "alder"},
        block=9,
        until=JANUARY.end if complete else 90_000,
        complete=complete,
        gas=(10**17, 10**16),
        running_out=None if complete else RunsOut(at=950_400, top_up=1_296_000),
    )


def test_a_statement_is_in_english_where_nobody_asks_for_another_language() -> None:
    page = as_html(paper())
    assert '<html lang="en">' in page
    for said in (
        "January 1970",
        "Balance at the beginning",
        "Bought · ",
        "+1234.5679",
        "1.50 kWh",
        "−0.3750",
    ):
        assert said in page, said


def test_a_french_reader_has_french_words_and_marks(app: Flask) -> None:
    with speaking(app, "fr"):
        page = as_html(paper())
    assert '<html lang="fr">' in page
    for said in (
        "janvier 1970", "Solde au début", "Acheté aux voisins", "Commandé · ", "Mouvements", "Disponible",
        "+1\u202f234,5679", "1,50\u00a0kWh", "−0,3750", "0,1000",
    ):  # fmt: skip
        assert said in page, said
    for left in ("Balance", "Bought", "Summary", "January", "beginning"):
        assert left not in page, left


def test_a_month_that_runs_says_until_when_and_warns(app: Flask) -> None:
    with speaking(app, "fr"):
        page = as_html(paper(complete=False))
    for said in (
        "jusqu’au 2 janvier 1970 à 02:00",
        "Solde actuel",
        "Les jetons seront épuisés le 12 janvier, avant",
    ):
        assert said in page, said


def test_every_figure_is_the_same_in_both(app: Flask) -> None:
    english = as_html(paper())
    with speaking(app, "fr"):
        french = as_html(paper())

    def figures(page: str) -> list[str]:
        cells = re.findall(r'<td class="number[^>]*>([^<]*)</td>', page)
        return [re.sub(r"[\u202f\u00a0 ]", "", cell).replace(",", ".") for cell in cells]

    assert len(figures(english)) > 15
    assert figures(french) == figures(english)


@given(st.integers(-(10**30), 10**30))
def test_no_digit_of_an_amount_differs(app: Flask, base: int) -> None:
    english = figure(Tokens(base))
    with speaking(app, "fr"):
        french = _figure(Tokens(base))
    assert french.replace("\u202f", "").replace(",", ".") == english


def test_the_table_for_a_spreadsheet_has_the_same_lines(app: Flask, tmp_path: Path) -> None:
    english = list(csv.reader(io.StringIO(as_csv(paper()))))
    with speaking(app, "fr"):
        french = as_csv(paper())
    assert french.startswith("\ufeffheure;opération;"), "as spreadsheets expect where numbers have a comma"
    lines = list(csv.reader(io.StringIO(french.removeprefix("\ufeff")), delimiter=";"))
    assert [line[:1] + line[2:] for line in lines[1:]] == [line[:1] + line[2:] for line in english[1:]]
    assert [line[1] for line in lines[1:]] == ["versé", "commandé", "acheté", "commandé"]


def test_every_kind_of_movement_has_its_words() -> None:
    assert set(WORDS) == set(Kind)
    assert all(word == kind.value for kind, word in WORDS.items())
