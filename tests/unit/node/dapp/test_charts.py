import time
from pathlib import Path

from node.dapp.views.charts import first_span
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import ORIGIN, Visitor


def test_without_readings_the_chart_says_so(member: Visitor) -> None:
    answer = member.client.get("/data/charts", base_url=ORIGIN).get_json()["battery"]
    assert answer["empty"]
    assert answer["columns"] == []


def test_a_chart_is_columns_of_equal_length(member: Visitor, tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    for name, labels in (
        ("battery", ["Battery"]),
        ("power", ["Panel", "House", "From Alder", "Sold at feed-1"]),
    ):
        chart = member.client.get("/data/charts?span=1h", base_url=ORIGIN).get_json()[name]
        assert [line["label"] for line in chart["series"]] == labels
        assert len({len(column) for column in chart["columns"]}) == 1
        assert len(chart["columns"]) == len(labels) + 1
        assert 100 <= len(chart["columns"][0]) <= 240
        assert chart["columns"][0] == sorted(chart["columns"][0])
        assert chart["empty"] == ""


def test_the_battery_chart_marks_the_limits(member: Visitor, tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    chart = member.client.get("/data/charts", base_url=ORIGIN).get_json()["battery"]
    assert chart["marks"] == {"limit": 30.0, "resume": 60.0}
    assert all(0 <= value <= 100 for value in chart["columns"][1])


def test_a_span_that_is_none_is_not_found(member: Visitor) -> None:
    assert member.code("/data/charts?span=9y") == 404


def test_the_numbers_are_for_who_is_logged_in(stranger: Visitor) -> None:
    assert stranger.code("/data/charts") == 401
    assert stranger.code("/live") == 401


def test_the_page_opens_with_the_span_that_has_something_to_show(tmp_path: Path) -> None:
    household, now = made_up.household(tmp_path), int(time.time() * 1_000)
    assert first_span(household, now) == "10m"
    made_up.furnish(tmp_path)
    assert first_span(household, now) == "1h"
