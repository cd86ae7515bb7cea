"""Answers, their effects and their record in a real trade.db; the process may die anywhere in between."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.bindings import Household, Role, Token
from node.client_interaction.actors import desk as desk_
from node.client_interaction.actors.desk import Desk, Means
from node.client_interaction.loop import MIGRATIONS
from node.client_interaction.settings import FeedOffer, OffersSettings, TradingSettings
from node.intents.answers import DAY, Moment, Outcome, Told, open_answers, purpose
from node.intents.book import Letter
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
from node.intents.settings import IntentsSettings
from node.plain import Plain
from node.wallet.database import Database
from node.wallet.journal import Journal
from quantities import Energy, Price, SoC, Tokens
from store.requests import new_id
from tests.unit.node.client_interaction.made import (
    ALDER,
    BIRCH,
    NOW,
    ORDER,
    WALL,
    battery,
    chain,
    situation,
)

TOKEN = "0x" + "70" * 20
HOUSEHOLDS = {
    account: Household(account, name, Role.PROSUMER, "", "")
    for name, account in (("alder", ALDER), ("birch", BIRCH))
}
FEED = FeedOffer(contact=1, price=Price.parse("0.25"), max_energy=Energy(5_000))


def configured(**intents: Any) -> Any:
    return Plain(
        intents=IntentsSettings(**intents), trading=TradingSettings(), offers=OffersSettings(feeds=(FEED,)),
        battery=Plain(capacity=Energy(3_000)),
    )  # fmt: skip


class Clock:
    """The desk's clocks, set by hand."""

    def __init__(self) -> None:
        self.now = Moment(wall=WALL, boot="boot-1", boottime=NOW)

    def __call__(self) -> Moment:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now = replace(self.now, wall=self.now.wall + seconds, boottime=self.now.boottime + seconds)

    def is_set(self, seconds: float) -> None:
        self.now = replace(self.now, wall=self.now.wall + seconds)

    def reboots(self) -> None:
        self.now = replace(self.now, boot=self.now.boot + "1", boottime=10.0)


class Office:
    """A desk with its books, and a purchase that writes no trade."""

    def __init__(self, folder: Path, clock: Clock, **intents: Any) -> None:
        self.folder, self.clock, self.settings = folder, clock, configured(**intents)
        self.bought: list[str] = []
        self.open()

    def open(self) -> None:
        self.database = Database(self.folder / "trade.db", MIGRATIONS)
        self.journal = Journal(self.database)
        self.desk = Desk(self.settings, BIRCH, self.database, self.journal)

    def restart(self) -> None:
        self.database.close()
        self.open()

    def buy(self, _: object) -> str:
        self.bought.append(ORDER)
        return ORDER

    def attend(self, *letters: Letter, **known: Any) -> bool:
        now = self.clock()
        s = situation(
            now=now.boottime, wall=now.wall, wishes=self.desk.in_force(now).wishes,
            **{"battery": battery(40), "chain": chain(balance=Tokens.parse(1_000)), **known},
        )  # fmt: skip
        return self.desk.attend(letters, s, HOUSEHOLDS, Means(token=TOKEN, buy=self.buy))

    def letter(self, intent: Intent, **changes: Any) -> Letter:
        kind, body = write(intent)
        now = self.clock()
        fields: dict[str, Any] = {
            "id": new_id(), "kind": kind, "body": body, "by": "anna", "at": now.wall, "boot": now.boot,
            "boottime": now.boottime,
        }  # fmt: skip
        return Letter(**{**fields, **changes})

    def told(self) -> list[Told]:
        with open_answers(self.folder / "trade.db") as reader:
            return reader.latest(100)

    def transfers(self) -> list[str]:
        rows = self.database.rows("SELECT purpose FROM journal WHERE purpose LIKE 'intent:%'")
        return [row["purpose"] for row in rows]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(desk_, "moment", clock)
    return clock


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Office:
    return Office(tmp_path, clock)


SEND = SendTokens(to="alder", amount=Tokens.parse(2))


def test_tokens_are_planned_once_however_often_the_letter_is_seen(office: Office) -> None:
    letter = office.letter(SEND)
    assert office.attend(letter)
    assert not office.attend(letter)
    office.restart()
    assert not office.attend(letter)
    assert office.transfers() == [purpose(letter.id)]
    [told] = office.told()
    assert told.answer.outcome is Outcome.ACCEPTED
    assert told.answer.sent == Tokens.parse(2)
    assert told.stage is not None
    assert office.desk.in_force(office.clock()).wishes.outgoing == Tokens.parse(2)


def test_a_revoked_allowance_is_one_approval_of_nothing_and_gives_nothing_away(office: Office) -> None:
    letter = office.letter(Revoke(spender=ALDER))
    assert office.attend(letter)
    assert not office.attend(letter)
    [planned] = office.database.rows('SELECT purpose, "to", data FROM journal')
    assert planned["purpose"] == purpose(letter.id)
    assert planned["to"] == TOKEN
    assert bytes(planned["data"]) == Token.encode_approve(ALDER, Tokens(0))
    assert office.told()[0].answer.sent == Tokens(0)
    assert office.desk.in_force(office.clock()).wishes.outgoing == Tokens(0)


def test_an_id_that_comes_again_with_another_wish_changes_nothing(office: Office) -> None:
    letter = office.letter(Stop())
    assert office.attend(letter)
    kind, body = write(SEND)
    assert not office.attend(replace(letter, kind=kind, body=body))
    office.restart()
    assert not office.attend(replace(letter, kind=kind, body=body))
    assert office.transfers() == []


def test_whatever_fails_in_between_nothing_is_done_and_later_all_of_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = office.letter(SEND)
    full = lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("disk is full"))  # noqa: E731
    with monkeypatch.context() as broken:
        broken.setattr(office.desk._answers, "add", full)
        assert not office.attend(letter)
    assert office.transfers() == []
    assert office.told() == []
    office.clock.passes(2)
    assert office.attend(letter)
    assert office.transfers() == [purpose(letter.id)]


def test_the_books_of_any_moment_hold_both_or_neither(office: Office, tmp_path: Path) -> None:
    """What a SIGKILL leaves: the files as they are on disk after each of SQLite's own steps."""
    letter = office.letter(SEND)
    copies: list[Path] = []

    def copy() -> int:
        folder = tmp_path / f"copy-{len(copies)}"
        folder.mkdir()
        for file in tmp_path.glob("trade.db*"):
            shutil.copy(file, folder)
        copies.append(folder)
        return 0

    office.database._connection.set_progress_handler(copy, 20)
    assert office.attend(letter)
    copy()
    found = set()
    for folder in copies:
        books = Database(folder / "trade.db", MIGRATIONS)
        answers = books.rows("SELECT id FROM intents")
        entries = books.rows("SELECT purpose FROM journal")
        assert [purpose(row["id"]) for row in answers] == [row["purpose"] for row in entries]
        found.add(len(answers))
        books.close()
    assert found == {0, 1}


def test_trading_stays_off_over_a_restart_and_a_reboot(office: Office) -> None:
    assert office.attend(office.letter(Pause()))
    office.restart()
    office.clock.reboots()
    wishes = office.desk.in_force(office.clock()).wishes
    assert wishes.paused is not None
    assert wishes.paused.by == "anna"
    assert office.attend(office.letter(Resume()))
    assert office.desk.in_force(office.clock()).wishes.paused is None


def test_a_stop_lasts_an_hour_by_any_clock_and_over_a_restart(office: Office) -> None:
    assert office.attend(office.letter(Stop()))
    office.restart()
    office.clock.is_set(7_200)
    office.clock.passes(3_000)
    stopped = office.desk.in_force(office.clock()).wishes.stopped
    assert stopped is not None
    assert stopped.left == pytest.approx(600)
    office.clock.passes(601)
    assert office.desk.in_force(office.clock()).wishes.stopped is None


def test_buying_ends_a_stop_and_is_remembered_as_by_hand_where_an_amount_was_named(office: Office) -> None:
    assert office.attend(office.letter(Stop()))
    assert office.attend(office.letter(BuyNow(energy=Energy(100))))
    wishes = office.desk.in_force(office.clock()).wishes
    assert wishes.stopped is None
    assert wishes.by_hand == {ORDER}
    assert office.told()[0].answer.order == ORDER
    office.restart()
    assert office.desk.in_force(office.clock()).wishes.by_hand == {ORDER}


def test_limits_and_offers_are_in_force_until_they_go_back(office: Office) -> None:
    own = OwnOffer(price=Price.parse("0.50"), most=Energy(2_000), on=True)
    off = replace(own, on=False)
    assert office.attend(office.letter(ChangeLimit(limit=Limit.LIMIT, value=SoC(2_000))))
    assert office.attend(office.letter(SetOffer(contact=1, offer=own)))
    office.restart()
    now = office.desk.in_force(office.clock())
    assert now.policy.trading.limit == SoC(2_000)
    assert (now.offers.feeds[0].price, now.offers.feeds[0].max_energy) == (own.price, own.most)
    assert office.attend(office.letter(SetOffer(contact=1, offer=off)))
    assert office.desk.in_force(office.clock()).withdrawn == {1}
    assert office.attend(office.letter(ChangeLimit(limit=Limit.LIMIT, value=None)))
    assert office.attend(office.letter(SetOffer(contact=1, offer=None)))
    now = office.desk.in_force(office.clock())
    assert (now.policy.trading, now.offers) == (office.settings.trading, office.settings.offers)
    assert now.withdrawn == frozenset()


def test_one_letter_is_answered_at_a_time_the_oldest_first(office: Office) -> None:
    letters = [office.letter(Pause()), office.letter(Resume())]
    assert office.attend(*letters)
    assert office.desk.in_force(office.clock()).wishes.paused is not None
    assert office.attend(*letters)
    assert office.desk.in_force(office.clock()).wishes.paused is None


def test_a_refusal_is_recorded_with_who_asked(office: Office) -> None:
    assert office.attend(office.letter(SendTokens(to="nobody", amount=Tokens(1)), by="ben"))
    [told] = office.told()
    assert (told.answer.by, told.answer.outcome) == ("ben", Outcome.REFUSED)


def test_without_verified_contracts_no_tokens_are_planned(office: Office) -> None:
    s = situation(waiting="no manifest", chain=chain())
    assert office.desk.attend((office.letter(SEND),), s, HOUSEHOLDS, None)
    assert office.transfers() == []


def test_two_households_of_one_name_are_sent_nothing_by_it(office: Office) -> None:
    twice = {**HOUSEHOLDS, "0x" + "99" * 20: Household("0x" + "99" * 20, "alder", Role.PROSUMER, "", "")}
    means = Means(token=TOKEN, buy=office.buy)
    assert office.desk.attend((office.letter(SEND),), situation(), twice, means)
    assert office.transfers() == []


INTENTS = st.one_of(
    st.builds(SendTokens, to=st.sampled_from(["alder", "birch", "elm"]),
              amount=st.integers(1, 6 * 10**18).map(Tokens)),
    st.sampled_from([Stop(), Pause(), Resume(), BuyNow(), BuyNow(energy=Energy(200))]),
    st.builds(ChangeLimit, limit=st.just(Limit.MAX_PRICE),
              value=st.none() | st.integers(0, 10**18).map(Price)),
    st.builds(ChangeLimit, limit=st.just(Limit.DAILY_BUDGET),
              value=st.none() | st.integers(0, 10**19).map(Tokens)),
)  # fmt: skip


class Household_(RuleBasedStateMachine):  # noqa: N801 - the machine that hypothesis runs
    """A DApp that asks for anything, letters that come again, clocks that are set, restarts and reboots."""

    @initialize()
    def begins(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.saved = desk_.moment
        desk_.moment = self.clock
        self.office = Office(self.folder, self.clock)
        self.letters: list[Letter] = []
        self.real = 0.0
        """Seconds of true time."""
        self.gone: list[tuple[float, int]] = []
        """When, by true time, how much was planned to be given away."""

    def teardown(self) -> None:
        if hasattr(self, "office"):
            self.office.database.close()
            desk_.moment = self.saved
            shutil.rmtree(self.folder)

    @rule(intent=INTENTS)
    def asks(self, intent: Intent) -> None:
        self.letters.append(self.office.letter(intent))

    @rule(tokens=st.lists(st.sampled_from([2, 5]), min_size=1, max_size=3))
    def asks_for_tokens_and_is_answered(self, tokens: list[int]) -> None:
        for amount in tokens:
            self.asks(SendTokens(to="alder", amount=Tokens.parse(amount)))
        self.is_answered()

    @rule(data=st.data())
    def forges_an_old_one_anew(self, data: st.DataObject) -> None:
        if self.letters:
            old = data.draw(st.sampled_from(self.letters))
            now = self.clock()
            self.letters.append(replace(old, boot=now.boot, boottime=now.boottime))

    @rule(seconds=st.sampled_from([0.5, 61.0, 3_600.0, 83_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.passes(seconds)
        self.real += seconds

    @rule(step=st.sampled_from([-3_600.0, 3_600.0]))
    def the_clock_is_set_and_set_back(self, step: float) -> None:
        """An hour off: letters are answered meanwhile, and then the clock is right again."""
        self.clock.is_set(step)
        self.asks_for_tokens_and_is_answered([5, 5, 2])
        self.clock.is_set(-step)

    @rule(off=st.sampled_from([-3_600.0, 0.0, 3_600.0]))
    def reboots(self, off: float) -> None:
        self.clock.reboots()
        self.clock.passes(60)
        self.real += 60
        self.office.restart()
        self.clock.is_set(off)
        self.asks_for_tokens_and_is_answered([5, 5, 2])
        self.clock.is_set(-off)

    @rule()
    def is_restarted(self) -> None:
        self.office.restart()

    @rule()
    def is_answered(self) -> None:
        before = self.sent()
        for _ in range(4):
            if not self.office.attend(*self.letters):
                break
        if (more := self.sent() - before) > 0:
            self.gone.append((self.real, more))

    def sent(self) -> int:
        return sum(told.answer.sent.value for told in self.office.told())

    @invariant()
    def no_day_gives_away_more_than_its_cap(self) -> None:
        if not hasattr(self, "office"):
            return
        for at, _ in self.gone:
            day = sum(amount for then, amount in self.gone if 0 <= then - at < DAY)
            assert day <= Tokens.parse(10).value

    @invariant()
    def each_is_done_once_and_one_transfer_keeps_its_cap(self) -> None:
        if not hasattr(self, "office"):
            return
        told = self.office.told()
        sends = [each for each in told if each.answer.sent]
        assert sorted(self.office.transfers()) == sorted(purpose(each.answer.id) for each in sends)
        assert all(each.answer.sent <= Tokens.parse(5) for each in sends)
        buys = [each for each in told if each.answer.order]
        assert len(self.office.bought) == len(buys)
        policy = self.office.desk.in_force(self.clock()).policy.trading
        assert policy.max_price <= Price.parse("0.40")
        assert policy.daily_budget <= Tokens.parse(5)


Household_.TestCase.settings = settings(
    stateful_step_count=25,
    max_examples=settings().max_examples // 4,  # each step is a few synced commits
)
TestAHouseholdAndItsDapp = Household_.TestCase
