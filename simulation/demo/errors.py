"""What can keep the demo from running, or from reaching its end. The message is one line for people."""

from __future__ import annotations


class DemoFailed(Exception):
    """The demo did not reach what it was to reach. Exit code 1."""


class DemoRefused(DemoFailed):
    """The demo cannot start on this machine as it is. Exit code 69."""


class TimedOut(DemoFailed):
    """The trades that were asked for did not come in time."""
