"""Small JSON files that one process replaces atomically and others read: the newest state of something.

A snapshot carries when it was sampled (CLOCK_BOOTTIME, the clock that neither NTP nor suspend disturbs) and
the id of this boot, so that every process on the host knows its age, and a file from before a reboot counts
as absent. There is no fsync: run folders are tmpfs, and what is in them means nothing after a reboot.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from store.errors import Unwritable

NANOSECONDS = 1_000_000_000

MODE = 0o640
"""Owner writes, group reads: the household's processes share one group."""

FUTURE_TOLERANCE = 1.0
"""Seconds that a moment may lie ahead of the reader's clock and still be believed."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What was in the file, and when it was true."""

    fields: Mapping[str, Any]
    sampled: float
    """Boottime seconds."""

    def age(self, now: float | None = None) -> float:
        """Seconds since the sample; `now` in boottime seconds."""
        return (boottime() if now is None else now) - self.sampled


def boottime() -> float:
    """Seconds since this host was booted, time asleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) / NANOSECONDS


def since(moment: float, of: str, now: float, boot: str) -> float:
    """Seconds since a moment; without end for one of another boot, or from the future.

    Args:
        moment: boottime seconds.
        of: id of the boot in which it was.
        now: boottime seconds.
        boot: id of this boot.
    """
    age = now - moment
    return age if of == boot and age >= -FUTURE_TOLERANCE else float("inf")


@cache
def boot_id() -> str:
    """The kernel's random id of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def write(path: Path, fields: Mapping[str, object], sampled: float | None = None) -> None:
    """Replace the snapshot: a reader sees the old one or the new one, never half of one.

    Each file has one writer. The folder is made when it is missing.

    Args:
        fields: a JSON object; `sampled_ns` and `boot_id` are added.
        sampled: boottime seconds; now when not given.

    Raises:
        Unwritable: no permission, no space, or the folder cannot be made.
    """
    moment = boottime() if sampled is None else sampled
    stamped = {**fields, "sampled_ns": round(moment * NANOSECONDS), "boot_id": boot_id()}
    text = json.dumps(stamped, separators=(",", ":")).encode() + b"\n"
    try:
        try:
            replace_whole(path, text)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_whole(path, text)
    except OSError as error:
        raise Unwritable(
            f"cannot write {path}: {error.strerror}; make the folder writable for this process, "
            "or set paths.run to one that is"
        ) from error


def read(path: Path) -> Snapshot | None:
    """The newest snapshot; None when absent, unreadable, torn, of another boot, or from the future."""
    try:
        fields = json.loads(path.read_bytes())
        sampled, boot = fields.pop("sampled_ns") / NANOSECONDS, fields.pop("boot_id")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if boot != boot_id() or sampled > boottime() + FUTURE_TOLERANCE:
        return None
    return Snapshot(fields=fields, sampled=sampled)


def replace_whole(path: Path, text: bytes) -> None:
    """Put a file in the place of another: a reader sees one or the other. Nothing is synced.

    Raises:
        OSError: the folder is not there, or cannot be written.
    """
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, MODE)
    try:
        os.write(descriptor, text)
    finally:
        os.close(descriptor)
    fresh.replace(path)
