"""Readings in a file, for tests of what is made of them."""

from __future__ import annotations

from pathlib import Path

from node.readings import Readings, Sample, open_readings

START = 1_750_000_020
"""Unix seconds at which a minute begins."""


def filled(folder: Path, seconds: int = 200, batch: int = 5, start: int = START) -> Readings:
    """A household's readings: a panel of 36 W, a load of 72 W, one sample a second."""
    readings = open_readings(None, folder)
    for first in range(0, seconds, batch):
        readings.append(
            [
                Sample(
                    meter=meter, taken=(start + second) * 1_000, power=power, forward=second * step, reverse=0
                )
                for second in range(first, first + batch)
                for meter, power, step in (("panel", 36_000, 10), ("load", 72_000, 20))
            ]
        )
    return readings
