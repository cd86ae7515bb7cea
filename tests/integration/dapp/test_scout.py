"""What is seen of a neighbourhood, on a real chain on which two have traded, with one relay that runs."""

from __future__ import annotations

from pathlib import Path

from contracts.manifest import load
from node.dapp.scout import Scout
from tests.integration.dapp.on_chain import ORDERED, PRICE, traded_chain
from tests.integration.relay_server.relay_rig import running_relay
from tests.waiting import PATIENCE


def test_the_chain_and_the_relays_are_seen_together(tmp_path: Path) -> None:
    (tmp_path / "chain").mkdir()
    (tmp_path / "relay").mkdir()
    with traded_chain(tmp_path / "chain") as traded:
        scout = Scout(traded.chain.url, lambda: load(traded.manifest_file), clock=lambda: 0.0)
        with running_relay(tmp_path / "relay", listen="127.0.10.1:15555"):
            scout.scene()
            scout.looking.wait(PATIENCE)
        scene = scout.scene()
        again = Scout(traded.chain.url, lambda: load(traded.manifest_file))
        again.scene()
        again.looking.wait(PATIENCE)
        later = again.scene()
    assert scene is not None, scout.problem
    alder, birch = scene.sightings
    assert (alder.registered.name, birch.registered.name) == ("alder", "birch")
    [offer] = alder.offers
    assert offer.price == PRICE
    assert [report.produced.mwh for report in alder.reports] == [310_000]
    [supply] = scene.supplies()
    assert (supply.seller, supply.buyer, supply.order.energy) == ("alder", "birch", ORDERED)
    assert supply.closed is False, "its relay runs, and has not closed the contact for this order"
    assert alder.relay is not None
    assert not alder.relay.problem
    assert alder.relay.contacts
    assert alder.gas is not None
    assert later is not None
    assert later.sightings[0].relay is not None
    assert later.sightings[0].relay.problem, "a relay that was stopped is not reached"
    assert later.supplies()[0].closed is None
