"""The lines of a connection: each within its time, none too long, old clients' known without an end."""

from __future__ import annotations

import asyncio

from relay_server import framing, legacy
from relay_server.errors import BadFrame

LEGACY_PATIENCE = 0.1
"""Seconds after which a line without an end is looked at as an old client's."""


class Silent(Exception):
    """Nothing was begun in time."""


class Lines:
    """Reads one stream; never holds more than two frames."""

    def __init__(self, reader: asyncio.StreamReader, within: float) -> None:
        """Read from `reader`; a frame once begun has to end within so many seconds."""
        self._reader = reader
        self._within = within
        self._begun = b""

    async def next(self, idle: float) -> bytes | None:
        """The next line without its end; None at the end of the stream.

        Raises:
            Silent: nothing came for `idle` seconds.
            BadFrame: too long, or not finished in time.
        """
        if not self._begun:
            try:
                async with asyncio.timeout(idle):
                    self._begun = await self._reader.read(framing.MAX_FRAME)
            except TimeoutError:
                raise Silent from None
            if not self._begun:
                return None
        if framing.END not in self._begun and not await self._ended():
            return None
        line, _, self._begun = self._begun.partition(framing.END)
        return line

    async def _ended(self) -> bool:
        """Read on to the end of the line that was begun; False at the end of the stream.

        An old client's line, which has none, is given one.
        """
        deadline = asyncio.get_running_loop().time() + self._within
        while framing.END not in self._begun:
            if len(self._begun) >= framing.MAX_FRAME:
                raise BadFrame(f"a frame has at most {framing.MAX_FRAME} bytes")
            try:
                more = await self._more(deadline)
            except TimeoutError:
                if legacy.channels_asked(self._begun) is not None or legacy.is_switching(self._begun):
                    self._begun += framing.END
                continue
            if not more:
                return False
            self._begun += more
        return True

    async def _more(self, deadline: float) -> bytes:
        """What comes next; nothing at the end of the stream.

        Raises:
            TimeoutError: a pause, in which an old client's line is complete.
            BadFrame: the frame's time is over.
        """
        left = deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise BadFrame(f"a frame ends within {self._within:g} s")
        async with asyncio.timeout(min(LEGACY_PATIENCE, left)):
            return await self._reader.read(framing.MAX_FRAME)
