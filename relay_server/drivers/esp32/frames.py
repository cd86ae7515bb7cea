"""The path board's frames, as seen from the Pi: one line of text, sealed with HMAC-SHA256.

    → HELLO 1 <role> <nonce>              ← HELLO 1 <token> <seal>
    → <n> <command> [<until>] <seal>      ← <n> OK <status> <seal> | <n> NO <code> <seal> | ERR <code>

Specification: firmware/esp32/PROTOCOL.md; vectors: tests/vectors/esp32/frames.json.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum

from relay_server.errors import RelayError

VERSION = 1
LARGEST_LINE = 256
"""Bytes, with the newline."""

SEAL = 64
TOKEN = 40


class BadBoardFrame(RelayError):
    """What came is not a sealed answer of the board to the question that was asked."""


class Role(StrEnum):
    """What a key may do."""

    SWITCH = "switch"
    LOOK = "look"


class Path(StrEnum):
    """What the board closes: at most one of two."""

    IDLE = "IDLE"
    SUPPLY = "SUPPLY"
    """Discharge: the household's battery feeds the line."""
    RECEIVE = "RECEIVE"
    """Charge: the line feeds the household."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """The board at the moment of its answer."""

    path: Path
    wanted: Path
    lease_ms: int
    why: str
    fault: str | None
    voltage: int | None
    """mV of the battery; None while the board cannot measure it."""
    current: int | None
    """mA into the battery; None where none is measured."""
    soc: int | None
    """Hundredths of a percent."""
    by: str
    """How the state of charge is known: curve or coulomb."""
    up_ms: int
    """The board's own clock, on which leases end."""
    boot: int


@dataclass(frozen=True)
class No:
    """The board refuses; `code` says why."""

    code: str


def hello(role: Role, nonce: str) -> bytes:
    """The first line of a connection; `nonce` is 32 hexadecimal digits, new each time."""
    return f"HELLO {VERSION} {role} {nonce}\n".encode()


def session_key(key: bytes, role: Role, nonce: str, line: bytes) -> bytes:
    """Check the board's answer to HELLO (without its newline); answers the key of this session.

    Raises:
        BadBoardFrame: the board does not have this key, or does not take it for this role.
    """
    words = line.split(b" ")
    if words[0] == b"ERR":
        raise BadBoardFrame(_text(line))
    if len(words) != 4 or words[:2] != [b"HELLO", b"1"] or len(words[2]) != TOKEN:
        raise BadBoardFrame(f"answers HELLO with {line[:60]!r}")
    about = f"{VERSION} {role} {nonce} ".encode() + words[2]
    if not hmac.compare_digest(_seal(key, b"hello " + about), words[3]):
        raise BadBoardFrame("does not know this key")
    return hmac.digest(key, b"session " + about, "sha256")


def request(key: bytes, n: int, command: str, until: int | None = None) -> bytes:
    """A sealed request; `until` is the end of the lease on the board's clock."""
    text = f"{n} {command}" + ("" if until is None else f" {until}")
    return text.encode() + b" " + _seal(key, b"> " + text.encode()) + b"\n"


def answer(key: bytes, n: int, line: bytes) -> Status | No:
    """Read the answer to request `n` (without its newline).

    Raises:
        BadBoardFrame: not sealed by the board for this session, or not an answer to this request.
    """
    text, _, seal = line.rpartition(b" ")
    if not hmac.compare_digest(_seal(key, b"< " + text), seal):
        raise BadBoardFrame(_text(line) if line.startswith(b"ERR ") else "sends an answer with a wrong seal")
    number, _, said = _text(text).partition(" ")
    if number != str(n):
        raise BadBoardFrame(f"answers {number} where {n} was asked")
    kind, _, rest = said.partition(" ")
    if kind == "NO":
        return No(rest)
    if kind != "OK":
        raise BadBoardFrame(f"answers {_text(text)[:60]!r}")
    try:
        return _status(dict(word.split("=", 1) for word in rest.split(" ")))
    except (KeyError, ValueError) as error:
        raise BadBoardFrame(f"sends a status that cannot be read ({error}): is its firmware newer?") from None


def _status(fields: dict[str, str]) -> Status:
    return Status(
        path=Path(fields["path"]),
        wanted=Path(fields["wanted"]),
        lease_ms=int(fields["lease"]),
        why=fields["why"],
        fault=None if fields["fault"] == "-" else fields["fault"],
        voltage=None if fields["mv"] == "-1" else int(fields["mv"]),
        current=None if fields["ma"] == "-" else int(fields["ma"]),
        soc=None if fields["soc"] == "-1" else int(fields["soc"]),
        by=fields["by"],
        up_ms=int(fields["up"]),
        boot=int(fields["boot"]),
    )


def _seal(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256").hex().encode()


def _text(line: bytes) -> str:
    return line.decode("ascii", "replace")
