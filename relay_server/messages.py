"""The frames and answers of relay protocol 2, typed: parsing and building, no decisions.

A request is one of `HelloFrame`, `StateFrame`, `CheckFrame`, `SwitchFrame`; an answer one of `Hello`,
`States`, `Accepted`, `Granted`, `Opened`, `Refused`. The wire is described in docs/relay-protocol.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from relay_server.errors import BadFrame

VERSION = 2
NO_ORDER = bytes(32)
"""The order of frames about ties, and of the owner's own OPEN."""


class Op(StrEnum):
    """The signed commands."""

    CLOSE = "CLOSE"
    KEEP = "KEEP"
    OPEN = "OPEN"
    HOME = "HOME"
    """Everything home: the owner's emergency command. What it locks is unlocked at the box only."""


class Code(StrEnum):
    """Why a relay refuses, and what the asker should do."""

    NOT_FUNDED = "NOT_FUNDED"
    """The order is not on chain at depth yet: ask again after retry_ms."""
    NO_OFFER = "NO_OFFER"
    """No live offer on these terms: read the offers again."""
    WRONG_CONTACT = "WRONG_CONTACT"
    """No such contact here, or the order is for another one."""
    BUSY = "BUSY"
    """Somebody else is supplied, or the connections are used up."""
    UNPAID = "UNPAID"
    """This buyer took more than it vouchered for: voucher for it, or talk to the seller."""
    METER_GAP = "METER_GAP"
    """The voucher does not keep pace with the seller's meter, or that meter is silent; the feed opens."""
    STALE_CHAIN = "STALE_CHAIN"
    """The relay's own chain node is behind, stalled or away."""
    ENDED = "ENDED"
    """The order is used up, settled, closing or past its end; or the lease is gone."""
    DWELL = "DWELL"
    """Home was reached too recently, or left too often."""
    FAULT = "FAULT"
    """The contact has a latched fault: somebody has to look at it."""
    LOCKED = "LOCKED"
    """Somebody locked the contact out to work on it: until he takes that off at the box."""
    BAD_SIG = "BAD_SIG"
    """Not signed by whom it must be, for this relay and session, with a rising n."""
    BAD_FRAME = "BAD_FRAME"
    """Not a frame of this protocol."""
    VERSION = "VERSION"
    """No common version."""


class Kind(StrEnum):
    """What a contact is for."""

    FEED = "feed"
    TIE = "tie"
    HOME = "home"


# --- requests -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class HelloFrame:
    """Who are you, and which versions do we share?"""

    versions: tuple[int, ...] = (VERSION,)


@dataclass(frozen=True, kw_only=True)
class StateFrame:
    """How do the contacts stand? Those with a number above `after`, as many as fit a frame."""

    after: int = -1


@dataclass(frozen=True, kw_only=True)
class CheckFrame:
    """Would you supply this buyer on these terms? Binding for neither."""

    buyer: str
    contact: int
    energy: int
    """mWh."""
    price: int
    """Token base units per kWh."""


@dataclass(frozen=True, kw_only=True)
class SwitchFrame:
    """A signed command for one contact."""

    op: Op
    order: bytes
    """32 bytes; zero for a tie."""
    contact: int
    n: int
    """Strictly rising within a session."""
    signature: bytes
    """Over Frame(relay, session, n, op, order, contact, energy); 65 bytes."""
    energy: int = 0
    """mWh received so far under this order, by the buyer's meter."""
    voucher: bytes = b""
    """The buyer's signature over Voucher(order, energy); empty where none is sent."""


Request: TypeAlias = HelloFrame | StateFrame | CheckFrame | SwitchFrame

# --- answers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Hello:
    """Whose relay this is, and the session that signatures are for."""

    relay: str
    """Account of the household that owns it."""
    session: bytes
    chain_id: int
    market: str
    head: int
    head_age_ms: int
    hash: bytes | None = None
    """Of the head; None: a relay that saw none yet, or of an earlier release."""
    version: int = VERSION


@dataclass(frozen=True, kw_only=True)
class ContactState:
    """One contact as it stands."""

    contact: int
    """0 is home."""
    closed: bool
    kind: Kind = Kind.FEED
    order: bytes | None = None
    lease_ms: int = 0
    fault: str | None = None
    locked: str | None = None
    """Why it is locked out."""


@dataclass(frozen=True, kw_only=True)
class States:
    """The contacts that fit one frame."""

    contacts: tuple[ContactState, ...]
    more: bool = False


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The terms would do."""


@dataclass(frozen=True, kw_only=True)
class Granted:
    """The contact is closed, and stays so for the lease unless renewed."""

    lease_ms: int
    until_ms: int
    """Until the supply is expected to end whatever is paid: the seller's announcement or the order's end."""
    meter_mwh: int
    """What the seller's meter counted while this order was the one named; 0 for a tie."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The contact is open, or opens at the announced end."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """No, why, and when to ask again."""

    code: Code
    text: str = ""
    retry_ms: int = 0


Answer: TypeAlias = Hello | States | Accepted | Granted | Opened | Refused

# --- the wire -----------------------------------------------------------------------------------------------


def parse_request(fields: Mapping[str, Any]) -> Request:
    """Read a request; fields that this version does not know are ignored.

    Raises:
        BadFrame: an unknown op, or a field that is missing, of the wrong type or out of range.
    """
    f = _Fields(fields)
    op = f.text("op")
    if op not in REQUESTS:
        raise BadFrame(f"{op[:20]!r} is no command of this protocol")
    return REQUESTS[op](f)


def _check(f: _Fields) -> CheckFrame:
    return CheckFrame(
        buyer=f.address("buyer"),
        contact=f.integer("contact", 32),
        energy=f.integer("energy", 64),
        price=f.decimal("price", 128),
    )


def _switch(f: _Fields) -> SwitchFrame:
    energy = f.integer("energy", 64) if "energy" in f.given else 0
    voucher = f.bytes("voucher", 65) if "voucher" in f.given else b""
    if energy and not voucher:
        raise BadFrame("energy: only a voucher says how much was received")
    return SwitchFrame(
        op=Op(f.text("op")),
        order=f.bytes("order", 32),
        contact=f.integer("contact", 32),
        n=f.integer("n", 64),
        signature=f.bytes("sig", 65),
        energy=energy,
        voucher=voucher,
    )


REQUESTS: Mapping[str, Callable[[_Fields], Request]] = {
    "HELLO": lambda f: HelloFrame(versions=f.numbers("v")),
    "STATE": lambda f: StateFrame(after=f.integer("after", 32) if "after" in f.given else -1),
    "CHECK": _check,
    **dict.fromkeys(Op, _switch),
}
"""How each op of the protocol is read."""


def request_fields(request: Request) -> dict[str, Any]:
    """Write a request."""
    match request:
        case HelloFrame():
            return {"op": "HELLO", "v": list(request.versions)}
        case StateFrame():
            return {"op": "STATE"} | ({"after": request.after} if request.after >= 0 else {})
        case CheckFrame():
            return {
                "op": "CHECK",
                "buyer": request.buyer,
                "contact": request.contact,
                "energy": request.energy,
                "price": str(request.price),
            }
        case SwitchFrame():
            carried = {"energy": request.energy, "voucher": _hex(request.voucher)} if request.voucher else {}
            return {
                "op": request.op.value,
                "order": _hex(request.order),
                "contact": request.contact,
                **carried,
                "n": request.n,
                "sig": _hex(request.signature),
            }


def parse_answer(asked: Request, fields: Mapping[str, Any]) -> Answer:
    """Read the answer to a request.

    Raises:
        BadFrame: not an answer to this request.
    """
    f = _Fields(fields)
    if not f.flag("ok"):
        code = f.text("code")
        if code not in tuple(Code):
            raise BadFrame(f"{code!r} is no code of this protocol")
        return Refused(
            code=Code(code),
            text=f.text("text") if "text" in fields else "",
            retry_ms=f.integer("retry_ms", 32) if "retry_ms" in fields else 0,
        )
    match asked:
        case HelloFrame():
            return Hello(
                version=f.integer("v", 16),
                relay=f.address("relay"),
                session=f.bytes("session", 32),
                chain_id=f.integer("chainId", 256),
                market=f.address("market"),
                head=f.integer("head", 64),
                head_age_ms=f.integer("head_age_ms", 64),
                hash=f.bytes("hash", 32) if "hash" in fields else None,
            )
        case StateFrame():
            return States(
                contacts=tuple(_contact(c) for c in f.objects("contacts")),
                more=f.flag("more") if "more" in fields else False,
            )
        case CheckFrame():
            return Accepted()
        case SwitchFrame(op=Op.OPEN | Op.HOME):
            return Opened()
        case SwitchFrame():
            return Granted(
                lease_ms=f.integer("lease_ms", 64),
                until_ms=f.integer("until_ms", 64),
                meter_mwh=f.integer("meter_mwh", 64),
            )


def answer_fields(answer: Answer) -> dict[str, Any]:
    """Write an answer."""
    match answer:
        case Hello():
            return {
                "ok": True,
                "v": answer.version,
                "relay": answer.relay,
                "session": _hex(answer.session),
                "chainId": answer.chain_id,
                "market": answer.market,
                "head": answer.head,
                "head_age_ms": answer.head_age_ms,
                **({"hash": _hex(answer.hash)} if answer.hash else {}),
            }
        case States():
            more = {"more": True} if answer.more else {}
            return {"ok": True, "contacts": [contact_fields(c) for c in answer.contacts], **more}
        case Accepted() | Opened():
            return {"ok": True}
        case Granted():
            return {
                "ok": True,
                "lease_ms": answer.lease_ms,
                "until_ms": answer.until_ms,
                "meter_mwh": answer.meter_mwh,
            }
        case Refused():
            return {
                "ok": False,
                "code": answer.code.value,
                "retry_ms": answer.retry_ms,
                "text": answer.text,
            }


def contact_fields(contact: ContactState) -> dict[str, Any]:
    """Write one contact of a STATE answer."""
    return {
        "contact": contact.contact,
        "kind": contact.kind.value,
        "closed": contact.closed,
        "order": _hex(contact.order) if contact.order else None,
        "lease_ms": contact.lease_ms,
        "fault": contact.fault,
        **({"locked": contact.locked} if contact.locked is not None else {}),
    }


def _contact(fields: Mapping[str, Any]) -> ContactState:
    f = _Fields(fields)
    kind = f.text("kind") if "kind" in fields else Kind.FEED.value
    if kind not in tuple(Kind):
        raise BadFrame(f"{kind!r} is no kind of contact")
    return ContactState(
        contact=f.integer("contact", 32),
        kind=Kind(kind),
        closed=f.flag("closed"),
        order=f.bytes("order", 32) if fields.get("order") is not None else None,
        lease_ms=f.integer("lease_ms", 64),
        fault=f.text("fault") if fields.get("fault") is not None else None,
        locked=f.text("locked") if fields.get("locked") is not None else None,
    )


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


@dataclass(frozen=True)
class _Fields:
    """The fields of one JSON object, each read as what it has to be."""

    given: Mapping[str, Any] = field(repr=False)

    def text(self, name: str) -> str:
        value = self.given.get(name)
        if not isinstance(value, str):
            raise BadFrame(f"{name}: a string is missing")
        return value

    def flag(self, name: str) -> bool:
        value = self.given.get(name)
        if not isinstance(value, bool):
            raise BadFrame(f"{name}: true or false is missing")
        return value

    def integer(self, name: str, bits: int) -> int:
        return self._within(name, self.given.get(name), bits)

    def numbers(self, name: str) -> tuple[int, ...]:
        value = self.given.get(name)
        if not isinstance(value, list):
            raise BadFrame(f"{name}: a list of numbers is missing")
        return tuple(self._within(name, v, 16) for v in value)

    def objects(self, name: str) -> list[Mapping[str, Any]]:
        value = self.given.get(name)
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise BadFrame(f"{name}: a list of objects is missing")
        return value

    def decimal(self, name: str, bits: int) -> int:
        digits = self.text(name)
        if not digits.isascii() or not digits.isdecimal() or len(digits) > 39:
            raise BadFrame(f"{name}: a decimal number in a string is missing")
        return self._within(name, int(digits), bits)

    def bytes(self, name: str, length: int) -> bytes:
        digits = self.text(name)
        try:
            data = bytes.fromhex(digits.removeprefix("0x"))
        except ValueError:
            raise BadFrame(f"{name}: hexadecimal digits are missing") from None
        if not digits.startswith("0x") or len(data) != length or len(digits) != 2 + 2 * length:
            raise BadFrame(f"{name}: needs 0x and {2 * length} hexadecimal digits")
        return data

    def address(self, name: str) -> str:
        self.bytes(name, 20)
        return self.text(name)

    @staticmethod
    def _within(name: str, value: object, bits: int) -> int:
        if type(value) is not int or not 0 <= value < 2**bits:
            raise BadFrame(f"{name}: an integer of {bits} bits is missing")
        return value
