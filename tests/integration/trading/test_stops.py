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
from relay_server.client import RelayClient
from tests.waiting import eventually

ACCOUNT = Account.of(b"\x42" * 32)
HOST = "127.0.6.9"
STANDS = 60.0
"""Seconds for which chain and relays stand still."""


def test_a_chain_and_relays_that_stand_still_do_not_hold_up_a_stop() -> None:
    standing, asked = Event(), Event()
    nothing: Any = None

    def stands_still() -> bool:
        asked.set()
        return standing.wait(STANDS)

    ledger = Ledger(
        nothing, Path("manifest.json"), ACCOUNT, sender=nothing, recover=nothing, confirmations=None,
        interest=Interest, news=lambda: None,
    )  # fmt: skip
    ledger._verify = stands_still  # type: ignore[method-assign]
    with closing(socket.create_server((HOST, 0))) as silent:
        address = f"{HOST}:{silent.getsockname()[1]}"
        lines = [Line(name, address, ACCOUNT.address, ACCOUNT, 1) for name in ("alder", "elm", "oak")]
        for line in lines:
            line._client = RelayClient(address, ACCOUNT.address, ACCOUNT, 1, timeout=STANDS)
        ledger.start()
        for line in lines:
            line.start()
        eventually(lambda: asked.is_set() and all(line._lock.locked() for line in lines), "their questions")
        begun = time.monotonic()
        ledger.stop()
        for line in lines:
            line.stop()
        assert time.monotonic() - begun < STANDS / 2, "it waited for those that do not answer"
        standing.set()
