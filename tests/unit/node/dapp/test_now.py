import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from node.alerts import judging
from node.client_interaction.status import State
from node.client_interaction.trade import Side, TradeState
from node.dapp.household import Household
from node.dapp.picture import gauge_marks, picture
from node.dapp.purse import Purse, purse
from node.dapp.sources import Observation, observe
from quantities import SoC, Tokens
from store import snapshot
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import Visitor


def test_a_fresh_household_is_told_what_to_start(member: Visitor) -> None:
    page = member.get("/")
    assert "Trading is not running" in page
    assert "commonwatt client-interaction run" in page
    assert "commonwatt chain run" in page
    assert "The logger has not published the battery yet." in page


def test_the_state_stands_on_top_with_its_reason_and_what_comes_next(member: Visitor, tmp_path: Path) -> None:
    made_up.publish(tmp_path)
    page = member.get("/")
    assert ">Supplied by Alder</h1>" in page
    assert (
        "Because the battery fell to 29.6 % (limit 30 %): 670 mWh of 2.00 Wh received; "
        "the battery is at 41 %."
    ) in page
    assert "Goes home when the battery is at 60 %." in page
    assert f'href="/trades/{made_up.order(9)}"' in page


def test_everything_that_flows_has_its_watts(member: Visitor, tmp_path: Path) -> None:
    made_up.publish(tmp_path)
    page = member.get("/")
    for watts in ("12.8 W", "82.2 W", "73.6 W", "21.4 W"):
        assert watts in page
    assert (
        "The panel makes 12.8 W, the battery takes 21.4 W, Alder gives 82.2 W and the house uses 73.6 W."
        in page
    )


def test_the_battery_shows_its_limits(member: Visitor, tmp_path: Path) -> None:
    made_up.publish(tmp_path)
    page = member.get("/")
    assert ">41 %</text>" in page
    assert 'class="mark limit"' in page
    assert 'class="mark resume"' in page
    assert "buys below 30 %" in page


def test_old_values_look_old_and_say_how_old(member: Visitor, tmp_path: Path) -> None:
    made_up.publish(tmp_path, sampled=snapshot.boottime() - 90)
    page = member.get("/")
    assert 'class="gauge stale"' in page
    assert "as it was 1 min ago" in page
    assert 'class="arm stale"' in page
    assert "client-interaction may have stopped" in page
    assert "the chain node may have stopped" in page


def test_nothing_is_said_to_be_wrong_while_nothing_is(
    member: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2 * judging.LITTLE))
    made_up.publish(tmp_path)
    assert 'class="alert' not in member.get("/")


def test_what_is_wrong_stands_above_everything_with_what_to_do(member: Visitor, tmp_path: Path) -> None:
    made_up.publish(tmp_path, State.FAULT)
    (tmp_path / "run" / "sensors.json").unlink()
    page = member.get("/")
    assert page.count('class="alert critical"') == 2
    assert page.index("Nothing is measured") < page.index("<h1")
    assert "journalctl -u commonwatt-logger" in page


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_own_headline(tmp_path: Path, state: State) -> None:
    made_up.publish(tmp_path, state)
    house = made_up.household(tmp_path)
    shown = picture(house, observe(house, 0.0, snapshot.boottime()), None)
    assert shown["headline"]
    assert shown["state_class"] == f"state {state}"


def test_states_are_told_apart(tmp_path: Path) -> None:
    house, headlines = made_up.household(tmp_path), set()
    for state in State:
        made_up.publish(tmp_path, state)
        headlines.add(picture(house, observe(house, 0.0, snapshot.boottime()), None)["headline"])
    assert len(headlines) == len(State)


def test_a_low_battery_looks_low(member: Visitor, tmp_path: Path) -> None:
    made_up.publish(tmp_path, soc=2_400)
    assert 'class="gauge low"' in member.get("/")


def test_a_torn_file_counts_as_absent(tmp_path: Path) -> None:
    house = made_up.household(tmp_path)
    house.run.mkdir(parents=True)
    (house.run / "battery.json").write_text('{"soc": 41')
    snapshot.write(house.run / "chain.json", {"height": "many"})
    seen = observe(house, 0.0, snapshot.boottime())
    assert seen.battery is None
    assert seen.chain is None


def test_a_chain_without_new_blocks_is_said_to_stand(tmp_path: Path) -> None:
    made_up.publish(tmp_path)
    house = made_up.household(tmp_path)
    seen = observe(house, 0.0, snapshot.boottime())
    assert seen.chain
    late = replace(seen, unix=seen.chain.head_time + 600)
    shown = picture(house, late, None)
    assert shown["chain"] == "Behind"
    assert "No new block for 10 min" in shown["chain_note"]


def test_a_household_that_does_not_trade_has_no_marks() -> None:
    assert gauge_marks(Household(name="x", run=Path(), state=Path())) == {}


def test_the_marks_stand_where_the_ring_reaches() -> None:
    marks = gauge_marks(Household(name="x", run=Path(), state=Path(), limit=SoC(2_500), resume=SoC(5_000)))
    assert marks["limit"] == (116.0, 70.0, 132.0, 70.0)
    assert marks["resume"] == (70.0, 116.0, 70.0, 132.0)


def test_the_money_of_today(tmp_path: Path) -> None:
    trades = [
        made_up.trade(1, 100.0),
        made_up.trade(2, 100.0, TradeState.SUPPLIED),
        made_up.trade(3, 100.0, TradeState.REFUNDED),
        made_up.trade(4, 100.0, side=Side.SELLER),
        made_up.trade(5, 50.0),
    ]
    found = purse(trades, start=60.0)
    assert found.spent == trades[0].paid + trades[1].cost
    assert found.earned == trades[3].paid


def test_a_spent_budget_fills_its_bar(tmp_path: Path) -> None:
    house = made_up.household(tmp_path)
    shown = picture(house, Observation(unix=0.0), Purse(spent=Tokens.parse(7)))
    assert shown["spent_share"] == "100"
    assert shown["spent_note"] == "of 5.00 tokens a day"


def test_every_value_of_the_picture_is_a_text(tmp_path: Path) -> None:
    made_up.publish(tmp_path)
    house = made_up.household(tmp_path)
    for seen in (Observation(unix=0.0), observe(house, 0.0, snapshot.boottime())):
        shown = picture(house, seen, Purse())
        assert all(type(value) is str for value in shown.values())


def test_an_old_balance_looks_old(member: Visitor, tmp_path: Path) -> None:
    made_up.publish(tmp_path)
    assert 'class="figure"' in member.get("/")
    made_up.publish(tmp_path, sampled=snapshot.boottime() - 90)
    assert 'class="figure stale"' in member.get("/")
