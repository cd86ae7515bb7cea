"""What is done, what is refused, and why: in words that say what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from node.changes.judging import Accepted, Refused, Undoable, Verdict, judge
from node.changes.request import LASTING, Request
from node.config import load
from store import snapshot
from tests.unit.node.changes.made import change, files, text, undo

ALONE = "offers: {feeds: [{contact: 1, price: 0.30, max_energy: 4 Wh}]}\n"


def judged(asked: Request, given: list[Path], last: Undoable | None = None) -> Verdict:
    return judge(asked, given, last, snapshot.boottime(), snapshot.boot_id())


def accepted(asked: Request, given: list[Path], last: Undoable | None = None) -> Accepted:
    verdict = judged(asked, given, last)
    assert isinstance(verdict, Accepted), verdict
    return verdict


def refused(asked: Request, given: list[Path], last: Undoable | None = None) -> list[tuple[str, str]]:
    verdict = judged(asked, given, last)
    assert isinstance(verdict, Refused), verdict
    return [(found.key, found.what) for found in verdict.problems]


def test_a_threshold_is_written_into_the_familys_file_and_the_trader_starts_anew(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    verdict = accepted(change(own, ("trading.limit", "25 %"), ("trading.resume", "55 %")), [site, own])
    assert verdict.written == b"# what the family wants\ntrading:\n  limit: 25 %\n  resume: 55 %\n"
    assert verdict.keys == ("trading.limit", "trading.resume")
    assert verdict.said[0] == "trading.limit: not given → 25 %"
    assert verdict.units == ("client-interaction", "dapp")


def test_a_tariff_concerns_the_pages_only(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    assert accepted(change(own, ("tariffs.grid.versions.1.price", "0.26")), [site, own]).units == ("dapp",)


def test_a_calibration_is_written_below_its_sensor_and_the_logger_starts_anew(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    key = "sensors.battery.calibration.current"
    verdict = accepted(change(own, (f"{key}.zero", "12"), (f"{key}.gain", "1.013")), [site, own])
    assert verdict.said == (f"{key}.zero: not given → 12", f"{key}.gain: not given → 1.013")
    assert verdict.units == ("logger",)
    own.write_bytes(verdict.written)
    assert load([site, own]).sensors["battery"].corrections["current"].gain == 1.013
    alone = accepted(change(site, (f"{key}.gain", "1.013")), [site])
    assert b"gain: 1.013" in alone.written


def test_one_file_is_enough_on_a_desk(tmp_path: Path) -> None:
    [site, _] = files(tmp_path)
    verdict = accepted(change(site, ("trading.limit", "25 %")), [site])
    assert b"limit: 25 %       " in verdict.written
    assert verdict.said == ("trading.limit: 30 % → 25 %",)


@pytest.mark.parametrize(
    ("key", "value", "where", "why"),
    [
        ("trading.limit", "lots", "trading.limit", "write a number with the unit %"),
        ("trading.limit", "101 %", "trading.limit", "100"),
        ("trading.limit", "70 %", "trading", "`resume` (60 %) must be above `limit` (70 %)"),
        ("trading.limitt", "20 %", "trading.limitt", "did you mean `limit`?"),
        ("sellers.alder.channel", "99", "sellers.alder.channel", "there is no such tie"),
        ("notifications.quiet_after", "25:00", "notifications.quiet_after", "write a time of day"),
        ("trading.limit", "{", "", "not YAML"),
        ("sensors.battery.calibration.current.gain", "3", "sensors.battery.calibration.current.gain", "2"),
        ("sensors.nothing.calibration.current.gain", "1.1", "sensors.nothing.driver", "is missing"),
    ],
)
def test_the_checks_are_those_of_loading(tmp_path: Path, key: str, value: str, where: str, why: str) -> None:
    site, own = files(tmp_path)
    [(found, what)] = refused(change(own, (key, value)), [site, own])
    assert found == where
    assert why in what


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("intents.daily_budget_to", "1000"),
        ("intents.send", "1000"),
        ("dapp.listen", "0.0.0.0:8080"),
        ("dapp.names", "[evil.example]"),
        ("chain.rpc", "http://10.9.9.9:8545"),
        ("account.keystore", "/tmp/key.json"),
        ("relay.unpaid_fraction", "0.9"),
        ("trading.stale_meter", "1 h"),
        ("sensors.battery.driver", "simulated"),
        ("sensors.battery.rating", "1 MW"),
        ("sensors.battery.calibrated", "yes"),
        ("readings.url", "postgresql://10.9.9.9/x"),
        ("mqtt.host", "10.9.9.9"),
        ("made.up", "1"),
        ("paths.state", "/tmp"),
        ("notifications.addresses", "/etc/passwd"),
    ],
)
def test_what_is_the_sites_is_not_changed_from_the_pages(tmp_path: Path, key: str, value: str) -> None:
    site, own = files(tmp_path)
    first, *_ = refused(change(own, (key, value)), [site, own])
    assert key.startswith(first[0])
    assert "whoever set the house up" in first[1] or "unknown key" in first[1]


def test_nor_in_one_file_nor_by_its_text_nor_by_leaving_it_out(tmp_path: Path) -> None:
    [site, _] = files(tmp_path)
    for says in (
        site.read_text().replace("per_minute: 10", "per_minute: 30"),
        site.read_text().replace("  per_minute: 10", "  # per_minute: 10"),
        site.read_text().replace("intents:", "intents: {}\nx:"),
    ):
        assert any(
            "whoever set the house up" in what or "unknown" in what
            for _, what in refused(text(site, says), [site])
        )


def test_money_stays_within_the_bounds_that_no_page_writes(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    assert "5.00 tokens at most" in refused(change(own, ("trading.daily_budget", "6")), [site, own])[0][1]
    assert "0.4" in refused(change(own, ("trading.max_price", "0.41")), [site, own])[0][1]
    assert "10 % at least" in refused(change(own, ("trading.limit", "9 %")), [site, own])[0][1]
    assert "95 % at most" in refused(change(own, ("trading.resume", "96 %")), [site, own])[0][1]
    cheap = refused(change(own, ("offers.feeds.0.price", "0.24")), [site, own])
    assert cheap[0][0] == "offers.feeds[0].price"
    assert "at least" in cheap[0][1]
    assert "at most" in refused(change(own, ("offers.feeds.0.max_energy", "6 Wh")), [site, own])[0][1]
    assert accepted(change(own, ("trading.daily_budget", "4")), [site, own])


def test_a_price_below_the_bound_stays_as_the_house_was_set_up_with_its_conditions(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    assert accepted(change(own, ("offers.feeds.0.price", "0.30")), [site, own])
    assert accepted(change(own, ("offers.feeds.0.prices.1.price", "0.26")), [site, own])
    wider = refused(change(own, ("offers.feeds.0.prices.0.above", "10 %")), [site, own])
    assert wider[0][0] == "offers.feeds[0].prices[0].price"
    assert "at least" in wider[0][1]
    moved = "offers: {feeds: [{contact: 2, price: 0.3, max_energy: 1 Wh}]}\n"
    assert refused(text(own, moved), [site, own])


def test_a_bound_counts_from_the_sites_file_not_from_what_the_family_has(tmp_path: Path) -> None:
    site, own = files(tmp_path, "trading: {daily_budget: 2}\n")
    assert accepted(change(own, ("trading.daily_budget", "5")), [site, own])
    assert refused(change(own, ("trading.daily_budget", "5.1")), [site, own])


def test_a_household_whose_pages_may_ask_for_nothing_changes_nothing(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    site.write_text(
        site.read_text().replace("enabled: true                     # whether the pages", "enabled: false # ")
    )
    assert "intents.enabled" in refused(change(own, ("trading.limit", "25 %")), [site, own])[0][1]


def test_no_page_says_which_files_are_read(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    asked = change(own, ("tariffs.grid.versions.1.intervals", "/etc/shadow"))
    [(key, what)] = refused(asked, [site, own])
    assert key == "tariffs.grid.versions[1].intervals"
    assert "at the box" in what


def test_a_file_that_was_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    asked = change(own, ("trading.limit", "25 %"))
    own.write_text("trading: {limit: 28 %}\n")
    verdict = judged(asked, [site, own])
    assert isinstance(verdict, Refused)
    assert verdict.conflict
    assert "changed meanwhile" in verdict.problems[0].what


def test_what_was_asked_long_ago_or_before_a_reboot_is_not_done(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    asked = change(own, ("trading.limit", "25 %"))
    for old in (replace(asked, boottime=asked.boottime - LASTING - 1), replace(asked, boot="another")):
        assert "Ask again" in refused(old, [site, own])[0][1]


def test_only_the_last_change_is_taken_back(tmp_path: Path) -> None:
    site, own = files(tmp_path, "trading: {limit: 28 %}\n")
    last = Undoable(id="ab" * 16, former=b"# before\n", written=own.read_bytes())
    assert accepted(undo(own, "ab" * 16), [site, own], last).written == b"# before\n"
    assert "not the last one" in refused(undo(own, "cd" * 16), [site, own], last)[0][1]
    assert "not the last one" in refused(undo(own, "cd" * 16), [site, own])[0][1]


def test_what_was_changed_at_the_box_since_then_is_not_taken_back_with_it(tmp_path: Path) -> None:
    site, own = files(tmp_path, "trading: {limit: 28 %}\n")
    last = Undoable(id="ab" * 16, former=b"# before\n", written=b"trading: {limit: 27 %}\n")
    assert "at the box since then" in refused(undo(own, "ab" * 16), [site, own], last)[0][1]


def test_what_changes_nothing_is_told(tmp_path: Path) -> None:
    site, own = files(tmp_path, "trading: {limit: 28 %}\n")
    assert "nothing changes" in refused(change(own, ("trading.limit", "28 %")), [site, own])[0][1]


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(6)
)


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (BOMB, "aliases repeat too much"),
        ("trading:\n\tlimit: 25 %\n", "not YAML"),
        ("trading: {limit: 25 %}\ntrading: {resume: 50 %}\n", "written twice, first on line 1"),
        ("trading: {limit: 25 %, limit: 26 %}\n", "written twice"),
        ("[" * 300 + "]" * 300, "nested more than 16 deep"),
        ("- a\n", "expected keys and values"),
        ("trading: !!python/object/apply:os.system [id]\n", "means nothing here"),
        ("#" * 262_145, "larger than"),
        ("trading: {limit: 25 %}\x00", "not YAML"),
    ],
    ids=["bomb", "tab", "twice", "twice-inside", "deep", "list", "tag", "large", "nul"],
)
def test_a_text_is_read_as_strictly_as_any_configuration(tmp_path: Path, says: str, why: str) -> None:
    site, own = files(tmp_path)
    problems = refused(text(own, says), [site, own])
    assert any(why in what for _, what in problems), problems


def test_a_text_of_only_comments_is_fine_and_a_browsers_lines_are_ours(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    assert accepted(text(own, "# a\r\n# b\r\n"), [site, own]).written == b"# a\n# b\n"
