"""Conversations with a relay, as `tests/vectors/relay/conversations.json` has them, byte for byte.

A step's line is made anew for another session, chain and orders, by the keys that the file gives; so the same
conversation is held with a relay that nobody arranged for it. `python -m tests.relay_vectors` signs the
file's own lines again after a change of the protocol.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chain.keys import Account
from contracts.messages import voucher_digest
from relay_server import framing, messages, signing
from relay_server.errors import BadFrame
from relay_server.messages import SwitchFrame

FOLDER = Path(__file__).parent / "vectors" / "relay"
FILE = FOLDER / "conversations.json"
CONVERSATIONS: dict[str, Any] = json.loads(FILE.read_text())
ORDERS: dict[str, bytes] = {name: bytes.fromhex(o["id"][2:]) for name, o in CONVERSATIONS["orders"].items()}
ORDER_OF_THE_CURVE = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""Of secp256k1 (SEC 2)."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What every signature of a conversation is for."""

    chain_id: int = CONVERSATIONS["chainId"]
    market: str = CONVERSATIONS["market"]
    session: bytes = bytes.fromhex(CONVERSATIONS["session"][2:])
    ids: Mapping[bytes, bytes] = field(default_factory=dict)
    """The orders that stand for the file's."""

    asked_again: int = 0
    """How often a signed line was repeated on this connection: so much higher is each n."""


def account(name: str) -> Account:
    """Somebody by the name that the file gives."""
    return Account.of(bytes.fromhex(CONVERSATIONS["accounts"][name]["private_key"][2:]))


def line(step: Mapping[str, Any], scene: Scene) -> bytes:
    """What the step's speaker sends in this scene, without its newline."""
    given = str(step["line"]).encode()
    try:
        frame = messages.parse_request(framing.decode(given))
    except BadFrame:
        return given
    if not isinstance(frame, SwitchFrame):
        return given
    bare = replace(
        frame,
        order=scene.ids.get(frame.order, frame.order),
        n=frame.n + scene.asked_again,
        voucher=_voucher(step, frame, scene) if frame.voucher else b"",
    )
    session = bytes.fromhex(step["session"][2:]) if "session" in step else scene.session
    relay = account("seller").address
    done = signing.signed(account(step["by"]), scene.chain_id, relay, session, bare)
    if step.get("twin"):
        done = replace(done, signature=_twin(done.signature))
    return framing.encode(messages.request_fields(done))[:-1]


def _voucher(step: Mapping[str, Any], frame: SwitchFrame, scene: Scene) -> bytes:
    told = step.get("voucher", {})
    order = ORDERS[told["order"]] if "order" in told else frame.order
    digest = voucher_digest(
        scene.chain_id, told.get("market", scene.market), scene.ids.get(order, order), frame.energy
    )
    return account(told.get("by", step["by"])).sign(digest)


def _twin(signature: bytes) -> bytes:
    """The other signature of the same digest by the same key: (r, n − s)."""
    s = int.from_bytes(signature[32:64])
    return signature[:32] + (ORDER_OF_THE_CURVE - s).to_bytes(32) + bytes([55 - signature[64]])


def main() -> None:
    """Sign every line of the file again."""
    for conversation in CONVERSATIONS["conversations"]:
        for step in conversation["steps"]:
            step["line"] = line(step, Scene()).decode()
    FILE.write_text(json.dumps(CONVERSATIONS, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
