"""SIGKILL between every two steps of the journal: each payment made once, each order funded once.

All points at the same time, each with an account of its own, on one real chain.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chain.keys import Account
from contracts.authority import Authority
from contracts.deploy import Transaction
from node.wallet.journal import Journal, Stage
from quantities import Price, Tokens
from tests.integration.wallet.points import ADOPTED, AGAIN, USUAL, VOID
from tests.integration.wallet.town import PAID, PURSE, Town, town
from tests.integration.wallet.victim import Script, opened, start
from tests.waiting import PATIENCE

KILLED = -9
HERE = (*USUAL, *AGAIN, *VOID, *ADOPTED)


def written(town: Town, number: int, point: str, folder: Path) -> tuple[Script, str]:
    """A payment, an order, and an order that the contract refuses; answers who is to be paid, too."""
    sink = Account.generate().address
    order = town.order(number)
    pay = town.pays(sink, gas=20_999 if point in VOID else 100_000)
    refused = town.buys(town.order(number, Price.parse("0.1")))
    name = f"buy:0x{town.id(number, order).hex()}"
    script = town.script(
        number, folder / str(number), point=point, lossy=point in AGAIN,
        intents=(("send:1", pay), (name, town.buys(order)), ("buy:no", refused)),
    )  # fmt: skip
    if point in ADOPTED:
        opened(script.folder).plan("send:1", pay, 0.0)
        assert pay.to is not None
        Authority(town.buyers[number], town.chain.client).send([Transaction(pay.to, pay.data)])
    return script, sink


def test_whatever_is_killed_everything_is_done_once(tmp_path: Path) -> None:
    with town(tmp_path, "127.0.7.1", len(HERE)) as place:
        written_ = [written(place, n, point, tmp_path) for n, point in enumerate(HERE)]
        victims = [start(script) for script, _ in written_]
        for point, victim in zip(HERE, victims, strict=True):
            victim.join(PATIENCE)
            assert victim.exitcode == KILLED, f"never came {point}"
        again = [start(replace(script, point="")) for script, _ in written_]
        for point, victim in zip(HERE, again, strict=True):
            victim.join(PATIENCE)
            assert victim.exitcode == 0, f"not through after {point}"
        for number, (point, (script, sink)) in enumerate(zip(HERE, written_, strict=True)):
            once(place, number, point, script, sink)
        assert place.token.balance(place.market.address) == Tokens(place.order(0).cost.value * len(HERE)), (
            "one order of each in escrow"
        )


def once(place: Town, number: int, point: str, script: Script, sink: str) -> None:
    journal: Journal = opened(script.folder)
    (pay, _), (buy, _), (refused, _) = script.intents
    stages = {purpose: found.stage for purpose in (pay, buy, refused) if (found := journal.find(purpose))}
    paid = Tokens(0) if point in VOID else PAID
    expected = Stage.FAILED if point in VOID else Stage.FINAL
    assert stages == {pay: expected, buy: Stage.FINAL, refused: Stage.FAILED}, point
    assert place.token.balance(sink) == paid, point
    assert [f"buy:0x{order.hex()}" for order in place.orders_of(number)] == [buy], point
    cost = place.order(number).cost
    left = Tokens(PURSE.value - paid.value - cost.value)
    assert place.token.balance(place.buyers[number].address) == left, point
    assert place.sent(number) == journal.next_nonce() == 3, point
    found = journal.find(refused)
    assert found is not None
    assert "PriceChanged" in found.error, point
