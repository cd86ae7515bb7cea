"""A seller that gives an order back, killed between its relay and the chain: refused here, refunded there."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from chain.keys import Account
from contracts.authority import Authority
from contracts.bindings import OrderArgs, Token
from contracts.bindings import State as OnChain
from contracts.deploy import Transaction
from quantities import Energy
from relay_server.client import RelayClient
from relay_server.errors import RelayUnreachable
from relay_server.messages import Answer, Code, Granted, Opened, Refused
from tests.integration.trading.street import Street, street
from tests.waiting import eventually

FEED, FEED_PIN = 1, 17


def bought(town: Street) -> bytes:
    """An order of Birch's that nobody asks Alder's relay for yet."""
    offer = town.market.offer(town.alder.account.address, FEED)
    assert offer is not None
    args = OrderArgs(
        secrets.token_bytes(32), town.alder.account.address, FEED, Energy(1_000), offer.price
    )  # fmt: skip
    data = Token.encode_approve_and_call(town.manifest.current, args.cost, args)
    buying = Transaction(town.manifest.token, data)
    [receipt] = Authority(town.birch.account, town.chain.client).send([buying])
    assert receipt.succeeded
    return args.id(town.manifest.chain_id, town.manifest.current, town.birch.account.address)


def relay_of(town: Street, account: Account) -> RelayClient:
    """Alder's, as this household speaks with it."""
    relay = town.alder.settings.relay
    assert relay is not None
    return RelayClient(relay.listen, town.alder.account.address, account, town.manifest.chain_id)


def said(ask: Callable[[], Answer]) -> Code | type[Answer] | None:
    """What was refused or granted; nothing, when no answer came in time from a busy machine."""
    try:
        answer = ask()
    except RelayUnreachable:
        return None
    return answer.code if isinstance(answer, Refused) else type(answer)


@pytest.mark.parametrize("killed", ["before the relay has heard", "before the chain has heard"])
def test_an_order_is_refused_and_refunded_wherever_its_seller_is_killed(tmp_path: Path, killed: str) -> None:
    with street(tmp_path, "127.0.6.19") as town:
        purse = town.token.balance(town.birch.account.address)
        town.alder.start_relay()
        town.alder.spawn_trader()
        eventually(lambda: town.market.offer(town.alder.account.address, FEED), "Alder's offer")
        town.alder.kill_trader()
        order = bought(town)
        with relay_of(town, town.birch.account) as birch, relay_of(town, town.alder.account) as alder:
            if killed == "before the chain has heard":
                eventually(lambda: said(lambda: alder.open(order, FEED)) is Opened, "the relay heard of it")
                town.alder.stop_relay()
                town.alder.start_relay()
            else:
                eventually(lambda: said(lambda: birch.close(order, FEED)) is Granted, "it could be supplied")
                eventually(lambda: said(lambda: birch.open(order, FEED)) is Opened, "it is open again")
            town.alder.soc = 1_000
            town.alder.spawn_trader()
            eventually(lambda: (o := town.market.order(order)) and o.state is OnChain.RELEASED, "given back")
            eventually(lambda: said(lambda: birch.close(order, FEED)) is Code.ENDED, "refused")
        assert town.token.balance(town.birch.account.address) == purse
        assert town.conserved()
        closings = [change for change in town.alder.pins.changes(FEED_PIN) if change[2]]
        assert len(closings) == (killed == "before the relay has heard")
