from __future__ import annotations

import csv
import io
import sqlite3
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from node.client_interaction.trades import Mark, open_trades
from node.dapp.household import dumps, loads
from node.readings.spool import status
from node.readings.spool.status import Status
from store import snapshot
from tests.integration.dapp import made_up
from tests.unit.node.dapp.api.programs import Program


def test_it_says_where_to_begin(program: Program) -> None:
    told = program.get("/api/v1/")
    assert (told["household"], told["role"], told["time_zone"]) == ("birch", "prosumer", "Europe/Paris")
    for path in told["paths"]:
        if path.rpartition("/")[2] not in ("relay", "energy", "readings", "rollups"):
            assert program.ask(path).status_code == 200, path


def test_every_answer_states_its_time_zone(program: Program) -> None:
    measured = ("/meters", "/energy?meter=load", "/readings?meter=load", "/rollups?meter=load", "/tariffs")
    for path in ("/", "/health", "/trading", "/chain", "/trades", *measured):
        assert program.get(f"/api/v1{path}")["time_zone"] == "Europe/Paris"


def test_meters_say_what_is_and_not_what_was(program: Program, tmp_path: Path) -> None:
    told = {each["meter"]: each for each in program.get("/api/v1/meters")["meters"]}
    assert told["tie-11"] | {"taken": None} == {
        "meter": "tie-11", "place": "tie", "neighbour": "alder", "live": True, "taken": None,
        "power_mw": 82_200, "forward_mwh": 122_490, "reverse_mwh": 800,
    }  # fmt: skip
    assert told["tie-11"]["taken"][-6:] in ("+01:00", "+02:00")
    made_up.publish(tmp_path, sampled=snapshot.boottime() - 60)
    later = program.get("/api/v1/meters")
    assert not any(each["live"] for each in later["meters"])
    assert not later["battery"]["live"]


def test_health_names_what_is_silent(program: Program, tmp_path: Path) -> None:
    assert program.get("/api/v1/health")["ok"]
    made_up.publish(tmp_path, sampled=snapshot.boottime() - 60)
    told = program.get("/api/v1/health")
    assert not told["ok"]
    assert {part["part"] for part in told["parts"] if not part["ok"]} == {
        "meters", "battery", "trading", "chain", "readings",
    }  # fmt: skip


def test_health_tells_of_samples_that_wait_and_of_those_that_had_to_go(
    program: Program, tmp_path: Path
) -> None:
    waiting = program.get("/api/v1/health")["waiting"]
    assert (waiting["samples"], waiting["dropped"], waiting["away_since"]) == (4_510, 0, None)
    assert waiting["oldest"][-6:] in ("+01:00", "+02:00")
    run, now = made_up.household(tmp_path).run, time.time()
    status.write(run, Status(waiting=9, since=now - 901, reason="the server went away"))
    (away,) = (part for part in program.get("/api/v1/health")["parts"] if not part["ok"])
    assert (away["part"], away["says"]) == ("readings", "The store takes nothing: the server went away.")
    status.write(run, Status(waiting=9, dropped=5, dropped_at=now - 86_399))
    (lost,) = (part for part in program.get("/api/v1/health")["parts"] if not part["ok"])
    assert lost["says"] == "The spool was full: 5 samples are lost."
    (run / status.FILE).unlink()
    silent = program.get("/api/v1/health")
    assert (silent["ok"], silent["waiting"]) == (False, None)


def test_a_silent_process_is_unavailable_with_the_command_to_start_it(
    program: Program, tmp_path: Path
) -> None:
    (made_up.household(tmp_path).run / "chain.json").unlink()
    status, detail = program.refused("/api/v1/chain")
    assert (status, "commonwatt chain run" in detail) == (503, True)


def test_a_household_without_relay_says_so(program: Program) -> None:
    assert program.refused("/api/v1/relay")[0] == 404


def test_trades_come_page_by_page_and_none_is_lost_or_twice(program: Program) -> None:
    whole = program.get("/api/v1/trades")
    assert whole["next"] is None
    pages, path = [], "/api/v1/trades?limit=2"
    while path:
        page = program.get(path)
        pages.append(page["rows"])
        path = page["next"] and f"/api/v1/trades?limit=2&cursor={page['next']}"
    assert [row for page in pages for row in page] == whole["rows"]
    assert [len(page) for page in pages] == [2, 2, 2, 2, 1]


def test_trades_of_one_moment_fall_on_both_sides_of_a_page(tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    database = made_up.household(tmp_path).state / "trade.db"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE trades SET created = 5")
    with open_trades(database) as reader:
        first = reader.after(None, 4)
        rest = reader.after(Mark(5, first[-1].order), 50)
    assert len(first) + len(rest) == len({trade.order for trade in first + rest}) == 9


def test_trades_are_chosen_by_side_and_state(program: Program) -> None:
    rows = program.get("/api/v1/trades?side=seller&state=settled")["rows"]
    assert [(row["side"], row["state"]) for row in rows] == [("seller", "settled")]


def test_a_trade_comes_with_its_steps(program: Program) -> None:
    told = program.get(f"/api/v1/trades/{made_up.order(8)}")
    assert told["trade"]["paid"] == "0.000665"
    assert [told["steps"][i]["proof_kind"] for i in (1, 2, -1)] == ["transaction", "block", "transaction"]
    assert program.refused(f"/api/v1/trades/{made_up.order(77)}")[0] == 404
    assert program.refused("/api/v1/trades/0x12")[0] == 400


def test_trades_are_exported_as_csv(program: Program) -> None:
    with program.ask("/api/v1/trades?format=csv") as answer:
        assert answer.content_type.startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert [row["order"] for row in rows] == [r["order"] for r in program.get("/api/v1/trades")["rows"]]


def test_a_third_export_at_once_is_asked_to_wait(program: Program) -> None:
    first, second = (program.ask("/api/v1/trades?format=csv") for _ in range(2))
    assert program.refused("/api/v1/trades?format=csv")[0] == 503
    first.close()
    with program.ask("/api/v1/trades?format=csv") as answer:
        assert answer.status_code == 200
    second.close()


def test_an_answer_that_did_not_change_is_not_sent_again(program: Program) -> None:
    first = program.ask("/api/v1/trades")
    again = program.ask("/api/v1/trades", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"


def test_without_readings_it_says_what_to_do(program: Program, tmp_path: Path) -> None:
    for file in made_up.household(tmp_path).state.glob("readings.db*"):
        file.unlink()
    status, detail = program.refused("/api/v1/energy?meter=load")
    assert (status, "commonwatt doctor" in detail) == (503, True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/energy?meter=lod", 404),
        ("/api/v1/energy?meter=load&from=2026-02-01&to=2026-01-01", 422),
        ("/api/v1/trades?cursor=xyz", 422),
        ("/api/v1/trades?cursor=MTI=", 422),
        ("/api/v1/trades?limit=0", 400),
    ],
)
def test_a_request_that_makes_no_sense_is_a_problem(program: Program, path: str, status: int) -> None:
    assert program.refused(path)[0] == status


def test_energy_is_what_the_registers_counted(program: Program) -> None:
    told = program.get("/api/v1/energy?meter=load")
    assert 60_000 < told["forward_mwh"] < 110_000  # some 60 W for an hour and a half
    assert (told["reverse_mwh"], told["cost"]) == (0, None)


def test_energy_is_priced_by_each_rate_and_the_parts_are_the_whole(program: Program) -> None:
    told = program.get("/api/v1/energy?meter=load&cost=grid")
    paid = told["cost"]
    assert (paid["tariff"], paid["currency"], paid["unpriced_mwh"]) == ("grid", "EUR", 0)
    assert sum(part["energy_mwh"] for part in paid["rates"]) == told["forward_mwh"]
    price = {"night": Decimal("0.1828"), "base": Decimal("0.2516")}
    exact = sum((price[part["rate"]] * part["energy_mwh"] for part in paid["rates"]), Decimal(0)) / 10**6
    assert abs(Decimal(paid["cost"]) - exact) <= Decimal("0.0000005")
    assert program.refused("/api/v1/energy?meter=load&cost=water") == (
        404,
        "There is no tariff “water” here; there are grid.",
    )


def test_tariffs_are_told_with_their_price_now(program: Program) -> None:
    [told] = program.get("/api/v1/tariffs")["tariffs"]
    assert told["price_now_per_kwh"] in ("0.2516", "0.1828")
    assert [version["valid_from"] for version in told["versions"]] == ["2020-01-01", "2021-01-01"]
    assert told["versions"][1]["rates"] == [
        {
            "name": "night", "price_per_kwh": "0.1828", "night": True, "days": [], "months": [],
            "after": "22:00", "before": "06:00",
        }
    ]  # fmt: skip


def test_the_household_is_handed_over_with_its_tariffs(tmp_path: Path) -> None:
    house = made_up.household(tmp_path)
    assert loads(dumps(house)) == house


def pages(program: Program, path: str) -> list[dict[str, Any]]:
    """Every row, page by page."""
    rows, more = [], ""
    while more is not None:
        page = program.get(f"{path}{'&cursor=' + more if more else ''}")
        rows += page["rows"]
        more = page["next"]
    return rows


def test_readings_come_in_slices_and_page_by_page(program: Program) -> None:
    whole = program.get("/api/v1/readings?meter=load&step=1min")
    assert (whole["unit"], whole["next"]) == ("mW", None)
    assert 88 <= len(whole["rows"]) <= 91  # an hour and a half
    assert all(row["lowest"] <= row["mean"] <= row["highest"] for row in whole["rows"])
    assert pages(program, "/api/v1/readings?meter=load&step=1min&limit=20") == whole["rows"]


@pytest.mark.parametrize("step", ["1min", "15min", "1h", "1d"])
def test_rollups_add_up_to_the_energy_whatever_their_length(program: Program, step: str) -> None:
    path = f"/api/v1/rollups?meter=load&step={step}&from={int(time.time()) - 3 * 86_400}"
    rows = program.get(path)["rows"]
    counted = program.get("/api/v1/energy?meter=load&from=2020-01-01")["forward_mwh"]
    assert sum(row["forward_mwh"] for row in rows) == counted > 0
    assert pages(program, f"{path}&limit=1" if step != "1min" else f"{path}&limit=40") == rows
    assert all(row["start"] < row["end"] for row in rows)


def test_a_day_is_the_households_own(program: Program) -> None:
    start = int(time.time()) - 3 * 86_400
    for row in program.get(f"/api/v1/rollups?meter=load&step=1d&from={start}")["rows"]:
        assert row["start"][10:19] == row["end"][10:19] == "T00:00:00"


def test_too_much_at_once_is_refused_before_it_is_read(program: Program) -> None:
    status, detail = program.refused("/api/v1/readings?meter=load&step=1s&from=1970-01-01")
    assert (status, "coarser" in detail) == (422, True)
