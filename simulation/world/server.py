"""Runs a world in real time and answers its drivers over a Unix socket."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import structlog

from simulation.world.bench import Bench
from simulation.world.protocol import Answers, Connection
from simulation.world.spec import WorldSpec
from store import snapshot

log = structlog.get_logger()

TICK = 0.02
"""Seconds between two advances when nobody asks."""

REATTACH = 2.0
"""Seconds after a restart in which a household's pins may come back before its coils fall."""


class Server:
    """One world, its socket and its clients."""

    def __init__(self, spec: WorldSpec, folder: Path) -> None:
        self.bench = Bench(spec, folder, began=snapshot.boottime(), clock_id=snapshot.boot_id())
        unix = time.time() - (snapshot.boottime() - self.bench.began)
        self.answers = Answers(self.bench, unix)
        self.attached: Counter[str] = Counter()
        self.stopped = asyncio.Event()

    async def run(self, socket: Path) -> None:
        """Serve until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopped.set)
        socket.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._serve, path=str(socket))
        log.info("world.started", socket=str(socket), t=round(self.bench.state.t, 2))
        ticking = asyncio.create_task(self._tick())
        try:
            await self.stopped.wait()
        finally:
            server.close()
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
            self.bench.close()
            socket.unlink(missing_ok=True)
            log.info("world.stopped", t=round(self.bench.state.t, 2))

    async def _tick(self) -> None:
        orphans_fall = time.monotonic() + REATTACH
        while True:
            self.bench.advance(snapshot.boottime())
            if orphans_fall and time.monotonic() > orphans_fall:
                orphans_fall = 0.0
                for household in self.bench.spec.households:
                    if not self.attached[household.name]:
                        self.bench.without_power(household.name)
            await asyncio.sleep(TICK)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection()
        try:
            while line := await reader.readline():
                now = snapshot.boottime()
                self.bench.advance(now)
                was = connection.household
                try:
                    asked = json.loads(line)
                except ValueError:
                    asked = {}
                writer.write(json.dumps(self.answers.answer(connection, asked, now)).encode() + b"\n")
                if connection.household != was and connection.household is not None:
                    self.attached[connection.household] += 1
                await writer.drain()
        except asyncio.CancelledError:
            return  # The world ends: nobody is to blame.
        except (ConnectionError, asyncio.LimitOverrunError, ValueError) as error:
            log.warning("world.client-lost", household=connection.household, error=str(error))
        finally:
            self._gone(connection)
            writer.close()

    def _gone(self, connection: Connection) -> None:
        """A household's pins are gone: its coils fall, as when its Raspberry Pi dies."""
        if connection.household is None or self.stopped.is_set():
            return
        self.attached[connection.household] -= 1
        if not self.attached[connection.household]:
            self.bench.advance(snapshot.boottime())
            self.bench.without_power(connection.household)
            log.info("world.pins-gone", household=connection.household)
