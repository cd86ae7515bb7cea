"""When the relay wrote each order down, by a clock that nobody sets: its records have the time of day."""

from __future__ import annotations

from collections.abc import Mapping

from relay_server.records import BestVoucher


class Written:
    """Remembers, for each order, when its record as it stands was seen first.

    Measured by the time of day alone, a clock that was an hour fast and is put right would keep what it wrote
    young for an hour: the seller would wait that long for vouchers that nobody has, its contact taken.
    """

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._seen: dict[str, tuple[float, float]] = {}

    def look(self, vouchers: Mapping[str, BestVoucher], wall: float, now: float) -> Mapping[str, float]:
        """Boottime seconds of each record, by order.

        Args:
            vouchers: as the records have them.
            wall: Unix seconds; believed for how old a record is that is seen for the first time.
            now: boottime seconds.
        """
        fresh = {}
        for name, best in vouchers.items():
            at, since = self._seen.get(name, (None, 0.0))
            fresh[name] = (best.at, since if at == best.at else now - max(wall - best.at, 0.0))
        self._seen = fresh
        return {name: since for name, (_, since) in fresh.items()}
