"""A board's core with everything that a test has to hold in its hands."""

from __future__ import annotations

import hmac
import json
from typing import Any

from pathboard.node import Node
from pathboard.session import Session
from pathboard.settings import Settings

SWITCH, LOOK = b"\x51" * 16 + b"\x52" * 16, b"\x61" * 16 + b"\x62" * 16
NONCE = "00112233445566778899aabbccddeeff"


def settings_text(**changes: Any) -> str:
    return json.dumps(
        {
            "wifi": {"ssid": "home", "password": "not-a-secret"},
            "keys": {"switch": SWITCH.hex(), "look": LOOK.hex()},
            "battery": {"cells": 1, "capacity_mah": 3000},
        }
        | changes
    )


def make_node(now: int = 0, boot: int = 1, **changes: Any) -> Node:
    return Node(Settings(settings_text(**changes)), now, boot)


class Talk:
    """The Pi's side of one connection to a core, written down from the specification alone."""

    def __init__(
        self, node: Node, key: bytes = SWITCH, role: str = "switch", random: bytes = b"r" * 12
    ) -> None:
        self.node = node
        self.session: Session = node.session(random)
        self.n = 0
        self.sent: list[bytes] = []
        answer = node.answer(self.session, f"HELLO 1 {role} {NONCE}".encode()).decode().split()
        about = f"1 {role} {NONCE} {answer[2]}".encode()
        self.authentic = answer[3] == hmac.digest(key, b"hello " + about, "sha256").hex()
        self.key = hmac.digest(key, b"session " + about, "sha256")

    def frame(self, text: str) -> bytes:
        self.n += 1
        return self.sealed(f"{self.n} {text}")

    def sealed(self, text: str) -> bytes:
        return text.encode() + b" " + hmac.digest(self.key, b"> " + text.encode(), "sha256").hex().encode()

    def send(self, frame: bytes) -> str:
        self.sent.append(frame)
        return self.node.answer(self.session, frame).decode()

    def ask(self, text: str) -> str:
        """Everything after the number, without the seal."""
        answer = self.send(self.frame(text)).rstrip("\n")
        content, _, seal = answer.rpartition(" ")
        assert seal == hmac.digest(self.key, b"< " + content.encode(), "sha256").hex(), answer
        number, _, rest = content.partition(" ")
        assert number == str(self.n)
        return rest

    def status(self) -> dict[str, str]:
        words = self.ask("STATUS").split()
        assert words[0] == "OK"
        return dict(word.split("=", 1) for word in words[1:])

    def lease(self, path: str, milliseconds: int) -> str:
        up = int(self.status()["up"])
        return self.ask(f"{path} {up + milliseconds}")
