"""Does this host know the time? Block and offer times are judged by it."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from dataclasses import dataclass

from chain.client import ChainClient
from chain.errors import ChainError
from node.config import Settings
from node.doctor.findings import Failed, Finding, Ok, Warned

TOLERANCE = 5.0
"""Seconds that the chain's head may lie in this clock's future: geth refuses blocks 15 s ahead."""

UNSYNCHRONISED = 0x0040
"""STA_UNSYNC of adjtimex(2): no time service has set the clock."""

SYNCHRONISE = "let a time service set it: sudo timedatectl set-ntp true"


@dataclass(frozen=True)
class Facts:
    """What is known about the clock."""

    now: float
    """Unix seconds, by this clock."""
    synchronised: bool | None
    """By the kernel's word; None where it gives none."""
    head: int | None
    """Unix seconds of the chain's newest block."""


def check(settings: Settings) -> Iterator[Finding]:
    """Compare the clock with its time service's word and with the chain."""
    try:
        head = ChainClient(settings.chain.rpc, settings.chain.timeout).block("latest").timestamp
    except ChainError:
        head = None
    yield judged(Facts(time.time(), synchronised(), head))


def judged(facts: Facts) -> Finding:
    """What the facts say about the clock."""
    if facts.head is not None and facts.head > facts.now + TOLERANCE:
        behind = facts.head - facts.now
        return Failed(f"the clock is {behind:.0f} s behind the chain's newest block", SYNCHRONISE)
    if facts.synchronised is False:
        return Warned("no time service has set the clock", SYNCHRONISE)
    return Ok("set by a time service" if facts.synchronised else "no contradiction with the chain")


class _Timex(ctypes.Structure):
    """The head of struct timex (adjtimex(2)), and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 32),
    )


def synchronised() -> bool | None:
    """Whether the kernel counts the clock as set by a time service; None when it does not say."""
    timex = _Timex(modes=0)
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "adjtimex") or library.adjtimex(ctypes.byref(timex)) == -1:
        return None
    return not timex.status & UNSYNCHRONISED
