"""docs/trading-policy.md says what the code does: names, defaults, and every example computed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node.client_interaction.back_off import FAILURES, length
from node.client_interaction.behaviour import WEIGHTS, Conduct, score
from node.client_interaction.choice import Chosen, Terms, choose
from node.client_interaction.core import decide
from node.client_interaction.memory import Memory
from node.client_interaction.pricing import BAND, Moment, price_at
from node.client_interaction.selling import LAST_VOUCHER, PATIENCE, SUPPLY_MARGIN, UNUSED
from node.client_interaction.settings import FeedOffer
from node.client_interaction.settlement import advance
from node.client_interaction.situation import Meter, Seller
from node.client_interaction.status import State
from node.client_interaction.successor import successor
from node.client_interaction.trade import TradeState
from node.config.docs import documentation
from node.config.reading import read
from node.wallet.journal import Stage
from quantities import Price, Share, SoC, Tokens
from tests.unit.node.client_interaction.made import (
    ALDER,
    CEDAR,
    NOW,
    POLICY,
    WALL,
    battery,
    chain,
    deed,
    offer,
    policy,
    seller,
    situation,
    supplied,
    trade,
)
from tests.unit.node.client_interaction.test_behaviour import RICH
from tests.unit.node.client_interaction.test_settlement import entry

PAGE = Path(__file__).parents[3] / "docs" / "trading-policy.md"
TEXT = " ".join(PAGE.read_text().split())
ROWS = re.findall(r"^\| `((?:trading|offers)\.\w+)` \| (.+?) \|", PAGE.read_text(), re.M)
DAY = 86_400.0


def said(words: str) -> None:
    assert words in TEXT, f"{PAGE.name} does not say: {words}"


@pytest.mark.parametrize(("key", "default"), ROWS, ids=[key for key, _ in ROWS])
def test_every_setting_is_told_with_its_default(key: str, default: str) -> None:
    [written] = re.findall(rf"^\| `{re.escape(key)}` \| `(.+?)` \|", documentation(), re.M)
    assert default == written.replace("604800 s", "7 d")


def test_no_setting_of_trading_and_offers_is_left_out() -> None:
    told = {key for key, _ in ROWS}
    plain = re.findall(r"^\| `((?:trading|offers)\.\w+)` \| `", documentation(), re.M)
    assert set(plain) - told == {"trading.enabled"}


def test_every_state_is_in_the_diagram() -> None:
    for state in State:
        said(state.value)


# --- buying -------------------------------------------------------------------------------------------------


def test_what_is_bought_and_what_the_household_reads() -> None:
    view = decide(situation(battery=battery(19)), POLICY, Memory()).view
    said(f'"{view.reason}"')
    poor = decide(situation(battery=battery(19), spent=Tokens.parse("4.9999")), POLICY, Memory())
    [buy] = poor.acts
    said(f"it orders {buy.energy}")  # type: ignore[union-attr]
    broke = decide(situation(battery=battery(19), spent=Tokens.parse(5)), POLICY, Memory())
    said(broke.view.reason)


def test_what_is_said_of_a_seller_left_alone_of_a_pause_and_of_a_rest() -> None:
    failed = seller(deeds=(deed(Conduct.DROPPED, ago=1, why="its relay does not answer"),))
    said(decide(situation(battery=battery(19), sellers=(failed,)), POLICY, Memory()).view.reason)
    paused = decide(situation(battery=battery(19), chain=chain(paused=True)), POLICY, Memory())
    said("The neighbourhood's authority has paused new orders.")
    assert "The neighbourhood's authority has paused new orders." in paused.view.reason
    rest = decide(situation(battery=battery(29), came_home=WALL - 10), POLICY, Memory()).view
    said(f"{rest.reason} {rest.next}")


def test_a_changed_price_is_told_in_these_words() -> None:
    failed = entry(Stage.FAILED, "reverted in block 5")
    found = advance(trade(TradeState.ORDERED), failed, None, offer(price=Price.parse("0.3")))
    assert found is not None
    said(f'"{found.why}"')


def test_every_deed_is_told_with_its_weight() -> None:
    for what in Conduct:
        weight = f"{WEIGHTS[what]:+d}".replace("-", "−") if WEIGHTS[what] else "0"
        alone = "yes" if what in FAILURES else "no"
        assert re.search(rf"\| {what.value} \| [^|]+ \| {re.escape(weight)} \| {alone} \|", TEXT), what


def test_the_choice_of_the_example() -> None:
    trading = POLICY.trading
    cedar = at("cedar", CEDAR, "0.24", deed(Conduct.DROPPED, ago=DAY))
    said(f"its score is {score(cedar.deeds, WALL, trading.forget).value / 100:.0f} %")
    assert chosen(at("alder", ALDER, "0.25"), cedar) == "alder"
    assert chosen(at("alder", ALDER, "0.26"), cedar) == "cedar"
    five = [deed(Conduct.DROPPED)] * 5
    bad = score(five, WALL, trading.forget)
    said(f"a seller's score is {bad.value / 100:.0f} %")
    assert bad < trading.least_score == Share(2_500)


def at(name: str, account: str, price: str, *deeds: Any) -> Seller:
    return seller(name, account=account, offer=offer(price=Price.parse(price)), deeds=deeds)


def chosen(*sellers: Seller) -> str:
    found = choose(sellers, Terms(soc=SoC(1_900), head=100, purse=RICH, wall=WALL), POLICY)
    assert isinstance(found, Chosen)
    return found.seller.name


def test_the_row_of_back_offs() -> None:
    trading = POLICY.trading
    row = [length(failures, trading.back_off, trading.max_back_off) for failures in range(1, 9)]
    said(", ".join(f"{seconds:.0f}" for seconds in row) + " s")


def test_when_the_successor_of_the_example_is_funded() -> None:
    for left, funded in ((9, True), (11, False)):
        meter = Meter(forward=1_500 - left * 10, power=36_000, sampled=NOW)
        s = replace(supplied(meter=meter), chain=chain(period=1.0, depth=1))
        assert (successor(s, policy(), trade(TradeState.SUPPLIED), None) is not None) is funded
    said("the successor is funded when 9 s are left, not yet when 11 s are")


# --- selling ------------------------------------------------------------------------------------------------


def test_the_prices_of_the_example(tmp_path: Path) -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.S)
    (tmp_path / "offers.yml").write_text(block)
    [given] = read(tmp_path / "offers.yml").data["offers"]["feeds"]
    feed = FeedOffer.model_validate(given)
    noon, evening = Moment(weekday=5, minute=720), Moment(weekday=0, minute=1_140)
    half, full = SoC(5_000), SoC(9_500)
    assert price_at(feed, evening, half) == Price.parse("0.32")
    assert price_at(feed, noon, half) == Price.parse("0.20")
    assert price_at(feed, noon, full) == price_at(feed, evening, full) == Price.parse("0.18")
    assert price_at(feed, Moment(weekday=0, minute=720), half) == Price.parse("0.25")
    said("0.32 on Monday at 19:00, 0.20 on Saturday at 12:00, 0.18 at any time with 95 % in the battery")


def test_the_times_of_selling() -> None:
    said(f"has been silent for {PATIENCE:.0f} s")
    said(f"the battery is {BAND // 100} % past it")
    said(f"{LAST_VOUCHER:.0f} s after its supply has ended")
    said(f"in any case {SUPPLY_MARGIN:.0f} s before the supply or the challenge ends")
    said(f"nobody used it for {UNUSED:.0f} s")
