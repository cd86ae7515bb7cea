"""Where relays listen."""

from __future__ import annotations

PORT = 15_555
"""Of the relay protocol, as in the first DAISEE prototype."""

EXAMPLE = f"10.0.0.2:{PORT}"
"""A relay's endpoint, for whoever has to correct one."""
