"""Frames on the way to the switchboard, turned round by somebody: none of them does anything."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from random import Random

from chain.keys import Account
from contracts.messages import voucher_digest
from relay_server import framing, messages, signing
from relay_server.answering import Answering, Identity
from relay_server.authorisation import View
from relay_server.commanding import Seen
from relay_server.drivers.recording import RecordingPins
from relay_server.messages import Answer, Code, Granted, Op, Refused, SwitchFrame
from relay_server.session import Session, sessions
from tests.conftest import thorough
from tests.integration.relay_server.forgeries import forged
from tests.unit.relay_server.bench import (
    FEED,
    FEED_PIN,
    MARKET,
    ORDER,
    TIE,
    Memory,
    booted,
    on_chain,
    register,
    seen,
)

CHAIN = 4711
OWNER, PAYER, STRANGER = (Account.of(bytes([each]) * 32) for each in (0x51, 0x42, 0x43))
NOW = 100.0
AT_A_TIME = 500


class Relay:
    """A switchboard behind its frames, with a feed that is closed for the payer's order."""

    def __init__(self) -> None:
        self.pins = RecordingPins(clock=lambda: NOW)
        self.keeps = Memory()
        self.board = booted(self.pins, self.keeps, NOW - 10, owner=OWNER.address)
        order = replace(on_chain(), buyer=PAYER.address, seller=OWNER.address)
        self.view = seen(order, now=NOW)
        self.identity = Identity(relay=OWNER.address, chain_id=CHAIN, markets=(MARKET,))
        self.answering = Answering(self.board, self, lambda: self.identity, lambda: NOW)
        self.sessions = sessions(1)
        self.payer = next(self.sessions)
        for step in range(20):  # home, and the meter read
            self.board.turn(NOW - 10 + step / 2, {FEED: register(1_000, NOW)}, self.view)

    async def look_up(self, order: bytes, timeout: float) -> View:
        return self.view

    def ask(self, session: Session, line: bytes) -> Answer:
        answering = self.answering.answer(session, line)
        try:
            answering.send(None)
        except StopIteration as answered:
            answer: Answer = answered.value
            return answer
        raise AssertionError("it waits for something")

    def line(self, session: Session, op: Op, *, by: Account = PAYER, n: int = 0, energy: int = 0) -> bytes:
        own = by is OWNER
        contact = {Op.HOME: 0}.get(op, TIE if own else FEED)
        paid = by.sign(voucher_digest(CHAIN, MARKET, ORDER, energy)) if energy else b""
        frame = SwitchFrame(
            op=op, order=bytes(32) if own else ORDER, contact=contact, n=n or session.n + 1,
            signature=b"", energy=energy, voucher=paid,
        )  # fmt: skip
        signed = signing.signed(by, CHAIN, OWNER.address, session.id, frame)
        return framing.encode(messages.request_fields(signed))[:-1]


def test_no_frame_that_was_turned_round_does_anything() -> None:
    relay, random = Relay(), Random(7)
    assert isinstance(relay.ask(relay.payer, relay.line(relay.payer, Op.CLOSE)), Granted)
    stood = list(relay.pins.record)
    for energy in range(1, thorough(8, 1_800) + 1):
        session = next(relay.sessions)
        unsent = genuine(relay, session, n=1) + genuine(relay, session, n=3)
        sent_elsewhere = genuine(relay, relay.payer, n=relay.payer.n + 1)
        half = AT_A_TIME // 2
        lines = [
            *islice(forged(unsent, random, spent=False), half),
            *islice(forged([*sent_elsewhere, *by_strangers(relay, session)], random, spent=True), half),
        ]
        for line in lines:
            answer = relay.ask(session, line)
            assert isinstance(answer, Refused), (line, answer)
            assert answer.code is not Code.FAULT, (line, answer)
        kept = relay.ask(relay.payer, relay.line(relay.payer, Op.KEEP, energy=min(energy, 1_000) // 2 + 1))
        assert isinstance(kept, Granted), "the payer's own is answered as ever"
    assert relay.pins.record == stood, "no contact was moved"
    assert relay.pins.contacts[FEED_PIN]


def genuine(relay: Relay, session: Session, n: int) -> list[bytes]:
    """What buyer and owner would send next on this connection, and do not."""
    return [
        relay.line(session, Op.KEEP, n=n, energy=900),
        relay.line(session, Op.KEEP, n=n + 1, energy=1_000),
        relay.line(session, Op.OPEN, n=n + 2, energy=950),
        relay.line(session, Op.OPEN, n=n + 3),
        relay.line(session, Op.CLOSE, n=n + 4),
        relay.line(session, Op.CLOSE, by=OWNER, n=n + 5),
        relay.line(session, Op.OPEN, by=OWNER, n=n + 6),
        relay.line(session, Op.HOME, by=OWNER, n=n + 7),
    ]


def by_strangers(relay: Relay, session: Session) -> list[bytes]:
    """Well signed, by somebody to whom nothing here belongs."""
    return [
        relay.line(session, op, by=STRANGER, n=n, energy=10 * (op in {Op.KEEP, Op.OPEN}))
        for n, op in enumerate((Op.CLOSE, Op.KEEP, Op.OPEN, Op.HOME), 1)
    ]


def test_an_open_that_names_energy_without_a_voucher_pays_for_nothing() -> None:
    relay = Relay()
    assert isinstance(relay.ask(relay.payer, relay.line(relay.payer, Op.CLOSE)), Granted)
    assert isinstance(relay.ask(relay.payer, relay.line(relay.payer, Op.KEEP, energy=20)), Granted)
    frame = SwitchFrame(op=Op.OPEN, order=ORDER, contact=FEED, n=9, signature=b"", energy=800)
    signed = signing.signed(PAYER, CHAIN, OWNER.address, relay.payer.id, frame)
    fields = messages.request_fields(signed) | {"energy": 800}
    answer = relay.ask(relay.payer, framing.encode(fields)[:-1])
    assert isinstance(answer, Refused)
    assert answer.code is Code.BAD_FRAME
    relay.board.switch(signed, PAYER.address, (), Seen(now=NOW, view=relay.view))
    order = relay.keeps.remembered().orders[ORDER]
    assert (order.vouchered.mwh, order.signature) == (
        20,
        PAYER.sign(voucher_digest(CHAIN, MARKET, ORDER, 20)),
    )
