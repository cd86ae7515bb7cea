"""The client that a household's own processes use: one TCP connection to one relay, blocking.

    with RelayClient("10.0.0.1:15555", seller, account, chain_id) as relay:
        match relay.close(order, contact):
            case Granted(lease_ms=lease): ...
            case Refused(code=code, retry_ms=wait): ...

A refusal is an answer; only a relay that cannot be talked to raises. A broken connection is made anew by the
next call, with a new session. Not for several threads at once.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from chain.endpoint import host_and_port
from chain.keys import Account
from relay_server import framing, messages, signing
from relay_server.address import EXAMPLE
from relay_server.errors import BadFrame, RelayUnreachable, RelayWaiting, WrongRelay
from relay_server.messages import (
    NO_ORDER,
    Accepted,
    Answer,
    CheckFrame,
    Code,
    ContactState,
    Granted,
    Hello,
    HelloFrame,
    Op,
    Opened,
    Refused,
    Request,
    StateFrame,
    States,
    SwitchFrame,
)

__all__ = ["RelayClient", "RelayUnreachable", "WrongRelay"]


class RelayClient:
    """A connection to the relay at `address`, which must belong to `relay_account`."""

    def __init__(
        self,
        address: str,
        relay_account: str | None,
        account: Account | None,
        chain_id: int | None,
        timeout: float = 2.0,
    ) -> None:
        """Prepare; the connection is made by the first call.

        Args:
            address: `host:port`.
            relay_account: whose relay it has to be; None asks without checking (for looking only).
            account: signs commands; None can ask for states only.
            chain_id: which chain the relay must be on; None as above.
            timeout: seconds for a connection and for each answer.

        Raises:
            ValueError: no address.
        """
        self.address = address
        self._host = host_and_port(address, EXAMPLE)
        self._relay_account = relay_account
        self._account = account
        self._chain_id = chain_id
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._received = b""
        self._hello: Hello | None = None
        self._n = 0

    def hello(self) -> Hello:
        """Introduce; the answer holds the relay's head of the chain as it stands now.

        Raises:
            RelayUnreachable: no answer. RelayWaiting: it cannot tell its chain yet.
            WrongRelay: another account, chain or version than expected.
        """
        self._connect()
        return self._introduced()

    def state(self) -> tuple[ContactState, ...]:
        """All contacts of this relay, home first.

        Raises:
            RelayUnreachable: no answer.
        """
        contacts: tuple[ContactState, ...] = ()
        while True:
            answer = self._ask(StateFrame(after=contacts[-1].contact if contacts else -1))
            if not isinstance(answer, States):
                raise self._broken(f"answers STATE with {answer}")
            contacts += answer.contacts
            if not answer.more or not answer.contacts:
                return contacts

    def check(self, buyer: str, contact: int, energy: int, price: int) -> Accepted | Refused:
        """Ask whether an order on these terms would be supplied: mWh, token base units per kWh.

        Raises:
            RelayUnreachable: no answer.
        """
        answer = self._ask(CheckFrame(buyer=buyer, contact=contact, energy=energy, price=price))
        assert isinstance(answer, Accepted | Refused)  # noqa: S101 - what parse_answer gives for this frame
        return answer

    def close(self, order: bytes, contact: int) -> Granted | Refused:
        """Close a feed for an order, or (order zero) a tie of one's own household.

        Raises:
            RelayUnreachable: no answer; the contact may or may not be closed.
        """
        answer = self._command(Op.CLOSE, order, contact)
        assert isinstance(answer, Granted | Refused)  # noqa: S101
        return answer

    def keep(self, order: bytes, contact: int, energy: int = 0, voucher: bytes = b"") -> Granted | Refused:
        """Renew the lease; for a feed with a voucher for `energy` mWh received under this order.

        Raises:
            RelayUnreachable: no answer; the lease may or may not be renewed.
        """
        answer = self._command(Op.KEEP, order, contact, energy, voucher)
        assert isinstance(answer, Granted | Refused)  # noqa: S101
        return answer

    def open(self, order: bytes, contact: int, energy: int = 0, voucher: bytes = b"") -> Opened | Refused:
        """Open, with a last voucher if there is one.

        The owner's own OPEN of a feed announces its end; with an order, that this is given back on the chain.

        Raises:
            RelayUnreachable: no answer; the lease ends by itself.
        """
        answer = self._command(Op.OPEN, order, contact, energy, voucher)
        assert isinstance(answer, Opened | Refused)  # noqa: S101
        return answer

    def everything_home(self) -> Opened | Refused:
        """Open every feed, go home, and lock all of it; by the relay's owner. Unlocking is done at the box.

        Raises:
            RelayUnreachable: no answer; ask again.
        """
        answer = self._command(Op.HOME, NO_ORDER, 0)
        assert isinstance(answer, Opened | Refused)  # noqa: S101
        return answer

    def disconnect(self) -> None:
        """Drop the connection; the next call makes another."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket, self._received, self._hello, self._n = None, b"", None, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.disconnect()

    def _command(self, op: Op, order: bytes, contact: int, energy: int = 0, voucher: bytes = b"") -> Answer:
        if self._account is None:
            raise ValueError("this client has no account: it can look, not switch")
        self._connect()
        hello = self._hello or self._introduced()
        self._n += 1
        frame = SwitchFrame(
            op=op,
            order=order,
            contact=contact,
            n=self._n,
            signature=b"",
            energy=energy if voucher else 0,
            voucher=voucher,
        )
        return self._exchange(
            signing.signed(self._account, hello.chain_id, hello.relay, hello.session, frame)
        )

    def _introduced(self) -> Hello:
        answer = self._exchange(HelloFrame())
        match answer:
            case Hello():
                pass
            case Refused(code=Code.VERSION):
                raise self._wrong(f"speaks no protocol {messages.VERSION}: {answer.text}")
            case Refused(code=Code.STALE_CHAIN):
                raise RelayWaiting(f"the relay at {self.address} is not ready: {answer.text}")
            case _:
                raise self._broken(f"answers HELLO with {answer}")
        if self._relay_account is not None and answer.relay.lower() != self._relay_account.lower():
            raise self._wrong(f"belongs to {answer.relay}, not to {self._relay_account}: check `sellers`")
        if self._chain_id is not None and answer.chain_id != self._chain_id:
            raise self._wrong(f"is on chain {answer.chain_id}, not on {self._chain_id}")
        self._hello = answer
        return answer

    def _ask(self, request: Request) -> Answer:
        self._connect()
        if self._hello is None and self._relay_account is not None:
            self._introduced()
        return self._exchange(request)

    def _connect(self) -> None:
        if self._socket is not None:
            return
        try:
            self._socket = socket.create_connection(self._host, self._timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            self.disconnect()
            raise RelayUnreachable(
                f"the relay at {self.address} cannot be reached: {error.strerror or error}"
            ) from error

    def _exchange(self, request: Request) -> Answer:
        assert self._socket is not None  # noqa: S101 - _connect comes first
        try:
            self._socket.sendall(framing.encode(messages.request_fields(request)))
            return messages.parse_answer(request, framing.decode(self._line(self._socket)))
        except OSError as error:
            raise self._broken(f"does not answer: {error.strerror or error}") from error
        except BadFrame as error:
            raise self._broken(f"answers nonsense: {error}") from error

    def _line(self, connection: socket.socket) -> bytes:
        """Read up to the next newline, within the timeout as a whole."""
        deadline = time.monotonic() + self._timeout
        while framing.END not in self._received:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no answer within {self._timeout:g} s")
            connection.settimeout(left)
            received = connection.recv(framing.MAX_FRAME)
            if not received:
                raise ConnectionResetError("it closed the connection")
            self._received += received
            if len(self._received) > 2 * framing.MAX_FRAME:
                raise BadFrame("an answer without end")
        line, _, self._received = self._received.partition(framing.END)
        return line

    def _broken(self, what: str) -> RelayUnreachable:
        self.disconnect()
        return RelayUnreachable(f"the relay at {self.address} {what}")

    def _wrong(self, what: str) -> WrongRelay:
        self.disconnect()
        return WrongRelay(f"the relay at {self.address} {what}")
