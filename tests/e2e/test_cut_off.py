"""A household whose network is cut in the middle of a trade: home in time, nothing short, little unpaid."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from relay_server.records import open_records
from tests.e2e.neighbourhood import Neighbourhood, neighbourhood
from tests.waiting import BUSY

BUYER = "birch"
NOTICED = 0.5
"""Seconds after its lease in which a contact is open."""


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbourhood]:
    """Two households are enough: one that buys, one that sells."""
    folder = tmp_path_factory.mktemp("street") / "two"
    with neighbourhood(folder, "127.0.25.1", f"--cut={BUYER}", households=2) as running:
        yield running


@pytest.fixture(scope="module")
def cut(street: Neighbourhood) -> Mapping[str, Any]:
    """What the demo wrote down when the network was back."""
    path = street.folder / "cut.json"

    def mended() -> Mapping[str, Any] | None:
        facts: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return facts if "mended" in facts else None

    return street.until("the cut and its end", mended, 180)


def test_the_household_is_home_and_the_feed_open_soon_after_the_lease(
    street: Neighbourhood, cut: Mapping[str, Any]
) -> None:
    line = next(x for x in street.scenario.bought_by(BUYER) if x.seller == cut["seller"])
    lease = street.lease(cut["seller"])
    for contact in (f"{BUYER}.tie-{line.tie}", f"{cut['seller']}.feed-{line.feed}"):
        moved = [s for s in street.switchings(contact) if s["at"] > cut["cut"]]
        assert moved, f"{contact} did not move"
        assert moved[0]["closed"] is False
        assert moved[0]["at"] - cut["cut"] < lease + NOTICED + BUSY


def test_no_two_sources_met(street: Neighbourhood, cut: Mapping[str, Any]) -> None:
    assert cut["order"]
    assert street.events("short") == []


def test_what_was_not_paid_when_the_network_came_back_is_within_the_bound(
    street: Neighbourhood, cut: Mapping[str, Any]
) -> None:
    relay = street.settings(cut["seller"]).relay
    assert relay is not None
    [feed] = [feed for feed in relay.feeds if feed.contact == 1]
    [record] = [
        each
        for each in open_records(street.folder / cut["seller"] / "state" / "relay.db").best_vouchers()
        if each.order.hex() == cut["order"].removeprefix("0x")
    ]
    ahead = feed.rating.mw * (relay.lease + relay.stale_meter) / 3_600
    assert cut["unpaid_mwh"] <= relay.unpaid_fraction * record.delivered + ahead


def test_then_the_trade_is_settled(street: Neighbourhood, cut: Mapping[str, Any]) -> None:
    street.until("the settlement", lambda: street.orders()[cut["order"]].state == "settled", 120)
    books = street.conservation()
    assert books["exact"], books
