"""What is wired beside an output: the same words in every driver of single pins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wiring:
    """Options that stand beside `driver:`. Pin numbers are the driver's own."""

    active_low: bool = False
    """The board energises its coil at a low level, as most opto-coupled relay boards do."""

    auxiliary: Mapping[int, int] = field(default_factory=dict)
    """For an output, the input on which its contact's auxiliary contact is wired."""

    normally_closed: frozenset[int] = frozenset()
    """Outputs whose auxiliary contact is closed while the coil is released, as home's mirror contact is."""

    sense: Mapping[int, int] = field(default_factory=dict)
    """For an output, the input that is high while there is voltage on the line side of its contact."""

    @property
    def inputs(self) -> tuple[int, ...]:
        """Every input that is read."""
        return (*self.auxiliary.values(), *self.sense.values())

    def stands(self, pin: int, energised: bool, closed: bool) -> bool:
        """Whether an auxiliary contact says what the coil was last told.

        Args:
            closed: what its input reads.
        """
        return closed == (energised != (pin in self.normally_closed))
