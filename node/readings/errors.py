"""Errors about readings that are not those of their store."""

from __future__ import annotations


class ReadingsError(Exception):
    """Root of this room's errors."""


class ProofRefused(ReadingsError):
    """What was given is no proof of a reading, or one that does not hold."""


class NotProvable(ReadingsError):
    """There is nothing to prove a reading with: it is not reported yet, or not there any more."""


class NotCopied(ReadingsError):
    """Readings cannot be copied: the target holds others, or they are not as they were written."""
