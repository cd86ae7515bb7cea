"""A crowd of bad clients around one relay: `python -m … HOST:PORT SOCKETS`, until its standard input closes.

Each socket belongs to one of these habits, and comes back as soon as it is thrown out. They come from many
addresses, as if every household of a large neighbourhood had been taken over at once. At the end a JSON
object on standard output says what was done and what came back.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from random import Random

from chain.endpoint import host_and_port
from chain.keys import Account
from relay_server import framing, messages, signing
from relay_server.errors import BadFrame
from relay_server.messages import HelloFrame, Op, SwitchFrame

ADDRESSES = 250
"""From 127.0.77.1 on."""

FILES_TO_SPARE = 64
STATE = b'{"op":"STATE"}\n'

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
counts: Counter[str] = Counter()
random = Random(1)


async def idle(streams: Streams) -> None:
    """Says nothing."""
    await streams[0].read(1_000)


async def slow(streams: Streams) -> None:
    """One byte of a frame now and then."""
    for byte in STATE:
        streams[1].write(bytes([byte]))
        await asyncio.sleep(0.2)
    await streams[0].read(1_000)


async def half(streams: Streams) -> None:
    """Begins a frame, and waits."""
    streams[1].write(STATE[:7])
    await streams[0].read(1_000)


async def huge(streams: Streams) -> None:
    """A frame of a megabyte."""
    counts["megabytes begun"] += 1
    streams[1].write(b'{"op":"' + b"A" * 1_000_000)
    await streams[1].drain()
    await streams[0].read(1_000)


async def garbage(streams: Streams) -> None:
    """Lines that are no frames."""
    for _ in range(12):
        streams[1].write(random.randbytes(200).replace(b"\n", b" ") + b"\n")
        counts["lines of garbage"] += 1
    await streams[0].read(10_000)


async def deaf(streams: Streams) -> None:
    """Asks and asks, and does not read."""
    streams[1].transport.pause_reading()  # type: ignore[attr-defined]
    while True:
        streams[1].write(STATE * 10)
        await streams[1].drain()
        await asyncio.sleep(0.1)


async def curious(streams: Streams) -> None:
    """Asks as fast as it is answered."""
    while True:
        streams[1].write(STATE)
        if not await streams[0].readline():
            return
        counts["states answered"] += 1


async def stranger(streams: Streams) -> None:
    """Signs well, for orders that are not there: each costs the relay a signature and a look at the chain."""
    reader, writer = streams
    account = Account.generate()
    asked = HelloFrame()
    writer.write(framing.encode(messages.request_fields(asked)))
    hello = messages.parse_answer(asked, framing.decode(await reader.readline()))
    if not isinstance(hello, messages.Hello):
        return
    for n in range(1, 1_000):
        frame = SwitchFrame(op=Op.CLOSE, order=random.randbytes(32), contact=1, n=n, signature=b"")
        signed = signing.signed(account, hello.chain_id, hello.relay, hello.session, frame)
        writer.write(framing.encode(messages.request_fields(signed)))
        if not await reader.readline():
            return
        counts["signed frames answered"] += 1


async def flood(streams: Streams) -> None:
    """Connects, and is gone."""


HABITS: tuple[Callable[[Streams], Awaitable[None]], ...] = (
    idle, slow, half, huge, garbage, deaf, curious, stranger, flood, flood,
)  # fmt: skip


async def behave(host: str, port: int, number: int, habit: Callable[[Streams], Awaitable[None]]) -> None:
    """One socket's life, again and again."""
    address = f"127.0.77.{1 + number % ADDRESSES}"
    while True:
        try:
            streams = await asyncio.open_connection(host, port, local_addr=(address, 0), limit=4_096)
            counts["connections"] += 1
            try:
                await habit(streams)
            finally:
                streams[1].transport.abort()
        except (OSError, ValueError, BadFrame):
            counts["connections broken"] += 1
        await asyncio.sleep(random.uniform(0.02, 1.0))


async def main(host: str, port: int, sockets: int) -> None:
    """All of them, until nobody holds our standard input open any more."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it would tell every connection that was broken
    loop = asyncio.get_running_loop()
    tasks = [
        loop.create_task(behave(host, port, number, habit))
        for number, habit in zip(range(sockets), cycle(HABITS), strict=False)
    ]
    while counts["connections"] < sockets:  # on a busy machine it takes a while
        await asyncio.sleep(0.05)
    print("begun", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    for task in tasks:
        task.cancel()
    print(json.dumps(counts))


@contextmanager
def about(listen: str, sockets: int, *, nice: int = 0) -> Iterator[dict[str, int]]:
    """Such a crowd as a process of its own; what it did is known when the block has ended."""
    did: dict[str, int] = {}
    command = [sys.executable, "-m", __name__, listen, str(sockets)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        os.setpriority(os.PRIO_PROCESS, process.pid, nice)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if process.stdout.readline() != "begun\n":
                raise RuntimeError("the crowd did not come; see what it says above")
            yield did
        finally:
            process.stdin.close()
        did |= json.loads(process.stdout.read())


if __name__ == "__main__":
    asked_for = int(sys.argv[2])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < asked_for + FILES_TO_SPARE:
        sys.exit(f"{asked_for} sockets need as many open files, and {most} are allowed: `ulimit -Hn`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (asked_for + FILES_TO_SPARE, most))
    asyncio.run(main(*host_and_port(sys.argv[1]), asked_for))
