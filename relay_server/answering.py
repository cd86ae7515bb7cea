"""One frame in, one answer out: read it, see who signed it, let the switchboard decide, wait for it.

Whatever waits here (chain, disk, contacts) holds up only the connection that asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from chain.keys import checksum
from relay_server import framing, messages, signing
from relay_server.authorisation import STALE_RETRY_MS, View
from relay_server.commanding import Seen
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
from relay_server.switchboard import Outcome, Switchboard

log = structlog.get_logger()

LOOK_UP = 1.5
"""Seconds to wait for the chain node; clients wait 2 s for an answer."""

MOVING = 1.5
"""Seconds to wait for contacts on the move."""

WRITTEN = 1.5
"""Seconds to wait for the disk."""

MOVING_STEP = 0.005


class ChainSide(Protocol):
    """What is needed of the chain view."""

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


class Answering:
    """Answers the frames of all connections."""

    def __init__(
        self,
        switchboard: Switchboard,
        chain: ChainSide,
        identity: Callable[[], Identity | None],
        clock: Callable[[], float],
    ) -> None:
        """Prepare.

        Args:
            identity: None until the neighbourhood's contracts are known; nobody can sign for this relay then.
            clock: boottime seconds.
        """
        self._switchboard = switchboard
        self._chain = chain
        self._identity = identity
        self._clock = clock

    async def answer(self, session: Session, line: bytes) -> Answer:
        """Answer one line of the connection that has this session. Nothing that it may hold raises."""
        try:
            request = messages.parse_request(framing.decode(line))
        except BadFrame as error:
            return Refused(code=Code.BAD_FRAME, text=str(error))
        try:
            return await self._decided(session, request)
        except Exception:
            log.exception("frame not answered")
            return Refused(code=Code.FAULT, text="the relay failed at this frame; see its log")

    async def _decided(self, session: Session, request: Request) -> Answer:
        now = self._clock()
        match request:
            case HelloFrame():
                return self._hello(session, request, now)
            case StateFrame():
                states = sorted(self._switchboard.states(now), key=lambda state: state.contact)
                return _fitting([state for state in states if state.contact > request.after])
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
            hash=bytes.fromhex(view.hash.removeprefix("0x")) or None,
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
