"""Sections that contradict each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.config import ConfigError, load

EXAMPLE = Path(__file__).parents[4] / "config.example.yml"


def told(folder: Path, text: str) -> list[str]:
    own = folder / "own.yml"
    own.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load([EXAMPLE, own])
    return [f"{problem.place.line} {problem.key}: {problem.what}" for problem in refused.value.problems]


def test_a_battery_needs_a_sensor_that_exists(tmp_path: Path) -> None:
    assert told(tmp_path, "battery: {sensor: batery}\n") == [
        "1 battery.sensor: 'batery': there is no such sensor; did you mean 'battery'?"
    ]


def test_a_gauge_is_a_sensor_that_exists(tmp_path: Path) -> None:
    assert told(tmp_path, "battery: {gauge: batery}\n") == [
        "1 battery.gauge: 'batery': there is no such sensor; did you mean 'battery'?"
    ]


def test_a_contact_needs_a_meter_that_exists(tmp_path: Path) -> None:
    lines = told(tmp_path, "relay:\n  feeds: [{contact: 1, pin: 17, meter: xyz}]\n")
    assert lines == [
        "2 relay.feeds[0].meter: 'xyz': there is no such sensor; "
        "there are battery, feed-1, load, panel, tie-11"
    ]


def test_a_tie_needs_a_meter_that_exists(tmp_path: Path) -> None:
    text = "relay:\n  transfer:\n    ties: [{contact: 11, pin: 23, meter: tie-12}]\n"
    assert told(tmp_path, text) == [
        "3 relay.transfer.ties[0].meter: 'tie-12': there is no such sensor; did you mean 'tie-11'?"
    ]


def test_a_sellers_line_ends_at_a_tie_that_exists(tmp_path: Path) -> None:
    assert told(tmp_path, "sellers:\n  alder:\n    channel: 99\n") == [
        "3 sellers.alder.channel: '99': there is no such tie in relay.transfer.ties; there are 11"
    ]


def test_two_lines_do_not_end_at_one_tie(tmp_path: Path) -> None:
    seller = f'{{account: "0x{"2" * 40}", relay: 10.0.0.3:15555, contact: 1, channel: 11}}'
    assert told(tmp_path, f"sellers:\n  cedar: {seller}\n") == [
        "2 sellers.cedar.channel: 11: the line of alder ends here already; one line, one tie"
    ]


def test_an_offer_needs_a_feed_that_exists(tmp_path: Path) -> None:
    assert told(tmp_path, "offers:\n  feeds: [{contact: 2, price: 0.2, max_energy: 1 Wh}]\n") == [
        "2 offers.feeds[0].contact: '2': there is no such feed in relay.feeds; there are 1"
    ]


def test_without_a_relay_there_is_nothing_to_offer_or_to_buy_over(tmp_path: Path) -> None:
    lines, advice = told(tmp_path, "relay: null\n"), "describe it, or leave this out"
    assert [line.split(" ", 1)[1] for line in lines] == [
        f"sellers.alder.channel: '11': there is no tie in relay.transfer.ties at all; {advice}",
        f"offers.feeds[0].contact: '1': there is no feed in relay.feeds at all; {advice}",
    ]


def test_a_household_does_not_sell_what_it_is_about_to_buy(tmp_path: Path) -> None:
    [line] = told(tmp_path, "offers:\n  reserve: 20 %\n")
    assert line.startswith("2 offers.reserve: 20 %: below trading.limit (30 %) the household buys")


def test_a_household_that_does_not_buy_may_sell_down_to_anywhere(tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text("trading: {enabled: false}\noffers: {reserve: 20 %}\n")
    assert load([EXAMPLE, own]).offers.reserve.percent == 20


def test_buying_needs_a_battery(tmp_path: Path) -> None:
    [line] = told(tmp_path, "battery: null\n")
    assert "sellers: buying is decided by the battery's state of charge" in line


def test_two_servers_do_not_share_a_port(tmp_path: Path) -> None:
    assert told(tmp_path, "dapp:\n  listen: 10.0.0.2:15555\n") == [
        "2 dapp.listen: 10.0.0.2:15555: relay.listen listens there already; give each its own port"
    ]


def test_a_meter_named_for_the_pages_exists(tmp_path: Path) -> None:
    [line] = told(tmp_path, "dapp:\n  panels: [roof]\n")
    assert line.startswith("2 dapp.panels[0]: 'roof': there is no such sensor")


@pytest.mark.parametrize("section", ["panels", "loads"])
def test_default_meters_of_the_pages_need_not_exist(tmp_path: Path, section: str) -> None:
    text = "\n".join(
        line for line in EXAMPLE.read_text().splitlines() if not line.startswith(f"  {section}:")
    )
    name = section.removesuffix("s")
    own = tmp_path / "own.yml"
    own.write_text(
        "\n".join(line for line in text.splitlines() if not line.startswith(f"  {name}: {{driver"))
    )
    assert name not in load([own]).sensors
