"""Asking by the pages: what is written down, what is shown of it, and who may."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from node.client_interaction.loop import MIGRATIONS as TRADE
from node.dapp.control import lines, title
from node.dapp.users import FILE, MIGRATIONS, Users
from node.intents import published
from node.intents.answers import Answer, Answers, Moment, Outcome, Told
from node.intents.book import IntentBook, Letter, live
from node.intents.kinds import (
    BuyNow,
    ChangeLimit,
    Intent,
    Limit,
    OwnOffer,
    Pause,
    Resume,
    SendTokens,
    SetOffer,
    Stop,
    read,
    write,
)
from node.intents.published import LimitNow, OfferNow, Published
from node.wallet.database import Database
from node.wallet.journal import Stage
from quantities import Energy, Price, SoC, Tokens
from store import snapshot
from store.requests import new_id
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import ORIGIN, Visitor

NOW = 1_000.0
IN_FORCE = Published(
    enabled=True, buys=True,
    limits={
        "limit": LimitNow(value="2500", configured="3000", bound="1000", by="home", at=1_700_000_000.0),
        "resume": LimitNow(value="6000", configured="6000", bound="9500"),
        "max_price": LimitNow(value=str(4 * 10**17), configured=str(4 * 10**17), bound=str(4 * 10**17)),
        "daily_budget": LimitNow(value=str(5 * 10**18), configured=str(5 * 10**18), bound=str(5 * 10**18)),
    },
    offers=(OfferNow(
        contact=1, on=True, price=str(25 * 10**16), most="5000", configured_price=str(25 * 10**16),
        configured_most="5000", price_from=str(25 * 10**16), most_to="5000",
    ),),
    send=str(5 * 10**18), send_left=str(10**19), stop_for=3600.0,
)  # fmt: skip


def ask(member: Visitor, path: str, page: str = "/control", **fields: str) -> int:
    """Fill in and send a form of a page, with what the page put into it."""
    text = member.get(page)
    hidden = dict(re.findall(r'name="(csrf|form)" value="([^"]+)"', text))
    answer = member.client.post(path, base_url=ORIGIN, data={**hidden, "back": "/control", **fields})
    return answer.status_code


def asked(tmp_path: Path) -> list[Intent]:
    letters = live(made_up.household(tmp_path).state / FILE, snapshot.boottime(), snapshot.boot_id())
    assert all(letter.by == "home" for letter in letters)
    return [read(letter.kind, letter.body) for letter in letters]


def answer(tmp_path: Path, letter: Letter, outcome: Outcome, text: str) -> None:
    database = Database(made_up.household(tmp_path).state / "trade.db", TRADE)
    now = Moment(wall=letter.at, boot=letter.boot, boottime=letter.boottime)
    Answers(database).add(
        Answer(id=letter.id, kind=letter.kind, body=letter.body, by=letter.by, asked_at=letter.at,
               outcome=outcome, text=text, at=now)
    )  # fmt: skip
    database.close()


@pytest.mark.parametrize(
    ("path", "fields", "intent"),
    [
        ("/control/ask", {"kind": "buy"}, BuyNow()),
        ("/control/ask", {"kind": "buy", "energy": "2,5"}, BuyNow(energy=Energy(2_500))),
        ("/control/ask", {"kind": "stop"}, Stop()),
        ("/control/ask", {"kind": "pause"}, Pause()),
        ("/control/ask", {"kind": "resume"}, Resume()),
        ("/control/limit", {"limit": "limit", "value": "25"},
         ChangeLimit(limit=Limit.LIMIT, value=SoC(2_500))),
        ("/control/limit", {"limit": "daily_budget", "value": "3"},
         ChangeLimit(limit=Limit.DAILY_BUDGET, value=Tokens.parse(3))),
        ("/control/limit", {"limit": "limit", "value": "", "reset": "yes"},
         ChangeLimit(limit=Limit.LIMIT, value=None)),
        ("/control/offer", {"contact": "1", "price": "0.30", "most": "4", "on": "yes"},
         SetOffer(contact=1, offer=OwnOffer(price=Price.parse("0.30"), most=Energy(4_000), on=True))),
        ("/control/offer", {"contact": "1", "price": "0.30", "most": "4"},
         SetOffer(contact=1, offer=OwnOffer(price=Price.parse("0.30"), most=Energy(4_000), on=False))),
        ("/control/offer", {"contact": "1", "reset": "yes"}, SetOffer(contact=1, offer=None)),
        ("/control/send", {"to": "Alder", "amount": "2.5", "sure": "yes"},
         SendTokens(to="alder", amount=Tokens.parse("2.5"))),
    ],
)  # fmt: skip
def test_a_form_that_is_sent_is_written_down(
    member: Visitor, tmp_path: Path, path: str, fields: dict[str, str], intent: Intent
) -> None:
    assert ask(member, path, **fields) == 303
    assert asked(tmp_path) == [intent]


def test_a_button_of_the_first_page_leads_back_there_and_is_seen_to_be_asked(
    member: Visitor, tmp_path: Path
) -> None:
    assert ask(member, "/control/ask", page="/", kind="stop") == 303
    text = member.get("/")
    assert "Stop buying" in text
    assert ">asked<" in text
    assert '<noscript><meta http-equiv="refresh"' in text


def test_tokens_are_shown_once_more_before_they_are_asked_for(member: Visitor, tmp_path: Path) -> None:
    assert ask(member, "/control/send", to="alder", amount="2.5") == 200
    assert asked(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/control/ask", {"kind": "mint"}),
        ("/control/ask", {"kind": "buy", "energy": "all"}),
        ("/control/ask", {"kind": "buy", "energy": "0"}),
        ("/control/ask", {"kind": "stop", "form": "x"}),
        ("/control/limit", {"limit": "keep", "value": "3"}),
        ("/control/limit", {"limit": "limit", "value": "101"}),
        ("/control/limit", {"limit": "max_price", "value": "-1"}),
        ("/control/offer", {"contact": "-1", "price": "1", "most": "1"}),
        ("/control/offer", {"contact": "1", "price": "1e9", "most": "1"}),
        ("/control/send", {"to": "alder", "amount": "0", "sure": "yes"}),
        ("/control/send", {"to": "al der", "amount": "1", "sure": "yes"}),
        ("/control/send", {"to": "alder", "amount": "1.0000000000000000001", "sure": "yes"}),
    ],
)
def test_a_form_without_sense_says_so_and_asks_nothing(
    member: Visitor, tmp_path: Path, path: str, fields: dict[str, str]
) -> None:
    assert ask(member, path, **fields) == 400
    assert asked(tmp_path) == []


def test_a_form_that_is_sent_twice_asks_once(member: Visitor, tmp_path: Path) -> None:
    form = new_id()
    for _ in range(2):
        assert ask(member, "/control/ask", kind="stop", form=form) == 303
    assert asked(tmp_path) == [Stop()]


def test_a_viewer_sees_no_button_and_asks_nothing(app: Flask, stranger: Visitor, tmp_path: Path) -> None:
    users = Users(made_up.household(tmp_path).state / FILE)
    users.put("guest", "viewer", "a password", at=1.0)
    users.close()
    assert stranger.log_in("a password", "guest") == 302
    assert "press-stop" not in stranger.get("/control")
    assert ask(stranger, "/control/ask", page="/", kind="stop", form=new_id()) == 403
    assert asked(tmp_path) == []


def test_a_stranger_asks_nothing(stranger: Visitor, tmp_path: Path) -> None:
    fields = {"csrf": stranger.csrf(), "form": new_id(), "kind": "stop"}
    assert stranger.client.post("/control/ask", base_url=ORIGIN, data=fields).status_code == 302
    assert asked(tmp_path) == []


def test_what_came_of_it_is_shown(member: Visitor, tmp_path: Path) -> None:
    book = IntentBook(made_up.household(tmp_path).state / FILE, MIGRATIONS)
    letter = book.ask(BuyNow(), by="home")
    book.close()
    answer(tmp_path, letter, Outcome.REFUSED, "The battery is full.")
    text = member.get("/control")
    assert "The battery is full." in text
    assert ">refused<" in text


def test_limits_in_force_are_shown_with_who_changed_them_and_the_way_back(
    member: Visitor, tmp_path: Path
) -> None:
    made_up.publish(tmp_path)
    published.write(made_up.household(tmp_path).run, IN_FORCE)
    text = member.get("/control")
    assert "the configuration says 30 %" in text
    assert "Back to 30 %" in text
    assert 'value="25"' in text
    assert "10 % at least." in text
    assert "buys below 25 %" in member.get("/")


def test_trading_that_is_off_says_who_and_since_when_and_how_to_go_on(
    member: Visitor, tmp_path: Path
) -> None:
    off = replace(IN_FORCE, paused_by="anna", paused_at=1_700_000_000.0)
    published.write(made_up.household(tmp_path).run, off)
    text = member.get("/")
    assert "Anna switched it off" in text
    assert "14 Nov 2023" in text
    assert "Switch trading on" in text
    assert "press-buy" not in text


# --- in words -----------------------------------------------------------------------------------------------


def letter(intent: Intent, age: float = 1.0) -> Letter:
    kind, body = write(intent)
    return Letter(
        id=new_id(), kind=kind, body=body, by="anna", at=5_000.0 - age, boot="b", boottime=NOW - age
    )  # fmt: skip


def told(of: Letter, outcome: Outcome = Outcome.ACCEPTED, **more: object) -> Told:
    made = Answer(id=of.id, kind=of.kind, body=of.body, by=of.by, asked_at=of.at, outcome=outcome,
                  text="Done.", at=Moment(wall=5_000.0, boot="b", boottime=NOW))  # fmt: skip
    return Told(answer=made, **more)  # type: ignore[arg-type]


def test_what_is_not_answered_within_a_minute_has_expired() -> None:
    young, old = letter(Stop(), 30), letter(Stop(), 63)
    states = {line.id: line for line in lines([young, old], [], NOW, "b")}
    assert (states[young.id].state, states[old.id].state) == ("asked", "expired")
    assert "did not answer within 60 s" in states[old.id].text
    assert lines([young], [], NOW, "another boot")[0].state == "expired"


def test_an_answer_counts_more_than_its_age() -> None:
    old = letter(Stop(), 100)
    [line] = lines([old], [told(old)], NOW, "b")
    assert line.state == "accepted"


def test_the_newest_comes_first() -> None:
    first, second = letter(Stop(), 9), letter(Pause(), 5)
    assert [line.id for line in lines([first, second], [told(first)], NOW, "b")] == [second.id, first.id]


@pytest.mark.parametrize("stage", list(Stage))
def test_a_transfer_says_how_far_it_is(stage: Stage) -> None:
    sent = letter(SendTokens(to="alder", amount=Tokens(1)))
    [line] = lines([], [told(sent, transaction="0x12", stage=stage, error="out of gas")], NOW, "b")
    assert line.link == "/explorer/tx/0x12"
    assert line.waits == (stage not in (Stage.FINAL, Stage.FAILED))
    assert ("out of gas" in line.text) == (stage is Stage.FAILED)


@pytest.mark.parametrize(
    ("intent", "says"),
    [
        (BuyNow(), "Buy now"), (BuyNow(energy=Energy(2_500)), "Buy 2.50 Wh now"), (Stop(), "Stop buying"),
        (Pause(), "Switch trading off"), (Resume(), "Switch trading on"),
        (SetOffer(contact=1, offer=None), "Contact 1: offer as configured"),
        (SetOffer(contact=1, offer=OwnOffer(price=Price(0), most=Energy(1), on=False)),
         "Contact 1: offer nothing"),
        (ChangeLimit(limit=Limit.LIMIT, value=SoC(2_000)), "Buys below 20 %"),
        (ChangeLimit(limit=Limit.DAILY_BUDGET, value=None), "Spends in a day at most as configured"),
        (SendTokens(to="alder", amount=Tokens.parse(2)), "Send 2.00 tokens to Alder"),
    ],
)  # fmt: skip
def test_everything_that_may_be_asked_has_its_words(intent: Intent, says: str) -> None:
    assert title(*write(intent)) == says


def test_what_is_none_of_the_set_has_words_too() -> None:
    assert title("mint", "{}") == "Something that there is not"
