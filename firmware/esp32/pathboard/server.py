"""The board's TCP server: a few connections, none of them waited for, one line of each a turn.

No hardware and no thread: `turn` is called from the one loop that also keeps the paths safe, and returns at
once whatever the network does. CPython's sockets and MicroPython's do here the same.
"""

import socket

from .node import CLOCK, Node
from .session import LARGEST_LINE, Session

CONNECTIONS = 4
IDLE_MS = 30_000
"""A connection that says nothing for so long is closed."""
LINE_MS = 2_000
"""A line once begun has to end within this."""
WRONG = 3
"""Bad lines after which a connection is closed."""


class Connection:
    """One socket, what has come of its next line, and what has not gone yet of the last answer."""

    def __init__(self, stream: socket.socket, session: Session) -> None:
        self.stream = stream
        self.session = session
        self.silent = 0
        """Milliseconds since a whole line came."""
        self.wrong = 0
        self.inbox = b""
        self.outbox = b""


class Server:
    """Listens, and carries lines between the network and the node."""

    def __init__(self, node: Node, listening: socket.socket, random, apply, now: int) -> None:  # type: ignore[no-untyped-def]
        """Take over a listening socket.

        Args:
            random: gives so many bytes of the hardware's generator.
            apply: sets the pins to the node's outputs.
            now: `time.ticks_ms()`.
        """
        listening.setblocking(False)
        self.connections: list[Connection] = []
        self._node = node
        self._listening = listening
        self._random = random
        self._apply = apply
        self._then = now

    def turn(self, now: int) -> None:
        """Accept who is waiting, and answer at most one line of each connection."""
        elapsed = (now - self._then) & CLOCK
        self._then = now
        self._accept()
        for connection in tuple(self.connections):
            try:
                self._serve(connection, elapsed)
            except OSError:
                self._drop(connection)

    def close(self) -> None:
        """Close every connection and the listening socket."""
        for connection in tuple(self.connections):
            self._drop(connection)
        self._listening.close()

    def _accept(self) -> None:
        try:
            stream = self._listening.accept()[0]
        except OSError:
            return
        if len(self.connections) >= CONNECTIONS:
            unproven = [c for c in self.connections if not c.session.proven]
            if not unproven:
                stream.close()
                return
            self._drop(max(unproven, key=lambda c: c.silent))
        stream.setblocking(False)
        self.connections.append(Connection(stream, self._node.session(self._random(12))))

    def _serve(self, connection: Connection, elapsed: int) -> None:
        connection.silent += elapsed
        if connection.outbox:
            self._send(connection)
            return
        if b"\n" not in connection.inbox:
            self._receive(connection)
        line, newline, rest = connection.inbox.partition(b"\n")
        if not newline:
            late = connection.silent > (LINE_MS if connection.inbox else IDLE_MS)
            if late or len(connection.inbox) >= LARGEST_LINE:
                self._drop(connection)
            return
        connection.inbox, connection.silent = rest, 0
        connection.outbox = self._node.answer(connection.session, line)
        self._apply()
        connection.wrong += connection.outbox.startswith(b"ERR ")
        self._send(connection)
        if connection.wrong >= WRONG:
            self._drop(connection)

    def _receive(self, connection: Connection) -> None:
        try:
            got = connection.stream.recv(LARGEST_LINE - len(connection.inbox))
        except OSError as error:
            if error.errno != 11:  # EAGAIN: nothing there
                raise
            return
        if not got:
            raise OSError("closed by the other side")
        if not connection.inbox:
            connection.silent = 0
        connection.inbox += got

    def _send(self, connection: Connection) -> None:
        try:
            sent = connection.stream.send(connection.outbox)
        except OSError as error:
            if error.errno != 11:
                raise
            sent = 0
        connection.outbox = connection.outbox[sent:]
        if connection.outbox and connection.silent > LINE_MS:
            raise OSError("the other side does not read")

    def _drop(self, connection: Connection) -> None:
        connection.stream.close()
        if connection in self.connections:
            self.connections.remove(connection)
