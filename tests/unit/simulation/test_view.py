from io import StringIO
from typing import Any

from rich.console import Console

from simulation.demo.table import render
from simulation.demo.view import row

FILES: dict[str, dict[str, Any]] = {
    "trading": {
        "state": "supplied", "reason": "Alder supplies it.", "order": "0x1", "seller": "alder",
        "energy_mwh": 1_500, "received_mwh": 320, "balance": str(12 * 10**18),
    },
    "battery": {"soc": 4_321},
    "chain": {"height": 42},
}  # fmt: skip
HOME = {"source": "alder-birch", "battery_w": 100.0, "panel_w": 0.0}


def test_a_household_is_told_in_words() -> None:
    told = row("birch", "consumer", FILES, HOME)
    assert (told.household, told.state, told.soc, told.source) == ("Birch", "supplied", "43.2 %", "Alder")
    assert (told.balance, told.height) == ("12.00", 42)
    assert told.trade == "320 mWh of 1.50 Wh from Alder"


def test_a_household_of_which_nothing_is_known_is_starting() -> None:
    told = row("birch", "consumer", {"trading": {}, "battery": {}, "chain": {}}, None)
    assert (told.state, told.soc, told.source, told.balance, told.height) == ("starting", "–", "–", "–", None)


def test_a_load_without_source_catches_the_eye() -> None:
    assert row("birch", "consumer", FILES, {**HOME, "source": None}).source == "nothing!"


def test_the_table_shows_every_household_on_a_narrow_terminal() -> None:
    console = Console(width=80, record=True, file=StringIO())
    console.print(render([row("birch", "consumer", FILES, HOME)], "Commonwatt", ["12.0 s  something"]))
    text = console.export_text()
    for word in ("Birch", "supplied", "43.2 %", "Alder", "42", "something"):
        assert word in text
