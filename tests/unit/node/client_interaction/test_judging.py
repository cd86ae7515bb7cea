"""What becomes of each kind of intent, as tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.keys import checksum
from node.client_interaction.judgement import (
    Accepted,
    Expired,
    Forbid,
    Grounds,
    Halt,
    Purchase,
    PutLimit,
    PutOffer,
    Refused,
    SwitchOff,
    SwitchOn,
    Transfer,
    Waits,
)
from node.client_interaction.judging import judge
from node.client_interaction.settings import FeedOffer, OffersSettings, TradingSettings
from node.client_interaction.situation import Policy
from node.client_interaction.trade import TradeState
from node.intents.answers import Moment
from node.intents.book import Letter
from node.intents.caps import Caps
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
    write,
)
from node.intents.overrides import Override, Overrides, trading
from node.intents.settings import IntentsSettings
from node.intents.wishes import Asked, Stopped, Wishes
from quantities import Energy, Price, SoC, Tokens
from store.requests import new_id
from tests.unit.node.client_interaction.made import (
    ALDER,
    BIRCH,
    CEDAR,
    NOW,
    WALL,
    battery,
    chain,
    offer,
    seller,
    situation,
    trade,
)

BOOT = "this-boot"
MOMENT = Moment(wall=WALL, boot=BOOT, boottime=NOW)
STANDS = chain(trouble="The chain stands still.")
DEAR = seller(offer=offer(price=Price.parse(1)))
ANNA = Asked(by="anna", at=WALL - 500)
TRADING = TradingSettings()
OFFERS = OffersSettings(
    feeds=(FeedOffer(contact=1, price=Price.parse("0.25"), max_energy=Energy(5_000)),)
)  # fmt: skip


def caps(**changes: Any) -> Caps:
    return Caps.of(IntentsSettings(**changes), TRADING, OFFERS)


def grounds(**changes: Any) -> Grounds:
    fields: dict[str, Any] = {
        "now": MOMENT, "situation": situation(),
        "policy": Policy(trading=TRADING, capacity=Energy(3_000)), "trading": TRADING, "offers": OFFERS,
        "overrides": Overrides(), "caps": caps(), "account": BIRCH,
        "households": {"alder": ALDER, "birch": BIRCH}, "sent": Tokens(0), "answered": 0,
    }  # fmt: skip
    return Grounds(**{**fields, **changes})


def letter(intent: Intent, age: float = 1.0, **changes: Any) -> Letter:
    kind, body = write(intent)
    fields: dict[str, Any] = {
        "id": new_id(), "kind": kind, "body": body, "by": "anna", "at": WALL - age, "boot": BOOT,
        "boottime": NOW - age,
    }  # fmt: skip
    return Letter(**{**fields, **changes})


def accepted(intent: Intent, **changes: Any) -> Any:
    judgement = judge(letter(intent, age=15), grounds(**changes))
    assert isinstance(judgement, Accepted), judgement
    assert judgement.text.endswith(".")
    return judgement.effect


def refused(intent: Intent, **changes: Any) -> str:
    judgement = judge(letter(intent, age=15), grounds(**changes))
    assert isinstance(judgement, Refused), judgement
    assert judgement.text[:1].isupper(), judgement.text
    assert judgement.text.endswith(".")
    return judgement.text


ALL: list[Intent] = [
    BuyNow(), BuyNow(energy=Energy(500)), Stop(), Pause(), Resume(), SetOffer(contact=1, offer=None),
    SetOffer(contact=1, offer=OwnOffer(price=Price.parse("0.30"), most=Energy(1), on=True)),
    ChangeLimit(limit=Limit.LIMIT, value=SoC(2_000)), ChangeLimit(limit=Limit.DAILY_BUDGET, value=None),
    SendTokens(to="alder", amount=Tokens.parse(1)),
    Revoke(spender=CEDAR),
]  # fmt: skip


@pytest.mark.parametrize("intent", ALL, ids=repr)
def test_after_a_minute_nothing_is_done(intent: Intent) -> None:
    assert isinstance(judge(letter(intent, age=60.0), grounds()), Expired)
    assert not isinstance(judge(letter(intent, age=59.9), grounds()), Expired)


@pytest.mark.parametrize("intent", ALL, ids=repr)
def test_what_was_asked_before_a_reboot_or_in_the_future_has_expired(intent: Intent) -> None:
    assert isinstance(judge(letter(intent, boot="another"), grounds()), Expired)
    assert isinstance(judge(letter(intent, age=-2.0), grounds()), Expired)


@given(st.floats(-1e10, 1e10), st.floats(-200, 200))
def test_a_clock_that_was_set_makes_nothing_younger_or_older(step: float, age: float) -> None:
    g = grounds(now=replace(MOMENT, wall=WALL + step))
    expired = isinstance(judge(letter(Stop(), age=age), g), Expired)
    assert expired == (age >= 60 or age < -1)


@pytest.mark.parametrize("intent", ALL, ids=repr)
def test_who_asks_too_much_waits(intent: Intent) -> None:
    assert isinstance(judge(letter(intent), grounds(answered=10)), Waits)


@pytest.mark.parametrize("intent", ALL, ids=repr)
def test_a_house_may_take_nothing_from_its_pages(intent: Intent) -> None:
    assert "intents.enabled" in refused(intent, caps=caps(enabled=False))


@pytest.mark.parametrize(
    ("kind", "body"), [("mint", "{}"), ("stop", '{"now":"yes"}'), ("send", "{}"), ("", "")]
)
def test_what_is_none_of_the_set_is_refused(kind: str, body: str) -> None:
    judgement = judge(letter(Stop(), kind=kind, body=body), grounds())
    assert isinstance(judgement, Refused)


# --- buy now ------------------------------------------------------------------------------------------------


def test_buy_now_buys_what_lifts_the_battery_though_it_is_above_its_limit() -> None:
    effect = accepted(BuyNow(), situation=situation(battery=battery(50)))
    assert isinstance(effect, Purchase)
    assert effect.buy.energy == Energy(300 + 200)
    assert effect.buy.reason == "because anna asked for it"


def test_buy_now_buys_the_amount_that_was_asked_for_also_above_resume() -> None:
    effect = accepted(BuyNow(energy=Energy(250)), situation=situation(battery=battery(80)))
    assert effect.buy.energy == Energy(250)


@pytest.mark.parametrize(
    ("intent", "changes", "why"),
    [
        (BuyNow(), {}, "goes home at 60 %"),
        (BuyNow(energy=Energy(1)), {"battery": battery(100)}, "full"),
        (BuyNow(), {"battery": battery(20, age=60)}, "60 s old"),
        (BuyNow(), {"battery": battery(20), "wishes": Wishes(paused=ANNA)}, "switched off by anna"),
        (BuyNow(), {"battery": battery(20), "trades": (trade(TradeState.SUPPLIED),)}, "runs already"),
        (BuyNow(), {"battery": battery(20), "trouble": "The key is gone."}, "The key is gone."),
        (BuyNow(), {"battery": battery(20), "chain": STANDS}, "stands still"),
        (BuyNow(), {"battery": battery(20), "sellers": ()}, "No seller"),
        (BuyNow(), {"battery": battery(20), "sellers": (DEAR,)}, "asks 1"),
        (BuyNow(), {"battery": battery(20), "spent": Tokens.parse(5)}, "daily budget"),
        (BuyNow(energy=Energy.from_wh(50)), {"spent": Tokens.parse("4.99999")}, "daily budget"),
        (BuyNow(energy=Energy.from_wh(50)), {}, "at most 5.00 Wh"),
        (BuyNow(), {"battery": battery(20), "relay": "it does not answer"}, "own relay"),
    ],
)  # fmt: skip
def test_buy_now_keeps_to_every_rule_of_the_policy(intent: Intent, changes: dict[str, Any], why: str) -> None:
    assert why in refused(intent, situation=situation(**changes))


def test_buying_is_refused_where_the_configuration_says_so() -> None:
    off = Policy(trading=TradingSettings(enabled=False), capacity=Energy(3_000))
    assert "trading.enabled" in refused(BuyNow(), policy=off, situation=situation(battery=battery(20)))


def test_what_is_not_known_yet_is_waited_for_but_not_for_long() -> None:
    for unknown in (None, STANDS):
        starting = grounds(situation=situation(chain=unknown))
        assert isinstance(judge(letter(BuyNow()), starting), Waits)
        assert isinstance(judge(letter(BuyNow(), age=11), starting), Refused)
        assert isinstance(judge(letter(Stop()), starting), Accepted)


# --- stop, pause, resume ------------------------------------------------------------------------------------


def test_a_stop_is_always_possible() -> None:
    assert accepted(Stop()) == Halt()
    running = situation(trades=(trade(TradeState.SUPPLIED),), trouble="The key is gone.", chain=None)
    assert accepted(Stop(), situation=running) == Halt()


def test_trading_is_switched_off_once_and_on_once() -> None:
    off = situation(wishes=Wishes(paused=ANNA))
    assert accepted(Pause()) == SwitchOff()
    assert "anna" in refused(Pause(), situation=off)
    assert accepted(Resume(), situation=off) == SwitchOn()
    assert "not switched off" in refused(Resume())


def test_switching_on_ends_a_stop() -> None:
    stopped = situation(wishes=Wishes(stopped=Stopped(asked=ANNA, left=100)))
    assert accepted(Resume(), situation=stopped) == SwitchOn()


# --- limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        (Limit.LIMIT, SoC(1_000)), (Limit.LIMIT, SoC(4_000)), (Limit.RESUME, SoC(9_500)),
        (Limit.MAX_PRICE, Price.parse("0.40")), (Limit.MAX_PRICE, Price(0)),
        (Limit.DAILY_BUDGET, Tokens.parse(5)), (Limit.DAILY_BUDGET, Tokens(0)),
    ],
)  # fmt: skip
def test_a_limit_is_changed_within_its_bounds(limit: Limit, value: Any) -> None:
    assert accepted(ChangeLimit(limit=limit, value=value)) == PutLimit(limit=limit, value=value)


@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [
        (Limit.LIMIT, SoC(999), "intents.limit_from"),
        (Limit.RESUME, SoC(9_501), "intents.resume_to"),
        (Limit.LIMIT, SoC(4_001), "offers.reserve"),
        (Limit.RESUME, SoC(3_000), "above the limit"),
        (Limit.MAX_PRICE, Price.parse("0.41"), "intents.max_price_to"),
        (Limit.DAILY_BUDGET, Tokens.parse("5.01"), "intents.daily_budget_to"),
        (Limit.LIMIT, None, "already"),
    ],
)
def test_a_limit_beyond_its_bounds_is_refused(limit: Limit, value: Any, why: str) -> None:
    assert why in refused(ChangeLimit(limit=limit, value=value))


def test_a_limit_goes_back_to_the_configuration() -> None:
    overridden = Overrides(limits={Limit.DAILY_BUDGET: Override(value=Tokens(7), asked=ANNA)})
    effect = accepted(ChangeLimit(limit=Limit.DAILY_BUDGET, value=None), overrides=overridden)
    assert effect == PutLimit(limit=Limit.DAILY_BUDGET, value=None)


def test_a_limit_does_not_go_back_where_that_would_turn_things_round() -> None:
    values = {Limit.LIMIT: SoC(7_000), Limit.RESUME: SoC(8_000)}
    high = Overrides(limits={name: Override(value=value, asked=ANNA) for name, value in values.items()})
    free = Caps.of(IntentsSettings(), TRADING, OffersSettings())
    policy = Policy(trading=trading(TRADING, high, free), capacity=Energy(3_000))
    why = refused(ChangeLimit(limit=Limit.RESUME, value=None), overrides=high, policy=policy)
    assert "above the limit (70 %)" in why


# --- offers -------------------------------------------------------------------------------------------------


def test_an_offer_may_be_dearer_and_smaller_switched_off_and_taken_back() -> None:
    own = OwnOffer(price=Price.parse("0.30"), most=Energy(4_000), on=True)
    assert accepted(SetOffer(contact=1, offer=own)) == PutOffer(contact=1, offer=own)
    off = OwnOffer(price=Price(0), most=Energy(1), on=False)
    assert accepted(SetOffer(contact=1, offer=off)) == PutOffer(contact=1, offer=off)
    overridden = Overrides(offers={1: Override(value=own, asked=ANNA)})
    back = SetOffer(contact=1, offer=None)
    assert accepted(back, overrides=overridden) == PutOffer(contact=1, offer=None)
    assert "already" in refused(back)


@pytest.mark.parametrize(
    ("contact", "price", "most", "why"),
    [
        (1, "0.24", 5_000, "intents.offer_price_from"),
        (1, "0.25", 5_001, "intents.offer_energy_to"),
        (2, "0.25", 5_000, "not for sale"),
    ],
)
def test_an_offer_beyond_its_bounds_is_refused(contact: int, price: str, most: int, why: str) -> None:
    own = OwnOffer(price=Price.parse(price), most=Energy(most), on=True)
    assert why in refused(SetOffer(contact=contact, offer=own))


# --- tokens -------------------------------------------------------------------------------------------------


def test_tokens_go_to_a_household_by_its_name_or_its_account() -> None:
    expected = Transfer(account=ALDER, amount=Tokens.parse(5))
    assert accepted(SendTokens(to="alder", amount=Tokens.parse(5))) == expected
    effect = accepted(SendTokens(to=ALDER.lower(), amount=Tokens.parse(5)))
    assert effect.account.lower() == ALDER


def test_an_allowance_is_revoked_whoever_has_it_and_while_trading_is_off() -> None:
    off = situation(wishes=Wishes(paused=ANNA))
    assert accepted(Revoke(spender=CEDAR), situation=off) == Forbid(spender=checksum(CEDAR))


def test_an_allowance_is_not_revoked_on_a_chain_that_is_not_ours() -> None:
    assert "fake" in refused(Revoke(spender=CEDAR), situation=situation(trouble="A fake market."))
    assert "stands still" in refused(Revoke(spender=CEDAR), situation=situation(chain=STANDS))


def test_tokens_go_while_trading_is_off() -> None:
    off = situation(wishes=Wishes(paused=ANNA))
    assert accepted(SendTokens(to="alder", amount=Tokens(1)), situation=off)


def test_tokens_go_to_who_the_configuration_names() -> None:
    assert accepted(SendTokens(to=CEDAR, amount=Tokens(1)), caps=caps(recipients=(CEDAR,)))


@pytest.mark.parametrize(
    ("to", "amount", "changes", "why"),
    [
        ("alder", "5.01", {}, "intents.send)"),
        ("alder", "1", {"sent": Tokens.parse("9.5")}, "0.5000 tokens are left"),
        ("alder", "0.01", {"caps": caps(send="0")}, "intents.send)"),
        (CEDAR, "1", {}, "Nobody may be sent"),
        ("cedar", "1", {}, "the households are alder"),
        ("birch", "1", {}, "own account"),
        (BIRCH, "1", {}, "own account"),
        ("alder", "3", {"situation": situation(chain=chain(balance=Tokens.parse(2)))}, "balance of 2.00"),
        ("alder", "3", {"situation": situation(wishes=Wishes(outgoing=Tokens.parse(98)))}, "balance of 2.00"),
        ("alder", "1", {"situation": situation(chain=STANDS)}, "stands still"),
        ("alder", "1", {"situation": situation(trouble="A fake market.")}, "fake"),
    ],
)  # fmt: skip
def test_tokens_that_may_not_go_stay(to: str, amount: str, changes: dict[str, Any], why: str) -> None:
    assert why in refused(SendTokens(to=to, amount=Tokens.parse(amount)), **changes)


@given(
    st.lists(st.tuples(st.sampled_from(["alder", "cedar", BIRCH, CEDAR]), st.integers(1, 6 * 10**18))),
    st.integers(0, 12 * 10**18), st.integers(0, 12 * 10**18),
)  # fmt: skip
def test_no_sequence_of_transfers_exceeds_a_cap_or_the_balance(
    asked: list[tuple[str, int]], each: int, day: int
) -> None:
    bounds = replace(caps(), send=Tokens(each), send_per_day=Tokens(day))
    sent = Tokens(0)
    for to, amount in asked:
        s = situation(wishes=Wishes(outgoing=sent), chain=chain(balance=Tokens.parse(8)))
        g = grounds(caps=bounds, sent=sent, situation=s)
        match judge(letter(SendTokens(to=to, amount=Tokens(amount))), g):
            case Accepted(effect=Transfer(account=account, amount=given_away)):
                assert account == ALDER
                assert given_away <= bounds.send
                sent += given_away
    assert sent <= min(bounds.send_per_day, Tokens.parse(8))
