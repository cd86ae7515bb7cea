"""Codes of an authenticator app: TOTP as in RFC 6238, with SHA-1, six digits and steps of 30 seconds.

These are the only parameters that every such app knows. https://www.rfc-editor.org/rfc/rfc6238
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote, urlencode

STEP = 30
"""Seconds for which one code stands."""

DIGITS = 6

DRIFT = 1
"""Steps by which a phone's clock may be off, either way."""


def code(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one step (RFC 4226, section 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def accepted(secret: bytes, given: str, at: float, used: int) -> int | None:
    """The step whose code was given; None: it is wrong, or as old as one that was used before.

    Args:
        given: as it was typed; spaces do not count.
        at: Unix seconds.
        used: the last step whose code was taken: neither it nor an earlier one is taken again.
    """
    typed, now = "".join(given.split()), int(at) // STEP
    if len(typed) != DIGITS or not typed.isascii():
        return None
    for step in range(max(now - DRIFT, used + 1, 0), now + DRIFT + 1):
        if hmac.compare_digest(code(secret, step), typed):
            return step
    return None


def base32(secret: bytes) -> str:
    """The secret as it is typed into an app, in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def uri(secret: bytes, household: str, user: str) -> str:
    """What an app reads from the picture (https://github.com/google/google-authenticator/wiki/Key-Uri-Format)."""
    label = quote(f"Commonwatt {household}:{user}")
    asked = {"secret": base32(secret).replace(" ", ""), "issuer": f"Commonwatt {household}"}
    return f"otpauth://totp/{label}?{urlencode(asked, quote_via=quote)}"
