"""What can go wrong with a neighbourhood's files.

chain.errors.Misconfigured   exit code 78
└── NeighbourhoodRefused     inventory, keys and first block contradict each other
chain.errors.Unavailable     exit code 69
└── ToolMissing              a program that this needs is not there, or failed
"""

from __future__ import annotations

from chain.errors import Misconfigured, Unavailable


class NeighbourhoodRefused(Misconfigured):
    """What was asked for contradicts what is there."""


class ToolMissing(Unavailable):
    """A program that this needs is not there, or failed."""
