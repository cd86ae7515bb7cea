"""How full the battery is: by its voltage, and by counting coulombs where a current is measured.

The voltage says something only at rest. With a current input the charge is counted, and set right by the
curve after a long rest and at both ends. All of it in integers: the board's floats have 22 bits.
"""

LI_ION = ((2800, 0), (3200, 200), (3400, 500), (3500, 1000), (3590, 2000), (3640, 3000), (3690, 4000),
          (3750, 5000), (3840, 6000), (3930, 7000), (4020, 8000), (4110, 9000), (4200, 10000))  # fmt: skip
"""Open-circuit mV of one lithium-ion cell against hundredths of a percent, as usual for NMC; 2.8 V is empty
and 4.2 V full. A cell's own curve belongs into the settings: they differ by some percent in the middle."""

REST_MS = 600_000
"""After ten minutes without load a cell's voltage has come within some mV of its open-circuit voltage."""


def level(millivolts: int, curve: tuple[tuple[int, int], ...] = LI_ION) -> int:
    """Hundredths of a percent at this open-circuit voltage of one cell; straight between the points."""
    if millivolts <= curve[0][0]:
        return curve[0][1]
    for (low, under), (high, over) in zip(curve, curve[1:]):  # noqa: B905, RUF007 - not known to MicroPython
        if millivolts <= high:
            return under + (millivolts - low) * (over - under) // (high - low)
    return curve[-1][1]


class Charge:
    """The state of charge of one battery."""

    def __init__(self, capacity_mah: int, curve: tuple[tuple[int, int], ...] = LI_ION) -> None:
        self.soc = -1
        """Hundredths of a percent; -1 before the first sample."""
        self.by = "curve"
        """How it is known: "curve" or "coulomb"."""
        self._curve = curve
        self._capacity_mah = capacity_mah
        self._step = capacity_mah * 360
        """mA·ms in a hundredth of a percent."""
        self._rest = 0
        self._part = 0

    def turn(self, elapsed: int, millivolts: int, milliamps: int | None) -> None:
        """Take a sample.

        Args:
            elapsed: milliseconds since the last one.
            millivolts: of one cell.
            milliamps: into the battery; None where no current is measured.
        """
        by_curve = level(millivolts, self._curve)
        if milliamps is None or self.soc < 0:
            self.soc, self._part = by_curve, 0
            self.by = "curve"
            return
        self.by = "coulomb"
        self._part += milliamps * elapsed
        steps = self._part // self._step
        self._part -= steps * self._step
        self.soc = min(max(self.soc + steps, 0), 10_000)
        self._set_right(elapsed, millivolts, milliamps, by_curve)

    def _set_right(self, elapsed: int, millivolts: int, milliamps: int, by_curve: int) -> None:
        resting = abs(milliamps) * 50 <= self._capacity_mah
        self._rest = min(self._rest + elapsed, REST_MS) if resting else 0
        full = millivolts >= self._curve[-1][0] and 0 <= milliamps * 20 <= self._capacity_mah
        if self._rest >= REST_MS or full or (millivolts <= self._curve[0][0] and milliamps <= 0):
            self.soc = 10_000 if full else by_curve
