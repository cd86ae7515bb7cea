"""What the board runs at boot: both paths low, then settings, watchdog, Wi-Fi, and one loop for ever."""

import gc
import socket

import board
from pathboard.node import CLOCK, Node
from pathboard.server import CONNECTIONS, Server
from pathboard.settings import Broken, Settings

TURN_MS = 10
SAMPLE_MS = 50
COLLECT_MS = 1_000


def main() -> None:
    """Run until the power goes, or the watchdog bites."""
    outputs = board.Outputs()
    try:
        with open("settings.json") as file:
            settings = Settings(file.read())
    except (OSError, Broken) as error:
        stay_idle(f"settings.json cannot be used: {error}")
        return
    try:
        boot = board.count_boot()
    except OSError as error:
        stay_idle(f"the boot counter cannot be kept in flash ({error}): erase the flash and install anew")
        return
    watchdog = board.watchdog()
    node = Node(settings, board.clock(), boot)
    radio, inputs = board.Radio(settings), board.Inputs(settings)
    server = Server(
        node, listening(settings.port), board.random, lambda: outputs.set(node.outputs), board.clock()
    )
    print("pathboard: ready, boot", boot)
    Loop(node, outputs, inputs, radio, server).run(watchdog)


class Loop:
    """Paths first, then Wi-Fi, then the network: ten milliseconds a turn."""

    def __init__(self, node, outputs, inputs, radio, server) -> None:  # type: ignore[no-untyped-def]
        self._node = node
        self._outputs = outputs
        self._inputs = inputs
        self._radio = radio
        self._server = server
        self._then = board.clock()
        self._sample = self._collect = 0
        self._volts = inputs.voltage()
        self._amps = inputs.current()

    def run(self, watchdog) -> None:  # type: ignore[no-untyped-def]
        """Turn for ever; whatever goes wrong opens both paths and leaves the rest to the watchdog's reset."""
        try:
            while True:
                self.turn()
                watchdog.feed()
                board.pause(TURN_MS)
        finally:
            self._outputs.set((False, False))

    def turn(self) -> None:
        """One turn."""
        now = board.clock()
        elapsed = (now - self._then) & CLOCK
        self._then = now
        self._sample += elapsed
        if self._sample >= SAMPLE_MS:
            self._sample = 0
            self._volts, self._amps = self._inputs.voltage(), self._inputs.current()
        if not self._outputs.as_set(self._node.outputs):
            self._node.paths.latch("pin")
        self._node.turn(now, self._volts, self._amps, self._inputs.supply(), self._inputs.receive())
        self._outputs.set(self._node.outputs)
        self._radio.turn(elapsed)
        self._server.turn(now)
        self._collect += elapsed
        if self._collect >= COLLECT_MS:
            self._collect = 0
            gc.collect()


def listening(port: int) -> socket.socket:
    """A socket on every address of the board; there is only the one on the household's Wi-Fi."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("0.0.0.0", port))  # noqa: S104 - see the docstring
    made.listen(CONNECTIONS)
    return made


def stay_idle(why: str) -> None:
    """Both paths stay low; say why until somebody mends it over USB."""
    while True:
        print("pathboard: IDLE:", why)
        board.pause(5_000)


if __name__ == "__main__":
    main()
