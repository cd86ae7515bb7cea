"""*Wallet*, over a chain of a few blocks."""

import pytest

from tests.unit.node.dapp import fake_node
from tests.unit.node.dapp.conftest import Visitor
from tests.unit.node.dapp.fake_node import BIRCH, FakeNode
from tests.unit.node.dapp.test_explorer import app, node, reader

__all__ = ["app", "node", "reader"]


def test_the_wallet_shows_what_is_held_and_what_came_and_went(reader: Visitor) -> None:
    page = reader.get("/wallet")
    assert BIRCH.lower() in page.lower()
    assert "93.00 tokens" in page
    assert "ordered 2.10 Wh from" in page
    assert f"/explorer/qr/{BIRCH}.svg".lower() in page.lower()


def test_what_a_market_may_still_take_is_shown(reader: Visitor, node: FakeNode) -> None:
    assert "Nobody may take anything" in reader.get("/wallet")
    node.allowed = 3 * 10**18
    page = reader.get("/wallet")
    assert "3.00 tokens" in page
    assert ">the market<" in page


def test_a_household_that_is_not_admitted_is_told_so(
    reader: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_node, "NAMES", ("alder", "cedar"))
    assert "Not admitted yet" in reader.get("/wallet")


def test_without_its_node_the_wallet_says_what_to_do(reader: Visitor, node: FakeNode) -> None:
    node.silent = True
    assert reader.code("/wallet") == 503
