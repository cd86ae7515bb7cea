"""A paying household's supply goes on in the midst of everything that a network may do to a relay."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from chain.endpoint import host_and_port
from chain.keys import Account
from relay_server import framing, messages, signing
from relay_server.client import RelayClient, RelayUnreachable
from relay_server.messages import Code, Granted, Hello, HelloFrame, Op, Opened, SwitchFrame
from tests.integration.relay_server import crowd
from tests.integration.relay_server.forgeries import forged
from tests.integration.relay_server.notified import Supervisor
from tests.integration.relay_server.relay_on_chain import Place, place
from tests.integration.relay_server.relay_rig import FEED, FEED_PIN, TIE
from tests.waiting import PATIENCE, eventually

LEASE = 60.0
"""Seconds: the payer, or its meter, may be late by a machine that is busy; the lease may not run out."""

GROWTH = 6.0
"""MB that a relay may grow by while a crowd is about: buffers of 64 connections, rounded up."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("relay")
    around = {"NOTIFY_SOCKET": str(folder / "notify")}
    with place(
        folder, supply_blocks=5_000, environment=around, lease=f"{LEASE:g} s", stale_meter=f"{LEASE:g} s"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def supervisor(here: Place) -> Iterator[Supervisor]:
    listening = Supervisor(here.folder / "notify")
    yield listening
    listening.close()


class Payer:
    """A household that keeps its feed closed, and comes back when it was hung up on."""

    def __init__(self, here: Place) -> None:
        self.here = here
        self.client: RelayClient = here.client(here.buyer)
        self.order = here.buy()
        self.energy = 0
        self.slowest = 0.0
        here.closed(self.client, self.order)

    def keep(self) -> None:
        """One KEEP with a new voucher; asked again, as households do, if the answer is late."""
        self.energy += 1
        begun = time.monotonic()
        eventually(self._kept, "an answer to KEEP", LEASE / 2)
        self.slowest = max(self.slowest, time.monotonic() - begun)

    def _kept(self) -> bool:
        voucher = self.here.voucher(self.order, self.energy)
        try:
            answer = self.client.keep(self.order, FEED, self.energy, voucher)
        except RelayUnreachable:
            return False
        assert isinstance(answer, Granted), answer
        return True

    def done(self) -> None:
        """The supply is what the payer made it, from its beginning to its end."""
        assert self.here.energised(FEED_PIN)
        answer = self.client.open(self.order, FEED, self.energy, self.here.voucher(self.order, self.energy))
        assert isinstance(answer, Opened)
        self.client.disconnect()
        [best] = [b for b in self.here.records() if b.order == self.order]
        assert best.energy == self.energy, "no voucher but the payer's was taken"


@pytest.fixture
def payer(here: Place) -> Iterator[Payer]:
    paying = Payer(here)
    yield paying
    record = here.drives(FEED_PIN)
    paying.done()
    assert here.drives(FEED_PIN)[len(record) :] == [False], "opened once, by the payer"


def resident(here: Place) -> float:
    """MB of the relay."""
    assert here.process
    status = Path(f"/proc/{here.process.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


def pestered(here: Place, payer: Payer, supervisor: Supervisor, sockets: int, seconds: float) -> None:
    with crowd.about(here.listen, sockets, nice=19) as did:
        sizes, beats = [], 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            payer.keep()
            sizes.append(resident(here))
            beats += supervisor.beats(0.2)
        settled = sizes[len(sizes) // 4]
        # Whoever pays comes back in the midst of it, and is heard.
        payer.client.disconnect()
        payer.keep()
    print(
        f"{sockets} sockets, {seconds:g} s: {did}; slowest KEEP {payer.slowest * 1e3:.0f} ms; "
        f"{settled:.1f} MB after a quarter, {max(sizes):.1f} at the most; watchdog fed {beats} times"
    )
    assert beats > len(sizes) // 10
    assert did["connections"] > here.settings.connections
    assert max(sizes) - settled < GROWTH, sizes


def pelted(here: Place, payer: Payer, frames: int) -> None:
    """Turned round and replayed frames, ten a connection: then the relay hangs up."""
    random, sizes, sent = Random(3), [], 0
    while sent < frames:
        payer.keep()
        sizes.append(resident(here))
        for _ in range(10):
            sent += struck(here, random, f"127.0.78.{1 + sent // 10 % 250}", payer)
    settled = sizes[len(sizes) // 4]
    print(
        f"{sent} forged frames; slowest KEEP {payer.slowest * 1e3:.0f} ms; "
        f"{settled:.1f} MB after a quarter, {max(sizes):.1f} at the most"
    )
    assert max(sizes) - settled < GROWTH, sizes


def struck(here: Place, random: Random, address: str, payer: Payer) -> int:
    """One connection of an attacker; answers how many frames were refused on it."""
    with socket.create_connection(host_and_port(here.listen), PATIENCE, (address, 0)) as connection:
        stream = connection.makefile("rb")
        connection.sendall(framing.encode(messages.request_fields(HelloFrame())))
        hello = messages.parse_answer(HelloFrame(), framing.decode(stream.readline()))
        if not isinstance(hello, Hello):
            return 0  # no place among the others at once
        elsewhere = random.random() < 0.3
        session = random.randbytes(32) if elsewhere else hello.session
        genuine = [line(here, payer, session, n) for n in range(1, 5)]
        lines = list(islice(forged(genuine, random, spent=elsewhere), 12))
        connection.sendall(b"\n".join(lines) + b"\n")
        connection.shutdown(socket.SHUT_WR)  # a line that is no frame at all is not answered
        refused = 0
        for answer in stream:
            fields = json.loads(answer)
            assert fields["ok"] is False, (lines, fields)
            assert fields["code"] != Code.FAULT, (lines, fields)
            refused += 1
        return refused


def line(here: Place, payer: Payer, session: bytes, n: int) -> bytes:
    """A frame as payer or owner would sign it for a session, and never sends it."""
    op = (Op.KEEP, Op.OPEN, Op.CLOSE, Op.HOME)[n - 1]
    by: Account = here.seller if op in {Op.CLOSE, Op.HOME} else here.buyer
    own = by is here.seller
    energy = 0 if own else 1_500 + n
    contact = FEED if not own else 0 if op is Op.HOME else TIE
    frame = SwitchFrame(
        op=op, order=bytes(32) if own else payer.order, contact=contact,
        n=n, signature=b"", energy=energy, voucher=b"" if own else here.voucher(payer.order, energy),
    )  # fmt: skip
    signed = signing.signed(by, here.manifest.chain_id, here.seller.address, session, frame)
    return framing.encode(messages.request_fields(signed))[:-1]


def test_a_crowd_of_bad_clients_is_borne(here: Place, payer: Payer, supervisor: Supervisor) -> None:
    pestered(here, payer, supervisor, sockets=300, seconds=6)


def test_forged_frames_move_nothing(here: Place, payer: Payer) -> None:
    pelted(here, payer, frames=1_500)


@pytest.mark.long
def test_a_thousand_bad_clients_are_borne_for_minutes(
    here: Place, payer: Payer, supervisor: Supervisor
) -> None:
    pestered(here, payer, supervisor, sockets=1_000, seconds=180)


@pytest.mark.long
def test_a_hundred_thousand_forged_frames_move_nothing(here: Place, payer: Payer) -> None:
    pelted(here, payer, frames=100_000)
