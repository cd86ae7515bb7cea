"""The household's databases that are backed up, and the process that writes each."""

from __future__ import annotations

from node.readings.opening import FILE

READINGS = FILE

WRITERS = {
    "trade.db": "client-interaction",
    "relay.db": "relay",
    "dapp.db": "dapp",
    "meters.db": "logger",
    READINGS: "logger",
}
"""By the name of the file in `paths.state`."""
