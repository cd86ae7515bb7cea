"""What the pages ask for, done by real households on a real chain: once, also when they are killed."""

from __future__ import annotations

import time
from pathlib import Path

from node.client_interaction.status import State
from node.client_interaction.trade import TradeState
from node.dapp.users import FILE, MIGRATIONS
from node.intents.answers import Outcome, Told, open_answers
from node.intents.book import IntentBook, Letter
from node.intents.kinds import BuyNow, Intent, Pause, Resume, SendTokens, Stop
from node.wallet.journal import Stage
from quantities import Energy, Tokens
from store import snapshot
from store.snapshot import boottime
from tests.integration.trading.street import Home, Street, street
from tests.waiting import eventually


def ask(home: Home, intent: Intent) -> Letter:
    """As the pages do."""
    book = IntentBook(home.settings.paths.state / FILE, MIGRATIONS)
    try:
        return book.ask(intent, by="anna")
    finally:
        book.close()


def told(home: Home, letter: Letter) -> Told | None:
    with open_answers(home.settings.paths.state / "trade.db") as reader:
        return reader.find(letter.id)


def answered(home: Home, letter: Letter) -> Told:
    eventually(lambda: told(home, letter), "an answer")
    found = told(home, letter)
    assert found is not None
    return found


def accepted(home: Home, intent: Intent) -> Told:
    found = answered(home, ask(home, intent))
    assert found.answer.outcome is Outcome.ACCEPTED, found.answer.text
    return found


def bought(home: Home, intent: BuyNow) -> Told:
    """Asked again until the buyer, too, has seen what the chain offers."""
    last = [answered(home, ask(home, intent))]

    def done() -> bool:
        if last[0].answer.outcome is not Outcome.ACCEPTED:
            assert any(why in last[0].answer.text for why in ("nothing offered", "NO_OFFER"))
            last[0] = answered(home, ask(home, intent))
        return last[0].answer.outcome is Outcome.ACCEPTED

    eventually(done, "an order")
    return last[0]


def final(home: Home, letter: Letter) -> bool:
    found = told(home, letter)
    return found is not None and found.stage is Stage.FINAL


def withdrawn(town: Street) -> bool:
    found = town.market.offer(town.alder.account.address, 1)
    return found is None or not found.live(town.chain.client.block_number())


def said(home: Home) -> float:
    """When it published its state last, in boottime seconds."""
    found = snapshot.read(home.settings.paths.trading)
    return 0.0 if found is None else found.sampled


def knows_the_chain(home: Home, since: float) -> bool:
    """Whether a trader begun after `since` has been answered by the chain: before, it refuses to send."""
    now = home.status()
    return said(home) > since and now is not None and now.balance is not None


def begin(town: Street) -> None:
    for home in (town.alder, town.birch):
        home.start_relay()
        home.start_trader()
    eventually(lambda: town.market.offer(town.alder.account.address, 1), "Alder's offer")
    eventually(lambda: town.birch.state() is State.HOME, "Birch at home")


def test_buying_is_begun_and_stopped_by_hand(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.21") as town:
        begin(town)
        birch = town.birch
        birch.soc = 5_000
        order = bought(birch, BuyNow(energy=Energy(700)))
        eventually(town.connected, "the line closed at both ends")
        assert [trade.energy for trade in birch.trades()] == [Energy(700)]
        assert birch.trades()[0].order == order.answer.order
        birch.soc = 7_000  # above `resume`: an amount was asked for, and that is what it goes by
        eventually(lambda: town.true_mwh > 20, "20 mWh")
        again = answered(birch, ask(birch, BuyNow()))
        assert again.answer.outcome is Outcome.REFUSED

        accepted(birch, Stop())
        eventually(lambda: not town.connected(), "Birch home")
        birch.soc = 2_000
        eventually(lambda: birch.trades()[0].final, "the trade settled")
        assert birch.trades()[0].state is TradeState.SETTLED
        assert birch.trades()[0].ending == "It was stopped by anna."
        time.sleep(1.0)
        assert len(birch.trades()) == 1
        status = birch.status()
        assert status is not None
        assert "anna stopped buying" in status.reason
        assert town.conserved()


def test_trading_that_is_off_stays_off_over_a_kill_and_comes_back(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.22") as town:
        alder = town.alder
        for home in (alder, town.birch):
            home.start_relay()
        alder.spawn_trader()
        town.birch.start_trader()
        eventually(lambda: not withdrawn(town), "Alder's offer")
        eventually(lambda: town.birch.state() is State.HOME, "Birch at home")
        town.birch.soc = 2_500
        eventually(lambda: town.true_mwh > 10, "10 mWh")

        accepted(alder, Pause())
        eventually(lambda: not town.connected(), "the supply ended in good order")
        eventually(lambda: town.birch.trades()[0].final, "the trade settled")
        assert town.birch.trades()[0].state is TradeState.SETTLED
        eventually(lambda: withdrawn(town), "the offer withdrawn")
        alder.kill_trader()
        killed = boottime()
        alder.spawn_trader()
        eventually(lambda: said(alder) > killed, "a word after the restart")
        status = alder.status()
        assert status is not None
        assert status.state is State.OFF
        assert "switched off by anna" in status.reason
        assert withdrawn(town)
        accepted(alder, Resume())
        eventually(lambda: not withdrawn(town), "the offer again")


def test_tokens_arrive_once_whenever_the_trader_is_killed(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.23") as town:
        birch = town.birch
        birch.spawn_trader()
        eventually(lambda: knows_the_chain(birch, 0.0), "Birch's trader")
        letters = []
        for pause in (0.4, 0.9, 1.6, 2.6):
            letters.append(ask(birch, SendTokens(to="alder", amount=Tokens.parse(1))))
            time.sleep(pause)
            birch.kill_trader()
            killed = boottime()
            birch.spawn_trader()  # on a busy machine it takes a while, and what is asked for expires
            eventually(lambda: knows_the_chain(birch, killed), "Birch's next trader")  # noqa: B023
        for letter in letters:
            found = answered(birch, letter)
            assert found.answer.outcome is Outcome.ACCEPTED, found.answer.text
            eventually(lambda: final(birch, letter), "tokens that have arrived")  # noqa: B023
        assert town.token.balance(town.alder.account.address) == Tokens.parse(len(letters))
        assert town.chain.client.nonce(birch.account.address) == len(letters)
        assert town.conserved()
