from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from node.dapp.app import create_app
from node.dapp.chain_index import ChainIndex
from node.dapp.ledger import Ledger
from node.dapp.ledger.blocks import KEPT
from node.dapp.users import set_password
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import ORIGIN, Visitor
from tests.unit.node.dapp.fake_node import (
    ALDER,
    BIRCH,
    BOUGHT,
    MANIFEST,
    REDEEMED,
    UNKNOWN,
    FakeNode,
    block_hash,
)


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
def app(tmp_path: Path, node: FakeNode) -> Flask:
    MANIFEST.save(tmp_path / "manifest.json")
    household = replace(made_up.household(tmp_path), manifest=tmp_path / "manifest.json", sellers={})
    app = create_app(household)
    app.extensions["commonwatt"].ledger = Ledger(household, node)
    return app


@pytest.fixture
def reader(app: Flask, tmp_path: Path) -> Visitor:
    visitor = Visitor(app.test_client(), set_password(tmp_path / "state"))
    assert visitor.log_in() == 302
    return visitor


def goes_to(reader: Visitor, asked: str) -> str | None:
    return reader.client.get("/explorer/search", query_string={"q": asked}, base_url=ORIGIN).location


def test_what_happened_is_told_in_words_with_the_names_of_the_registry(reader: Visitor) -> None:
    page = reader.get("/explorer/")
    assert f'<a href="/explorer/address/{ALDER}">Alder</a>'.lower() in page.lower()
    assert "ordered 2.10 Wh from" in page
    assert "and set 0.000525 tokens aside." in page
    assert "for 1.84 Wh received; 0.000065 tokens came back." in page


def test_the_tokens_echo_of_an_order_is_left_out_of_the_list_but_not_of_its_page(reader: Visitor) -> None:
    assert "into escrow" not in reader.get("/explorer/")
    assert "put 0.000525 tokens into escrow." in reader.get(f"/explorer/tx/{BOUGHT}")


def test_a_transaction_says_what_it_asked_for_and_what_it_did(reader: Visitor) -> None:
    page = reader.get(f"/explorer/tx/{BOUGHT}")
    assert "<title>Birch buys 2.10 Wh from Alder for at most 0.000525 tokens ·" in page
    assert "approveAndCall of EnergyToken" in page
    assert "<dt>energy</dt><dd>2.10 Wh</dd>" in page
    assert "7 blocks on top (final)" in page


def test_a_redemption_names_what_the_voucher_is_for(reader: Visitor) -> None:
    assert "redeems a voucher for 1.84 Wh received." in reader.get(f"/explorer/tx/{REDEEMED}")


def test_a_block_lists_its_transactions(reader: Visitor) -> None:
    page = reader.get("/explorer/block/5")
    assert "1 transaction" in page
    assert "buys 2.10 Wh from" in page
    assert 'href="/explorer/block/4"' in page
    assert 'href="/explorer/block/6"' in page


def test_a_block_is_found_by_its_hash_too(reader: Visitor) -> None:
    assert "<h1>Block 5 " in reader.get(f"/explorer/block/{block_hash(5)}")


def test_the_newest_block_is_not_final_yet(reader: Visitor) -> None:
    assert "0 on top, final at 2" in reader.get("/explorer/block/12")


def test_an_empty_block_says_why_it_is_there(reader: Visitor) -> None:
    assert "it proves that the chain goes on" in reader.get("/explorer/block/6")


def test_an_address_says_whose_it_is_and_what_it_holds(reader: Visitor) -> None:
    page = reader.get(f"/explorer/address/{BIRCH}")
    assert "<h1>Birch" in page
    assert "93.00 tokens" in page
    assert "ordered 2.10 Wh" in page


def test_blocks_come_in_pages_of_25(reader: Visitor, node: FakeNode) -> None:
    node.head = 60
    page = reader.get("/explorer/blocks")
    assert page.count('scope="row"') == 25
    assert 'href="/explorer/blocks?below=35"' in page
    assert "Newer" not in page
    last = reader.get("/explorer/blocks?below=10")
    assert last.count('scope="row"') == 11
    assert "Older" not in last


def test_a_height_beyond_the_head_is_the_head(reader: Visitor) -> None:
    assert reader.get("/explorer/blocks?below=999999").count('scope="row"') == 13


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("5", "/explorer/block/5"),
        (" #5 ", "/explorer/block/5"),
        (BOUGHT, f"/explorer/tx/{BOUGHT}"),
        (block_hash(5), "/explorer/block/5"),
        (ALDER, f"/explorer/address/{ALDER}"),
    ],
)
def test_the_search_goes_where_it_should(reader: Visitor, asked: str, place: str) -> None:
    assert goes_to(reader, asked) == place


def test_the_search_knows_households_by_their_names(reader: Visitor) -> None:
    found = goes_to(reader, "Bir")
    assert found
    assert found.lower() == f"/explorer/address/{BIRCH}"


def test_the_search_knows_the_orders_of_this_household(reader: Visitor, tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    assert goes_to(reader, made_up.order(8)) == f"/trades/{made_up.order(8)}"


@pytest.mark.parametrize("asked", ["nobody", "<script>alert(1)</script>", UNKNOWN, "0x12", "", "99999"])
def test_what_is_not_there_is_not_found_and_not_run(reader: Visitor, asked: str) -> None:
    answer = reader.client.get(
        "/explorer/search", query_string={"q": asked}, base_url=ORIGIN, follow_redirects=True
    )
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("path", ["/explorer/tx/0x12", "/explorer/block/five", "/explorer/address/alder"])
def test_a_malformed_address_is_not_found(reader: Visitor, path: str) -> None:
    assert reader.code(path) == 404


@pytest.mark.parametrize("path", ["/explorer/", "/explorer/events", "/explorer/blocks", "/explorer/block/1"])
def test_a_silent_node_is_named_with_what_to_do(reader: Visitor, node: FakeNode, path: str) -> None:
    node.silent = True
    answer = reader.client.get(path, base_url=ORIGIN)
    assert answer.status_code == 503
    assert "commonwatt chain run" in answer.text


def test_final_blocks_are_asked_for_once(tmp_path: Path, node: FakeNode) -> None:
    ledger = Ledger(made_up.household(tmp_path), node)
    ledger.blocks(range(13), 12, 2)
    node.told.clear()
    ledger.blocks(range(13), 12, 2)
    assert node.told == [11, 12], "those that may still change"


def test_the_memory_for_blocks_is_bounded(tmp_path: Path, node: FakeNode) -> None:
    node.head = 2 * KEPT
    ledger = Ledger(made_up.household(tmp_path), node)
    ledger.blocks(range(2 * KEPT), node.head, 2)
    assert len(ledger.blocks._final) == KEPT


def test_a_page_of_events_never_splits_a_block(tmp_path: Path, node: FakeNode) -> None:
    ledger = Ledger(made_up.household(tmp_path), node)
    seen, below, pages = [], 12, 0
    while True:
        page = ledger.events(below, 1)
        seen += [(told.log.block, told.log.index) for told in page.told]
        pages += 1
        if page.older is None:
            break
        below = page.older
    assert sorted(seen) == [(5, 0), (5, 1), (5, 2), (8, 0)]
    assert pages >= 2


def test_without_a_manifest_our_events_are_still_read(tmp_path: Path, node: FakeNode) -> None:
    page = Ledger(made_up.household(tmp_path), node).events(12, 25)
    assert next(told.event.name for told in page.told if told.event) == "OrderRedeemed"


@pytest.fixture
def indexed(app: Flask, node: FakeNode, tmp_path: Path) -> ChainIndex:
    index = ChainIndex(tmp_path / "index.db")
    while index.step(node):
        pass
    here = app.extensions["commonwatt"]
    here.ledger = Ledger(here.household, node, index)
    return index


def test_with_an_index_the_events_are_the_same_and_none_is_looked_for_in_vain(
    app: Flask, node: FakeNode, tmp_path: Path
) -> None:
    node.head = 20_000
    here = app.extensions["commonwatt"]
    without = Ledger(here.household, node)
    assert without.events(20_000, 10).told == ()
    index = ChainIndex(tmp_path / "index.db")
    while index.step(node):
        pass
    found = Ledger(here.household, node, index).events(20_000, 10)
    assert [one.log.block for one in found.told] == [8, 5]
    assert found.older is None


@pytest.mark.usefixtures("indexed")
def test_transactions_are_listed_for_all_and_for_one(reader: Visitor) -> None:
    page = reader.get("/explorer/transactions")
    assert page.index("redeems a voucher") < page.index("buys 2.10 Wh from")
    of_alder = reader.get(f"/explorer/transactions?account={ALDER}")
    assert "redeems a voucher" in of_alder
    assert "buys 2.10 Wh" not in of_alder, "the order was sent by Birch to the token"
    assert reader.code("/explorer/transactions?account=alder") == 404


def test_without_an_index_the_list_of_transactions_says_why_it_is_empty(reader: Visitor) -> None:
    assert "There is no index of the chain here" in reader.get("/explorer/transactions")


def test_what_waits_for_a_block_is_shown_as_waiting(reader: Visitor, node: FakeNode) -> None:
    assert "Waiting for a block" not in reader.get("/explorer/")
    node.pending.append(BOUGHT)
    assert "Waiting for a block" in reader.get("/explorer/")


def test_the_first_index_says_how_far_it_is(
    reader: Visitor, app: Flask, node: FakeNode, tmp_path: Path
) -> None:
    node.head = 640
    here, index = app.extensions["commonwatt"], ChainIndex(tmp_path / "index.db")
    index.step(node)
    here.ledger = Ledger(here.household, node, index)
    assert "block 63 of 640 (9 %)" in reader.get("/explorer/")


def test_an_address_is_a_picture_too(reader: Visitor) -> None:
    answer = reader.client.get(f"/explorer/qr/{ALDER}.svg", base_url=ORIGIN)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert "<path" in answer.text
    assert "style=" not in answer.text
    assert reader.code("/explorer/qr/alder.svg") == 404


def test_signers_that_seal_nothing_are_called_silent(reader: Visitor, tmp_path: Path) -> None:
    made_up.publish(tmp_path)
    page = reader.get("/explorer/signers")
    assert page.count("silent") == 3
    assert "the last 12 blocks" in page
