"""The cables of one household, which can be cut: all between it and its neighbours passes through here.

Its neighbours know it by other addresses than its own, and it knows them so; what comes to the relay's and
the chain's port there is passed on as it is. While the cables are cut, nothing passes in either direction and
nobody is told, as with real ones: what was under way arrives late or never.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

AT_ONCE = 65_536
"""Bytes."""


@dataclass(frozen=True, kw_only=True)
class Cable:
    """One direction of calling, to one port."""

    host: str
    """Whoever calls this address…"""

    target: str
    """…speaks with this one…"""

    port: int
    """…at the same port."""


class Cables:
    """A thread that passes on what comes."""

    def __init__(self, cables: Sequence[Cable]) -> None:
        """Prepare."""
        self._cables = cables
        self._loop = asyncio.new_event_loop()
        self._whole = asyncio.Event()
        self._whole.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cables", daemon=True)

    def lay(self) -> None:
        """Begin to pass on.

        Raises:
            OSError: an address is taken.
        """
        self._thread.start()
        self._within(self._listen())

    def cut(self) -> None:
        """Let nothing through any more."""
        self._loop.call_soon_threadsafe(self._whole.clear)

    def mend(self) -> None:
        """Let everything through again."""
        self._loop.call_soon_threadsafe(self._whole.set)

    def take_up(self) -> None:
        """End."""
        if self._thread.is_alive():
            self._within(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _within(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    async def _listen(self) -> None:
        for cable in self._cables:
            await asyncio.start_server(
                lambda reader, writer, cable=cable: self._begin(cable, reader, writer),  # type: ignore[misc]
                cable.host,
                cable.port,
            )

    def _begin(self, cable: Cable, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._call(cable, reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, cable: Cable, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = None
        try:
            await self._whole.wait()
            back, there = await asyncio.open_connection(cable.target, cable.port)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, there))
                both.create_task(self._pass(back, writer))
        except* OSError:
            pass  # one end is gone: so is the other
        finally:
            for end in (writer, there):
                if end is not None:
                    end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(AT_ONCE):
            await self._whole.wait()
            writer.write(data)
            await writer.drain()
        await self._whole.wait()
        with suppress(OSError):
            writer.write_eof()

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
