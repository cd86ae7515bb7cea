"""docs/intents.md promises the defaults that are there, and commands that ask for what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from node.cli import ask, commonwatt
from node.intents.book import LASTING
from node.intents.kinds import (
    BuyNow,
    ChangeLimit,
    Intent,
    Limit,
    OwnOffer,
    Pause,
    Resume,
    Revoke,
    SendTokens,
    SetOffer,
    Stop,
)
from node.intents.settings import IntentsSettings
from quantities import Energy, Price, Tokens

ALDER = "0xA1DE4c0F5b3D9E7f8A2b6c4D1E3f5A7b9C0d2E4F"

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "intents.md").read_text()


def test_the_bounds_are_those_of_the_configuration() -> None:
    bounds = IntentsSettings()
    assert f"`send_per_day` ({bounds.send_per_day.value // 10**18}) tokens in 24 hours" in TEXT
    assert f"`send` ({bounds.send.value // 10**18}) at a time" in TEXT
    assert f"`per_minute` ({bounds.per_minute}) requests a minute" in TEXT
    assert bounds.stop_for == 3_600
    assert "`intents.stop_for` (an hour)" in TEXT
    assert LASTING == 60


def test_each_example_asks_for_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Intent] = []

    def noted(_settings: object, intent: Intent, _as_json: bool) -> int:
        asked.append(intent)
        return 0

    monkeypatch.setattr(ask, "_ask", noted)
    for line in re.findall(r"^commonwatt (ask .*)$", TEXT, re.M):
        command = [*line.split(), "--config", str(ROOT / "config.example.yml")]
        answer = CliRunner().invoke(commonwatt, command)
        assert answer.exit_code == 0, f"{line}: {answer.output}"
    assert asked == [
        BuyNow(energy=Energy(2_500)),
        Stop(),
        Pause(),
        Resume(),
        ChangeLimit(limit=Limit.MAX_PRICE, value=Price.parse("0.30")),
        ChangeLimit(limit=Limit.MAX_PRICE, value=None),
        SetOffer(contact=1, offer=OwnOffer(price=Price.parse("0.28"), most=Energy(4_000), on=True)),
        SetOffer(contact=1, offer=OwnOffer(price=Price(0), most=Energy(1_000), on=False)),
        SendTokens(to="alder", amount=Tokens.parse("2.5")),
        Revoke(spender=ALDER),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "ask buy --energy lots",
        "ask limit keep 3",
        "ask limit limit 101",
        "ask offer 1 0.28",
        "ask send al,der 1",
    ],
)
def test_what_makes_no_sense_is_not_asked(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "_ask", lambda *_: pytest.fail("asked"))
    command = [*line.split(), "--config", str(ROOT / "config.example.yml")]
    assert CliRunner().invoke(commonwatt, command).exit_code == 2
