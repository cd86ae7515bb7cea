"""One host after the other to a new release, while the neighbourhood trades."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from tests.rollout.releases import another
from tests.rollout.street import Played, Street, healthy, until
from tests.rollout.trades import events, settled

NOTHING = b"#!/bin/sh\necho 'this geth does not start' >&2\nexit 1\n"
RUNS = "readlink /opt/commonwatt/current"


def test_a_broken_release_stops_at_the_first_host_which_goes_back(
    street: Street, first_run: Played, releases: Path
) -> None:
    before = {name: street.on(name, RUNS) for name in street.lab.hosts}
    broken = another(releases, "0.1.0-broken", {"bin/geth": NOTHING})
    played = street.play("upgrade", "-e", "commonwatt_patience=8", artefacts=broken)
    print(f"a broken release: {played.seconds:.0f} s")
    assert played.code != 0
    assert "alder was not healthy with 0.1.0-broken and is back at" in played.output
    assert [host for host, counts in played.recap().items() if counts["failed"]] == ["alder"]
    assert {name: street.on(name, RUNS) for name in street.lab.hosts} == before
    height = head(street)
    until(lambda: head(street) > height, "blocks after going back")
    until(lambda: healthy(street, "alder"), "the first host's health after going back")


def test_an_upgrade_under_trades_loses_no_trade_and_the_chain_goes_on(
    street: Street, first_run: Played, releases: Path
) -> None:
    until(lambda: funded(street) and settled(street), "trades before the upgrade", 300)
    good = another(releases, "0.1.0-next")
    began = head(street)
    played = street.play("upgrade", artefacts=good)
    print(f"upgrade of four hosts: {played.seconds:.0f} s")
    assert played.code == 0, played.output[-6_000:]
    assert {street.on(name, RUNS).strip() for name in street.lab.hosts} == {"releases/0.1.0-next"}
    gap = longest_gap(street, began, head(street))
    print(f"longest time between two blocks: {gap} s")
    open_then = funded(street)
    until(lambda: open_then <= ended(street), "the end of every order of that time", 300)
    count = len(settled(street))
    until(lambda: len(settled(street)) > count, "a trade with the new release", 300)


def head(street: Street) -> int:
    """The newest block, as a host that is upgraded last has it."""
    return int(street.ask("dogwood", "eth_blockNumber"), 16)


def longest_gap(street: Street, first: int, last: int) -> int:
    """Seconds."""
    blocks = [street.ask("dogwood", "eth_getBlockByNumber", hex(n), False) for n in range(first, last + 1)]
    times = [int(block["timestamp"], 16) for block in blocks]
    return max(later - earlier for earlier, later in pairwise(times))


def funded(street: Street) -> set[str]:
    """Orders that were ever paid into escrow."""
    return {order for name, order in events(street, "dogwood") if name == "OrderFunded"}


def ended(street: Street) -> set[str]:
    """Orders whose escrow was paid out or given back."""
    ends = ("OrderRedeemed", "OrderReleased", "OrderReclaimed")
    return {order for name, order in events(street, "dogwood") if name in ends}
