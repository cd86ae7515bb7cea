"""One connection's conversation: HELLO first, then sealed frames whose number rises. See ../PROTOCOL.md.

A frame is accepted once, on one connection of one boot: its seal is made with a key that both sides' nonces
have gone into, the board's with its boot number, and the same number is never taken twice.
"""

from .seal import same, seal

VERSION = "1"
LARGEST_LINE = 256
"""Bytes, with the newline."""
LARGEST_NUMBER = 4_294_967_295
LONGEST_TIME = 9_999_999_999_999
"""Milliseconds: three centuries."""
SEAL = 64
"""Hexadecimal digits."""
NONCE = 32
ROLES = ("switch", "look")


class Refused(Exception):
    """Nothing that this session takes; the message is the code that is answered."""


class Session:
    """What is known of the other side of one connection."""

    def __init__(self, keys: dict[str, bytes], token: str, serial: int = 0) -> None:
        """Nothing is proven yet.

        Args:
            keys: the pre-shared key of each role that is configured.
            token: this connection's: boot number, connection number and random, as hexadecimal digits.
            serial: this connection's number since the boot.
        """
        self.serial = serial
        self.role = ""
        self.proven = False
        """Whether a frame with a good seal has come."""
        self._keys = keys
        self._token = token
        self._key = b""
        self._last = 0

    def hello(self, words: list[str]) -> bytes:
        """Answer `HELLO 1 <role> <nonce>`, which may come once."""
        if self._key or len(words) != 4:
            raise Refused("FRAME")
        _, version, role, nonce = words
        if version != VERSION:
            raise Refused("VERSION")
        if len(nonce) != NONCE or not _hexadecimal(nonce):
            raise Refused("FRAME")
        if role not in self._keys:
            raise Refused("ROLE")
        about = f"{VERSION} {role} {nonce} {self._token}".encode()
        self._key = seal(self._keys[role], b"session " + about)
        self.role = role
        return f"HELLO {VERSION} {self._token} {seal(self._keys[role], b'hello ' + about).hex()}\n".encode()

    def opened(self, line: bytes) -> tuple[int, list[str]]:
        """The number and the words of a sealed request; whatever is not right about it is refused."""
        if not self._key:
            raise Refused("HELLO")
        text, gap, given = line[: -SEAL - 1], line[-SEAL - 1 : -SEAL], line[-SEAL:]
        if gap != b" " or not same(given, seal(self._key, b"> " + text).hex().encode()):
            raise Refused("SEAL")
        self.proven = True
        words = text.decode().split(" ")
        number = whole(words[0], LARGEST_NUMBER)
        if number is None or len(words) < 2:
            raise Refused("FRAME")
        if number <= self._last:
            raise Refused("NUMBER")
        self._last = number
        return number, words[1:]

    def sealed(self, number: int, text: str) -> bytes:
        """An answer, as it goes on the wire."""
        answer = f"{number} {text}".encode()
        return answer + b" " + seal(self._key, b"< " + answer).hex().encode() + b"\n"


def whole(text: str, largest: int) -> int | None:
    """A whole number without sign or leading zeros, or None."""
    if (
        not 0 < len(text) <= 13
        or not all("0" <= c <= "9" for c in text)
        or (text[0] == "0" and len(text) > 1)
    ):
        return None
    number = int(text)
    return number if number <= largest else None


def printable(line: bytes) -> bool:
    """Whether a line holds nothing but printable ASCII."""
    return all(32 <= byte <= 126 for byte in line)


def _hexadecimal(text: str) -> bool:
    return all(c in "0123456789abcdef" for c in text)
