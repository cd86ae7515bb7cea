"""The network side: connections, one frame at a time each, and nobody waits for anybody else.

One asyncio loop. What could block it is done elsewhere: contacts move by the safety loop, the chain is asked
by the chain view's thread, the disk is written by persistence's; a connection that waits for one of them
holds up only itself.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import structlog

from chain.keys import checksum
from relay_server import framing, legacy, messages, signing
from relay_server.admission import Full, Guest, admit
from relay_server.authorisation import STALE_RETRY_MS, View
from relay_server.errors import BadFrame
from relay_server.messages import (
    Answer,
    CheckFrame,
    Code,
    ContactState,
    Hello,
    HelloFrame,
    Refused,
    Request,
    StateFrame,
    States,
    SwitchFrame,
)
from relay_server.session import Session
from relay_server.switchboard import Outcome, Seen, Switchboard

if TYPE_CHECKING:
    from relay_server.settings import RelaySettings

log = structlog.get_logger()

LEGACY_PATIENCE = 0.1
"""Seconds after which a line without an end is looked at as an old client's."""

LOOK_UP = 1.5
"""Seconds to wait for the chain node; clients wait 2 s for an answer."""

MOVING = 1.5
"""Seconds to wait for contacts on the move."""

WRITTEN = 1.5
"""Seconds to wait for the disk."""

MOVING_STEP = 0.005

LINGER = 0.5
"""Seconds for a client to fetch its last answer when the relay hangs up."""

FRAMES_PER_SECOND = 50.0
"""Of one connection, on average; a client that keeps a lease sends one every few seconds."""

BURST = 50.0

BAD_FRAMES = 10
"""After which a connection is closed."""


class ChainSide(Protocol):
    """What the server needs of the chain view."""

    @property
    def view(self) -> View: ...  # noqa: D102
    async def look_up(self, order: bytes, timeout: float) -> View: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What is in every HELLO and every signature."""

    relay: str
    chain_id: int
    markets: tuple[str, ...]
    """The current one first, then those that are being drained."""


@dataclass
class Connection:
    """One client."""

    key: int
    address: str
    session: Session
    writer: asyncio.StreamWriter
    task: asyncio.Task[None]
    since: float
    heard: float
    bad: int = 0
    allowance: float = field(default=BURST)

    def pace(self, now: float) -> float:
        """Count a frame; answers the seconds to wait before it is looked at."""
        self.allowance = min(self.allowance + (now - self.heard) * FRAMES_PER_SECOND, BURST) - 1
        self.heard = now
        return max(-self.allowance / FRAMES_PER_SECOND, 0.0)


class Server:
    """Serves one switchboard."""

    def __init__(
        self,
        settings: RelaySettings,
        switchboard: Switchboard,
        chain: ChainSide,
        identity: Callable[[], Identity | None],
        sessions: Iterator[Session],
        *,
        clock: Callable[[], float],
    ) -> None:
        """Prepare.

        Args:
            identity: None until the neighbourhood's contracts are known; nobody can sign for this relay then.
            clock: boottime seconds.
        """
        self._settings = settings
        self._switchboard = switchboard
        self._chain = chain
        self._identity = identity
        self._sessions = sessions
        self._clock = clock
        self._connections: dict[int, Connection] = {}
        self._keys = 0
        self._server: asyncio.Server | None = None

    async def start(self, listening: socket.socket) -> None:
        """Serve whoever connects to a listening socket."""
        self._server = await asyncio.start_server(self._serve, sock=listening, limit=framing.MAX_FRAME)

    async def stop(self) -> None:
        """Stop listening, and hang up."""
        if self._server:
            self._server.close()
        for connection in tuple(self._connections.values()):
            connection.task.cancel()
        await asyncio.gather(*(c.task for c in self._connections.values()), return_exceptions=True)

    # --- one connection ---------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = self._admitted(writer)
        try:
            if connection:
                await self._converse(connection, reader)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # it hung up, fell silent within a frame, or was pushed out
        finally:
            if connection:
                self._connections.pop(connection.key, None)
            await _closed(writer)

    def _admitted(self, writer: asyncio.StreamWriter) -> Connection | None:
        peer = writer.get_extra_info("peername")
        task = asyncio.current_task()
        if peer is None or task is None:
            return None
        now = self._clock()
        holders = self._switchboard.holders()
        guests = [
            Guest(
                key=c.key,
                address=c.address,
                proven=c.session.account in holders,
                since=c.since,
                heard=c.heard,
            )
            for c in self._connections.values()
        ]
        settings = self._settings
        admission = admit(guests, peer[0], settings.connections, settings.connections_per_address, now)
        if isinstance(admission, Full):
            refused = Refused(code=Code.BUSY, text=admission.why, retry_ms=1_000)
            writer.write(framing.encode(messages.answer_fields(refused)))
            return None
        if admission.instead is not None:
            pushed = self._connections.pop(admission.instead)
            pushed.task.cancel()
        self._keys += 1
        connection = Connection(
            key=self._keys,
            address=peer[0],
            session=next(self._sessions),
            writer=writer,
            task=task,
            since=now,
            heard=now,
        )
        self._connections[connection.key] = connection
        return connection

    async def _converse(self, connection: Connection, reader: asyncio.StreamReader) -> None:
        lines = _Lines(reader, self._settings.frame)
        while connection.bad < BAD_FRAMES:
            line = await self._next(connection, lines)
            if line is None:
                return
            wait = connection.pace(self._clock())
            if wait:
                await asyncio.sleep(wait)
            if await self._old_client(connection, line):
                return
            answer = await self._answer(connection, line)
            connection.bad += isinstance(answer, Refused) and answer.code in {Code.BAD_FRAME, Code.BAD_SIG}
            connection.writer.write(framing.encode(messages.answer_fields(answer)))
            async with asyncio.timeout(self._settings.frame):
                await connection.writer.drain()

    async def _next(self, connection: Connection, lines: _Lines) -> bytes | None:
        """The next frame; None at the end, or when an unproven connection was silent for too long."""
        while True:
            try:
                return await lines.next(self._settings.idle)
            except _Silent:
                if connection.session.account not in self._switchboard.holders():
                    return None
            except BadFrame as error:
                refused = Refused(code=Code.BAD_FRAME, text=str(error))
                connection.writer.write(framing.encode(messages.answer_fields(refused)))
                return None

    async def _old_client(self, connection: Connection, line: bytes) -> bool:
        channels = legacy.channels_asked(line)
        if channels is not None:
            closed = {s.contact for s in self._switchboard.states(self._clock()) if s.closed}
            connection.writer.write(legacy.states(channels, lambda channel: channel in closed))
            return True
        if legacy.is_switching(line):
            refused = Refused(code=Code.VERSION, text=legacy.REFUSAL)
            connection.writer.write(framing.encode(messages.answer_fields(refused)))
            return True
        return False

    # --- one frame --------------------------------------------------------------------------------------

    async def _answer(self, connection: Connection, line: bytes) -> Answer:
        try:
            request = messages.parse_request(framing.decode(line))
        except BadFrame as error:
            return Refused(code=Code.BAD_FRAME, text=str(error))
        try:
            return await self._decided(connection.session, request)
        except Exception:
            log.exception("frame not answered")
            return Refused(code=Code.FAULT, text="the relay failed at this frame; see its log")

    async def _decided(self, session: Session, request: Request) -> Answer:
        now = self._clock()
        match request:
            case HelloFrame():
                return self._hello(session, request, now)
            case StateFrame():
                return _fitting([s for s in self._switchboard.states(now) if s.contact > request.after])
            case CheckFrame():
                asked = replace(request, buyer=checksum(request.buyer))
                return self._switchboard.check(asked, self._chain.view, now)
            case SwitchFrame():
                return await self._switched(session, request)

    def _hello(self, session: Session, asked: HelloFrame, now: float) -> Answer:
        if messages.VERSION not in asked.versions:
            return Refused(code=Code.VERSION, text=f"this relay speaks version {messages.VERSION}")
        identity, view = self._identity(), self._chain.view
        if identity is None:
            return _waiting(view)
        age = max(now - view.advanced, 0.0)
        return Hello(
            relay=identity.relay,
            session=session.id,
            chain_id=identity.chain_id,
            market=identity.markets[0],
            head=view.head,
            head_age_ms=int(min(age, 2**31) * 1_000),
        )

    async def _switched(self, session: Session, frame: SwitchFrame) -> Answer:
        identity, view = self._identity(), self._chain.view
        if identity is None:
            return _waiting(view)
        signer = _signer(identity, session, frame)
        if isinstance(signer, Refused):
            return signer
        if self._switchboard.needs_chain(frame):
            view = await self._chain.look_up(frame.order, LOOK_UP)
        vouched = {
            market.lower()
            for market in (identity.markets if frame.voucher else ())
            if signing.voucher_signer(identity.chain_id, market, frame) == signer
        }
        outcome = self._switchboard.switch(frame, signer, vouched, Seen(now=self._clock(), view=view))
        return await self._finished(frame, outcome)

    async def _finished(self, frame: SwitchFrame, outcome: Outcome) -> Answer:
        """The answer, once the contacts stand and the records are on disk."""
        if outcome.written is not None:
            try:
                async with asyncio.timeout(WRITTEN):
                    await asyncio.shield(asyncio.wrap_future(outcome.written))
            except Exception as error:
                why = f"relay.db cannot be written: {error or 'the disk is too slow'}"
                self._switchboard.failed(frame.contact, why, self._clock())
                return Refused(code=Code.FAULT, text=why, retry_ms=1_000)
        if self._switchboard.settled(frame.contact):
            return outcome.answer
        deadline = time.monotonic() + MOVING
        while not self._switchboard.settled(frame.contact) and time.monotonic() < deadline:
            await asyncio.sleep(MOVING_STEP)
        return self._switchboard.confirmed(frame, outcome.answer, self._clock())


def _waiting(view: View) -> Refused:
    text = view.stale or "the neighbourhood's contracts are not known yet"
    return Refused(code=Code.STALE_CHAIN, text=text, retry_ms=STALE_RETRY_MS)


def _signer(identity: Identity, session: Session, frame: SwitchFrame) -> str | Refused:
    if not session.takes(frame.n):
        return Refused(code=Code.BAD_SIG, text=f"n has to rise: {session.n} was used")
    signer = signing.signer(identity.chain_id, identity.relay, session.id, frame)
    if signer is None:
        return Refused(code=Code.BAD_SIG, text="not signed for this relay and session")
    session.passed(frame.n, signer)
    return signer


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Hang up; what the client does not fetch in time is thrown away, or its socket would stay for ever."""
    writer.close()
    try:
        async with asyncio.timeout(LINGER):
            await writer.wait_closed()
    except (OSError, TimeoutError, asyncio.CancelledError):
        writer.transport.abort()


class _Silent(Exception):
    """Nothing was begun in time."""


class _Lines:
    """The lines of a stream: each within its time, none too long, old clients' without an end."""

    def __init__(self, reader: asyncio.StreamReader, within: float) -> None:
        self._reader = reader
        self._within = within
        self._begun = b""

    async def next(self, idle: float) -> bytes | None:
        """The next line without its end; None at the end of the stream.

        Raises:
            _Silent: nothing came for `idle` seconds.
            BadFrame: too long, or not finished in time.
        """
        if not self._begun:
            try:
                async with asyncio.timeout(idle):
                    self._begun = await self._reader.read(framing.MAX_FRAME)
            except TimeoutError:
                raise _Silent from None
            if not self._begun:
                return None
        deadline = asyncio.get_running_loop().time() + self._within
        while framing.END not in self._begun:
            if len(self._begun) >= framing.MAX_FRAME:
                raise BadFrame(f"a frame has at most {framing.MAX_FRAME} bytes")
            try:
                more = await self._more(deadline)
            except TimeoutError:
                if legacy.channels_asked(self._begun) is not None or legacy.is_switching(self._begun):
                    return self._begun
                continue
            if not more:
                return None
            self._begun += more
        line, _, self._begun = self._begun.partition(framing.END)
        return line

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


def _fitting(contacts: list[ContactState]) -> States:
    """As many contacts as one frame holds."""
    shown = contacts
    while True:
        states = States(contacts=tuple(shown), more=len(shown) < len(contacts))
        try:
            framing.encode(messages.answer_fields(states))
        except BadFrame:
            shown = shown[:-1]
        else:
            return states
