"""A stop does not wait for whoever does not answer."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

from chain.keys import Account
from node.client_interaction.actors.ledger import Interest, Ledger
from node.client_interaction.actors.line import Line

ACCOUNT = Account.of(b"\x42" * 32)
HOST = "127.0.6.9"


def test_a_chain_and_relays_that_stand_still_do_not_hold_up_a_stop() -> None:
    standing, asked = Event(), Event()
    nothing: Any = None

    def stands_still() -> bool:
        asked.set()
        return standing.wait(20)

    ledger = Ledger(
        nothing, Path("manifest.json"), ACCOUNT, sender=nothing, recover=nothing, confirmations=None,
        interest=Interest, news=lambda: None,
    )  # fmt: skip
    ledger._verify = stands_still  # type: ignore[method-assign]
    with closing(socket.create_server((HOST, 0))) as silent:
        address = f"{HOST}:{silent.getsockname()[1]}"
        lines = [Line(name, address, ACCOUNT.address, ACCOUNT, 1) for name in ("alder", "elm", "oak")]
        ledger.start()
        for line in lines:
            line.start()
        assert asked.wait(2)
        time.sleep(0.2)  # the lines are in the middle of an exchange
        begun = time.monotonic()
        ledger.stop()
        for line in lines:
            line.stop()
        assert time.monotonic() - begun < 0.7
        standing.set()
