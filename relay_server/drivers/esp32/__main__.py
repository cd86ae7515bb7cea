"""Talk to a path board by hand: for the day on which it is installed.

    python -m relay_server.drivers.esp32 10.0.0.9:15556 --key-file board.key status
    python -m relay_server.drivers.esp32 10.0.0.9:15556 --key-file board.key supply --seconds 3

Exit codes: 0 done, 1 the board refuses, 69 it does not answer, 78 the key or the address is wrong.
"""

from __future__ import annotations

import argparse
import sys
import time

from relay_server.drivers.esp32.client import BoardClient, BoardLost, KeyFileRefused, read_key
from relay_server.drivers.esp32.frames import No, Path, Role, Status

LEASE = 1.5
"""Seconds, renewed every third of it: let go of the keyboard, and the path opens."""


def main() -> int:
    """Do one thing."""
    parser = argparse.ArgumentParser(prog="python -m relay_server.drivers.esp32", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("board", help="address and port of the board")
    parser.add_argument("act", choices=("status", "supply", "receive", "idle", "clear"))
    parser.add_argument("--key-file", required=True, help="64 hexadecimal digits")
    parser.add_argument("--role", choices=[*Role], default=Role.SWITCH.value, help="which key it is")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to supply or receive")
    given = parser.parse_args()
    try:
        client = BoardClient(given.board, Role(given.role), read_key(given.key_file))
    except (ValueError, KeyFileRefused) as error:
        print(error, file=sys.stderr)
        return 78
    try:
        if given.act in ("supply", "receive"):
            return _hold(client, Path(given.act.upper()), given.seconds)
        ask = {"status": client.status, "idle": client.idle, "clear": client.clear}[given.act]
        print(_line(ask()))
    except BoardLost as error:
        print(error, file=sys.stderr)
        return 69
    finally:
        client.close()
    return 0


def _hold(client: BoardClient, path: Path, seconds: float) -> int:
    """Renew a path until the time is over or somebody interrupts; then IDLE.

    A lease that lasts until the end is not renewed: the next could be over before the board reads it.
    """
    client.status()  # connected, before the time begins
    end = time.monotonic() + seconds
    until, granted = 0.0, False
    try:
        while (now := time.monotonic()) < end:
            if until < end or not granted:
                until = min(now + LEASE, end)
                answer = client.close_path(path, until)
                granted = not isinstance(answer, No)
            else:
                answer = client.status()
            if isinstance(answer, No):
                if answer.code != "LEASE":
                    return _refused(answer)
                client.status()  # a frame was on its way for too long: reckon anew
                continue
            print(_line(answer), flush=True)
            time.sleep(max(min(LEASE / 3, end - time.monotonic()), 0))
    except KeyboardInterrupt:
        granted = True
    print(_line(client.idle()))
    return 0 if granted else _refused(No("LEASE"))


def _refused(answer: No) -> int:
    print(f"refused: {answer.code}", file=sys.stderr)
    return 1


def _line(status: Status) -> str:
    volts = "–" if status.voltage is None else f"{status.voltage / 1_000:.3f} V"
    amps = "" if status.current is None else f", {status.current / 1_000:+.2f} A"
    soc = "–" if status.soc is None else f"{status.soc / 100:.1f} % by {status.by}"
    fault = f", FAULT {status.fault}" if status.fault else ""
    return (
        f"{status.path} ({status.why}), lease {status.lease_ms} ms, {volts}{amps}, {soc}{fault}; "
        f"up {status.up_ms // 1_000} s, boot {status.boot}"
    )


if __name__ == "__main__":
    sys.exit(main())
