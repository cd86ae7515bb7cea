"""How long a seller is left alone after something went wrong with it. Pure.

Reckoned anew each time from the deeds in `trade.db`, so it outlives a restart. It goes by the wall clock: a
clock that is set back to before a failure ends the back-off, one that is set forward shortens it.
"""

from __future__ import annotations

from collections.abc import Sequence

from node.client_interaction.behaviour import Conduct, Deed

FAILURES = frozenset(Conduct) - {Conduct.SUPPLIED, Conduct.LATE}
"""After these it would be idle to order from the seller again at once."""


def length(failures: int, first: float, longest: float) -> float:
    """Seconds after so many failures in a row: `first`, doubled by each one more, at most `longest`."""
    return min(first * 2 ** min(failures - 1, 16), longest) if failures > 0 else 0.0


def left_alone(deeds: Sequence[Deed], wall: float, first: float, longest: float) -> Deed | None:
    """The failure because of which the seller is left alone now; None: it is not.

    Args:
        deeds: of one seller, in their order.
        wall: Unix seconds.
    """
    last = next((number for number in reversed(range(len(deeds))) if deeds[number].what in FAILURES), None)
    if last is None:
        return None
    failures = 0
    for deed in reversed(deeds[: last + 1]):
        if deed.what is Conduct.SUPPLIED:
            break
        failures += deed.what in FAILURES
    since = wall - deeds[last].at
    return deeds[last] if 0 <= since < length(failures, first, longest) else None
