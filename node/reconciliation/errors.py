"""Errors of reconciliation."""

from __future__ import annotations


class ReconciliationError(Exception):
    """Root of this room's errors."""


class EvidenceRefused(ReconciliationError):
    """A file is no evidence, or of another neighbourhood."""
