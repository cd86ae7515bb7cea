"""The network side: connections, one frame at a time each, and nobody waits for anybody else.

One asyncio loop. What could block it is done elsewhere: contacts move by the safety loop, the chain is asked
by the chain view's thread, the disk is written by persistence's. Whoever is a stranger to this relay shares
what there is with all other strangers; whoever holds a lease does not notice them.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relay_server import framing, legacy, messages
from relay_server.admission import Full, Guest, admit
from relay_server.answering import Answering
from relay_server.errors import BadFrame
from relay_server.lines import Lines, Silent
from relay_server.messages import Code, Refused
from relay_server.pace import Pace
from relay_server.session import Session
from relay_server.switchboard import Switchboard

if TYPE_CHECKING:
    from relay_server.settings import RelaySettings

LINGER = 0.5
"""Seconds for a client to fetch its last answer when the relay hangs up."""

FRAMES_PER_SECOND = 50.0
"""Of one connection, on average; a client that keeps a lease sends one every few seconds."""

BURST = 50.0

STRANGERS_PER_SECOND = 400.0
"""Frames of all together who hold no lease: a tenth of what a Pi 4 can answer, and a hundred times what a
neighbourhood's households ask."""

STRANGERS_BURST = 200.0

SIGNED = 5.0
"""Frames that a signed one counts as: checking the signature takes so much longer than reading a contact."""

BAD_FRAMES = 10
"""After which a connection is closed."""

NEWCOMERS_PER_SECOND = 50.0
"""Connections of strangers that are begun, on average; those beyond are turned away, which costs a fifth."""

NEWCOMERS_BURST = 100.0
"""At once after a rest: twice the households of a large neighbourhood, when its relays were restarted."""

AT_ONCE = 4
"""Connections taken or turned away before the others are heard again."""

WAITING = 256
"""Connections that the kernel holds until then."""

OUT_OF_FILES = 0.2
"""Seconds until a newcomer is asked for again when the process has no file left for it."""

ANSWERS_WAITING = 4 * framing.MAX_FRAME
"""Bytes of answers that are not with the kernel yet; beyond, the client has to read first."""


@dataclass(eq=False)
class Connection:
    """One client."""

    address: str
    session: Session
    since: float
    heard: float
    bad: int = 0
    pace: Pace = field(default_factory=lambda: Pace(rate=FRAMES_PER_SECOND, burst=BURST))
    task: asyncio.Task[None] | None = None


class Server:
    """Serves one switchboard."""

    def __init__(
        self,
        settings: RelaySettings,
        switchboard: Switchboard,
        answering: Answering,
        sessions: Iterator[Session],
        *,
        clock: Callable[[], float],
    ) -> None:
        """Prepare; `clock` tells boottime seconds."""
        self._settings = settings
        self._switchboard = switchboard
        self._answering = answering
        self._sessions = sessions
        self._clock = clock
        self._connections: dict[int, Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """Of those that were pushed out, too, until they are gone."""

        self._homes: dict[str, str] = {}
        """Account that holds a lease, or owns the relay → the address from which it last proved that."""

        self._strangers = Pace(rate=STRANGERS_PER_SECOND, burst=STRANGERS_BURST)
        self._newcomers = Pace(rate=NEWCOMERS_PER_SECOND, burst=NEWCOMERS_BURST)
        self._keys = 0
        self._listening: socket.socket | None = None
        self._pausing: asyncio.TimerHandle | None = None

    async def start(self, listening: socket.socket) -> None:
        """Serve whoever connects to a listening socket."""
        listening.setblocking(False)
        listening.listen(WAITING)
        self._listening = listening
        asyncio.get_running_loop().add_reader(listening, self._accept)

    async def stop(self) -> None:
        """Stop listening, and hang up."""
        if self._pausing:
            self._pausing.cancel()
        if self._listening:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- who comes in -----------------------------------------------------------------------------------

    def _accept(self) -> None:
        """Take or turn away who waits, but a few at a time: a flood of connections is not heard first."""
        assert self._listening is not None  # noqa: S101 - start comes first
        for _ in range(AT_ONCE):
            try:
                accepted, peer = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # out of files: the newcomers stay with the kernel for a while
                loop = asyncio.get_running_loop()
                loop.remove_reader(self._listening)
                self._pausing = loop.call_later(OUT_OF_FILES, loop.add_reader, self._listening, self._accept)
                return
            refused = self._admitted(accepted, peer[0])
            if refused:
                self._turn_away(accepted, refused)

    def _admitted(self, accepted: socket.socket, address: str) -> str | None:
        """Begin to serve a newcomer, or say why not."""
        now = self._clock()
        holders = self._switchboard.holders()
        self._homes = {account: home for account, home in self._homes.items() if account in holders}
        at_home = address in self._homes.values()
        if not at_home and not self._newcomers.take(now):
            return "too many newcomers at once"
        guests = [
            Guest(
                key=key,
                address=c.address,
                account=c.session.account if c.session.account in holders else None,
                since=c.since,
                heard=c.heard,
            )
            for key, c in self._connections.items()
        ]
        limit, per_address = self._settings.connections, self._settings.connections_per_address
        admission = admit(guests, address, limit, per_address, now, at_home=at_home)
        if isinstance(admission, Full):
            return admission.why
        if admission.instead is not None:
            pushed = self._connections.pop(admission.instead)
            assert pushed.task is not None  # noqa: S101 - every connection gets one below
            pushed.task.cancel()
        self._keys += 1
        connection = Connection(address=address, session=next(self._sessions), since=now, heard=now)
        self._connections[self._keys] = connection
        task = asyncio.get_running_loop().create_task(self._serve(self._keys, connection, accepted))
        connection.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return None

    @staticmethod
    def _turn_away(accepted: socket.socket, why: str) -> None:
        refused = Refused(code=Code.BUSY, text=why, retry_ms=1_000)
        with accepted, suppress(OSError):
            accepted.setblocking(False)
            accepted.send(framing.encode(messages.answer_fields(refused)))

    # --- one connection ---------------------------------------------------------------------------------

    async def _serve(self, key: int, connection: Connection, accepted: socket.socket) -> None:
        writer = None
        try:
            reader, writer = await _opened(accepted)
            await self._converse(connection, reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # it hung up, fell silent within a frame, or was pushed out
        finally:
            self._connections.pop(key, None)
            if writer is None:
                accepted.close()
            else:
                await _closed(writer)

    async def _converse(
        self, connection: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        lines = Lines(reader, self._settings.frame)
        while connection.bad < BAD_FRAMES:
            line = await self._next(connection, lines, writer)
            if line is None:
                return
            await self._in_turn(connection)
            if self._old_client(line, writer):
                return
            await self._answered(connection, line, writer)
            async with asyncio.timeout(self._settings.frame):
                await writer.drain()

    async def _next(self, connection: Connection, lines: Lines, writer: asyncio.StreamWriter) -> bytes | None:
        """The next frame; None at the end, or when an unproven connection was silent for too long."""
        while True:
            try:
                return await lines.next(self._settings.idle)
            except Silent:
                if not self._holds(connection):
                    return None
            except BadFrame as error:
                refused = Refused(code=Code.BAD_FRAME, text=str(error))
                writer.write(framing.encode(messages.answer_fields(refused)))
                return None

    async def _in_turn(self, connection: Connection) -> None:
        """Wait until this connection, and all strangers together, may ask again."""
        now = self._clock()
        connection.heard = now
        wait = connection.pace.wait(now)
        if not self._holds(connection):
            wait = max(wait, self._strangers.wait(now))
        if wait:
            await asyncio.sleep(wait)

    async def _answered(self, connection: Connection, line: bytes, writer: asyncio.StreamWriter) -> None:
        session = connection.session
        proofs = session.n
        answer = await self._answering.answer(session, line)
        connection.bad += isinstance(answer, Refused) and answer.code in {Code.BAD_FRAME, Code.BAD_SIG}
        if session.n != proofs and session.account is not None and self._holds(connection):
            self._homes[session.account] = connection.address
        elif b'"sig"' in line:
            self._strangers.wait(self._clock(), SIGNED - 1)
        writer.write(framing.encode(messages.answer_fields(answer)))

    def _holds(self, connection: Connection) -> bool:
        account = connection.session.account
        return account is not None and account in self._switchboard.holders()

    def _old_client(self, line: bytes, writer: asyncio.StreamWriter) -> bool:
        channels = legacy.channels_asked(line)
        if channels is not None:
            closed = {s.contact for s in self._switchboard.states(self._clock()) if s.closed}
            writer.write(legacy.states(channels, lambda channel: channel in closed))
            return True
        if legacy.is_switching(line):
            refused = Refused(code=Code.VERSION, text=legacy.REFUSAL)
            writer.write(framing.encode(messages.answer_fields(refused)))
            return True
        return False


async def _opened(accepted: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=framing.MAX_FRAME, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted)
    transport.set_write_buffer_limits(high=ANSWERS_WAITING)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Hang up; what the client does not fetch in time is thrown away, or its socket would stay for ever."""
    writer.close()
    try:
        async with asyncio.timeout(LINGER):
            await writer.wait_closed()
    except (OSError, TimeoutError, asyncio.CancelledError):
        writer.transport.abort()
