"""Frames: one JSON object a line, at most 1,024 bytes with its newline.

    {"op":"STATE"}\\n          →          {"ok":true,"contacts":[…]}\\n

Bytes ↔ fields, nothing else. Strict where leniency would let two readers see two things: one object, no key
twice, no NaN.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from relay_server.errors import BadFrame

MAX_FRAME = 1_024
"""Bytes, newline included."""

END = b"\n"


def encode(fields: Mapping[str, Any]) -> bytes:
    """One frame with its newline.

    Raises:
        BadFrame: too long.
    """
    line = json.dumps(fields, separators=(",", ":"), ensure_ascii=True).encode() + END
    if len(line) > MAX_FRAME:
        raise BadFrame(f"a frame of {len(line)} bytes: {MAX_FRAME} are the most")
    return line


def decode(line: bytes) -> dict[str, Any]:
    """The fields of one frame, given with or without its newline.

    Raises:
        BadFrame: too long, not UTF-8, not one JSON object, or a key given twice.
    """
    if len(line) > MAX_FRAME:
        raise BadFrame(f"a frame has at most {MAX_FRAME} bytes")
    try:
        fields = json.loads(line.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except BadFrame:
        raise
    except (ValueError, RecursionError):
        raise BadFrame("not a JSON object on one line") from None
    if not isinstance(fields, dict):
        raise BadFrame("a frame is one JSON object")
    return fields


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadFrame("a key is given twice")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise BadFrame(f"{name} is no JSON")
