"""A relay on a real chain: round trips, vouchers a second, a crowd of bad clients, leases that run out.

The relay is a process of its own with real geth behind it and files for coils. It is asked as households ask,
one frame at a time, and no faster than it lets them.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from bench.floor import percentile
from chain.endpoint import host_and_port
from chain.keys import recover
from contracts.messages import voucher_digest
from relay_server import framing, messages, signing
from relay_server.client import RelayUnreachable
from relay_server.messages import Granted, Hello, HelloFrame, Op, SwitchFrame
from tests.integration.ports import free_port
from tests.integration.relay_server import crowd
from tests.integration.relay_server.relay_on_chain import HOST, Place, place
from tests.integration.relay_server.relay_rig import FEED, make_settings

STATE = b'{"op":"STATE"}\n'
ROUNDS = 600
"""Of STATE and echo in turn."""

BEAT = 0.03
"""Seconds between two of them: a relay takes 50 frames a second of one connection."""

TURNS, FULL, PIPELINED = 5, 4, 45
"""Connections that send so many KEEPs each at once: what one household may without being slowed down."""

QUIET = 300
"""KEEPs without and with the crowd."""

CROWD = 1_000
"""Sockets."""

FEEDS = 48
ASKING = 4
"""Connections that close these feeds again and again."""

EXPIRIES = 10_000
LEASE = 1.0
PROMISE = 0.5
"""Seconds after a lease's end by which its contact is open."""


Answers: TypeAlias = BinaryIO


@dataclass(frozen=True)
class Figure:
    """One line of what was measured; times in ms."""

    name: str
    ours: float
    beside: float | None = None
    what: str = ""
    """The peer or floor that it is held against."""
    target: float | None = None
    """Of the ratio, or where there is no peer of the figure itself."""
    unit: str = "ms"

    @property
    def ratio(self) -> float | None:
        """Ours to the other's."""
        return None if self.beside is None else self.ours / self.beside

    def __str__(self) -> str:
        """As people read it."""
        told = f"{self.name:30} {self.ours:9.2f} {self.unit}"
        if self.beside is not None:
            told += f"   {self.what} {self.beside:9.2f} {self.unit}   {self.ratio:6.2f} x"
        if self.target is not None:
            judged = self.ours if self.ratio is None else self.ratio
            told += f"  (target {self.target:g}: {'met' if judged <= self.target else 'MISSED'})"
        return told

    def fields(self) -> dict[str, object]:
        """As programs read it."""
        return {
            "name": self.name, "ours": self.ours, "unit": self.unit, "beside": self.beside,
            "what": self.what, "ratio": self.ratio, "target": self.target,
        }  # fmt: skip


def main(*, as_json: bool = False) -> None:
    """Print every figure."""
    figures: list[Figure] = []
    with silent():
        for figure in measured():
            figures.append(figure)
            if not as_json:
                print(figure, flush=True)
    if as_json:
        print(json.dumps({"load": os.getloadavg(), "figures": [each.fields() for each in figures]}, indent=2))
    else:
        print(f"load of this machine at the end: {os.getloadavg()[0]:.1f}")


@contextmanager
def silent() -> Iterator[None]:
    """What relay and chain write to our standard error goes nowhere; a failure is told afterwards."""
    stderr, kept = sys.stderr.fileno(), os.dup(sys.stderr.fileno())
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), stderr)
        yield
    finally:
        os.dup2(kept, stderr)
        os.close(kept)


def measured() -> Iterator[Figure]:
    """Every figure, as soon as it is there."""
    with (
        tempfile.TemporaryDirectory() as folder,
        place(Path(folder), supply_blocks=100_000, lease="10 s") as here,
    ):
        with Payer(here, FEED) as payer:
            yield from round_trips(payer)
            yield from keeps(payer)
            yield from in_a_crowd(payer)
        contacts = [FEED + number for number in range(FEEDS)]
        here.offer(contacts[1:])
        here.end(signal.SIGTERM)
        feeds = [{"contact": c, "pin": 100 + c, "meter": "feed-1", "rating": "36 W"} for c in contacts]
        here.settings = make_settings(
            listen=here.listen, lease=f"{LEASE:g} s", stale_meter="2 s", feeds=feeds, transfer=None
        )
        here.start()
        yield from leases(here, contacts)


class Payer:
    """A household that is supplied, and the connection on which it keeps its lease."""

    def __init__(self, here: Place, contact: int) -> None:
        """Buy, and close the feed."""
        self.here, self.contact = here, contact
        self.client = here.client(here.buyer)
        self.order = here.buy(contact=contact)
        here.closed(self.client, self.order, contact)
        self.energy = 0

    def keep(self) -> float:
        """Seconds that one KEEP took, signing included."""
        self.energy += 1
        began = time.perf_counter()
        voucher = self.here.voucher(self.order, self.energy)
        answer = self.client.keep(self.order, self.contact, self.energy, voucher)
        if not isinstance(answer, Granted):
            raise SystemExit(f"KEEP was refused: {answer}")
        return time.perf_counter() - began

    def __enter__(self) -> Payer:
        """Supplied already."""
        return self

    def __exit__(self, *ending: object) -> None:
        """Go home."""
        self.client.open(self.order, self.contact)
        self.client.disconnect()


def round_trips(payer: Payer) -> Iterator[Figure]:
    """STATE and a bare echo in turn."""
    with echoing() as address, connected(payer.here.listen) as ours, connected(address) as theirs:
        took: tuple[list[float], list[float]] = ([], [])
        for step in range(ROUNDS):
            for found, stream in zip(took, (ours, theirs), strict=True):
                found.append(round_trip(*stream, STATE))
            time.sleep(BEAT)
            if step % 50 == 0:
                payer.keep()
    for percent in (50, 99):
        state, echo = (percentile(sorted(found), percent) * 1e3 for found in took)
        yield Figure(f"STATE p{percent}", state, echo, "bare asyncio echo", 2.5)


def keeps(payer: Payer) -> Iterator[Figure]:
    """KEEPs a second when many connections send theirs at once, beside the two signatures in each."""
    here = payer.here
    rate = statistics.median(burst(payer) for _ in range(TURNS))
    digest = voucher_digest(here.manifest.chain_id, here.manifest.current, payer.order, 1)
    signature = here.buyer.sign(digest)
    floor = 1 / each(lambda: (recover(digest, signature), recover(digest, signature)))
    yield Figure("KEEP", rate, floor, "two signatures checked", unit="/s")


def burst(payer: Payer) -> float:
    """KEEPs a second of several connections that send all of theirs at once."""
    payer.keep()
    streams = [introduced(payer, number) for number in range(FULL)]
    began = time.perf_counter()
    for (stream, _), lines in streams:
        stream.sendall(lines)
    for (_, answers), _ in streams:
        for _ in range(PIPELINED):
            if json.loads(answers.readline())["ok"] is not True:
                raise SystemExit("a KEEP was refused")
    took = time.perf_counter() - began
    for (stream, answers), _ in streams:
        answers.close()
        stream.close()
    return FULL * PIPELINED / took


def in_a_crowd(payer: Payer) -> Iterator[Figure]:
    """KEEP quiet, and amid a thousand bad clients; these have what processor time the relay leaves.

    Beside it what a KEEP waits for on this machine whatever the relay does: an echo and a page synced.
    """
    with echoing() as address, connected(address) as echo:
        quiet = kept(payer, echo)
        with crowd.about(payer.here.listen, CROWD, nice=19) as did:
            time.sleep(2)
            pestered = kept(payer, echo)
    for what, n, target in (("KEEP", 0, 2.0), ("echo and sync", 1, None)):
        calm, busy = sorted(quiet[n]), sorted(pestered[n])
        for percent in (50, 99):
            figures = percentile(busy, percent) * 1e3, percentile(calm, percent) * 1e3
            held_to = target if percent == 99 else None
            yield Figure(f"{what} p{percent} in a crowd", *figures, "quiet", held_to)
    yield Figure("the crowd's connections", did["connections"], unit="in all")


def kept(payer: Payer, echo: tuple[socket.socket, Answers]) -> tuple[list[float], list[float]]:
    """Ten KEEPs a second, and between them an echo and a page synced."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(QUIET):
        time.sleep(0.05)
        took[0].append(payer.keep())
        time.sleep(0.05)
        began = time.perf_counter()
        round_trip(*echo, STATE)
        synced(payer.here.folder)
        took[1].append(time.perf_counter() - began)
    return took


def leases(here: Place, contacts: list[int]) -> Iterator[Figure]:
    """CLOSE again and again what opens again and again because nobody keeps it."""
    orders = {contact: here.buy(contact=contact) for contact in contacts}
    took: list[float] = []
    shares = [contacts[n::ASKING] for n in range(ASKING)]
    threads = [threading.Thread(target=closing, args=(here, orders, share, took)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(LEASE + 2 * PROMISE)
    digest = voucher_digest(1, here.manifest.current, bytes(32), 1)
    signature = here.buyer.sign(digest)
    floor = (each(lambda: recover(digest, signature)) + each(lambda: synced(here.folder), 50)) * 1e3
    for percent in (50, 99):
        what = "a signature checked and a page synced"
        yield Figure(f"CLOSE p{percent}", percentile(sorted(took), percent) * 1e3, floor, what)
    late = sorted(lateness(here))
    yield Figure("lease's end to open, p50", percentile(late, 50) * 1e3)
    worst = Figure(f"worst of {len(late)}", late[-1] * 1e3, target=PROMISE * 1e3)
    yield worst


def closing(here: Place, orders: dict[int, bytes], contacts: list[int], took: list[float]) -> None:
    """One connection that closes its feeds in turn, until all together have been closed often enough."""
    client = here.client(here.buyer)
    while len(took) < EXPIRIES:
        for contact in contacts:
            began = time.perf_counter()
            try:
                answer = client.close(orders[contact], contact)
            except RelayUnreachable:
                continue
            if isinstance(answer, Granted) and answer.lease_ms > LEASE * 1e3 - 5:
                took.append(time.perf_counter() - began)
    client.disconnect()


def lateness(here: Place) -> Iterator[float]:
    """Seconds after its lease's end that each contact opened, by the coils' own record."""
    closed: dict[str, float] = {}
    for line in (here.folder / "pins" / "record").read_text().splitlines():
        at, pin, on = line.split()
        if int(pin) <= 100:
            continue
        if on == "1":
            closed[pin] = float(at)
        elif pin in closed:
            yield float(at) - closed.pop(pin) - LEASE


# --- what it takes


def introduced(payer: Payer, number: int) -> tuple[tuple[socket.socket, Answers], bytes]:
    """A connection of the payer's that has proven itself, and its next KEEPs, signed beforehand."""
    here = payer.here
    stream, answers = opened(here.listen)
    stream.sendall(framing.encode(messages.request_fields(HelloFrame())))
    hello = messages.parse_answer(HelloFrame(), framing.decode(answers.readline()))
    if not isinstance(hello, Hello):
        raise SystemExit(f"connection {number} was refused: {hello}")
    voucher = here.voucher(payer.order, payer.energy)
    lines = []
    for n in range(1, PIPELINED + 2):
        frame = SwitchFrame(
            op=Op.KEEP, order=payer.order, contact=payer.contact, n=n, signature=b"",
            energy=payer.energy, voucher=voucher,
        )  # fmt: skip
        signed = signing.signed(here.buyer, hello.chain_id, hello.relay, hello.session, frame)
        lines.append(framing.encode(messages.request_fields(signed)))
    round_trip(stream, answers, lines[0])
    return (stream, answers), b"".join(lines[1:])


@contextmanager
def connected(address: str) -> Iterator[tuple[socket.socket, Answers]]:
    """A connection, and what it answers."""
    stream, answers = opened(address)
    with stream, answers:
        yield stream, answers


def opened(address: str) -> tuple[socket.socket, Answers]:
    """As `connected`, to be closed by whoever asks."""
    stream = socket.create_connection(host_and_port(address), 10)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream, stream.makefile("rb")


def round_trip(stream: socket.socket, answers: Answers, line: bytes) -> float:
    """Seconds from the request to its answer."""
    began = time.perf_counter()
    stream.sendall(line)
    answers.readline()
    return time.perf_counter() - began


@contextmanager
def echoing() -> Iterator[str]:
    """The address of a bare echo, in a process of its own like the relay."""
    port = free_port(HOST)
    command = [sys.executable, "-m", "bench.echo", HOST, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        if process.stdout is not None:
            process.stdout.readline()
        yield f"{HOST}:{port}"
        process.terminate()


def each(work: Callable[[], object], times: int = 300) -> float:
    """Median seconds of some work."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def synced(folder: Path) -> None:
    """Write a page, and wait for the disk."""
    with (folder / "page").open("ab") as page:
        page.write(bytes(4_096))
        page.flush()
        os.fsync(page.fileno())
