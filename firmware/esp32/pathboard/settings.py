"""The board's settings file: read once at boot, and believed only as a whole.

A board whose settings are broken stays IDLE and says on its USB console which line to mend.
"""

import json

from .charge import LI_ION

ADC_PINS = (32, 33, 34, 35, 36, 39)
"""Of the first converter: the second one does not work while Wi-Fi does."""

INPUT_PINS = (4, 5, 13, 14, 18, 19, 21, 22, 23, 27, 32, 33, 34, 35, 36, 39)
"""Free for an auxiliary contact: neither a path's pin, nor one that decides how the chip starts."""


class Broken(Exception):
    """The settings cannot be used; the message names the key and what to write."""


class Settings:
    """Everything that one board has to know."""

    def __init__(self, text: str) -> None:
        """Read the file's text."""
        try:
            given = json.loads(text)
        except ValueError:
            raise Broken("settings.json is no JSON: compare it with settings.example.json") from None
        top = _Section(
            "", given, ("wifi", "port", "keys", "battery", "paths", "voltage", "current", "auxiliary")
        )

        self.port: int = top.number("port", 1, 65_535, 15_556)
        self._wifi(top.section("wifi", ("ssid", "password", "hostname")))
        self._keys(top.section("keys", ("switch", "look")))
        self._battery(
            top.section("battery", ("cells", "capacity_mah", "under", "empty", "full", "over", "curve"))
        )
        paths = top.section("paths", ("lease_ms", "dead_ms"), optional=True)
        self.lease_ms: int = paths.number("lease_ms", 500, 60_000, 5_000)
        """The longest that a frame may ask for."""
        self.dead_ms: int = paths.number("dead_ms", 100, 5_000, 200)
        self._inputs(top)

    def volts(self, pin_mv: int) -> int:
        """Millivolts of the battery, from those at the voltage pin."""
        return pin_mv * self.voltage_ratio // 1_000 * self.voltage_trim // 1_000

    def amps(self, pin_mv: int) -> int:
        """Milliamperes into the battery, from the millivolts at the current pin."""
        return (pin_mv - self.current_zero_mv) * 1_000 // self.current_mv_per_a

    def _wifi(self, wifi: "_Section") -> None:
        self.ssid = wifi.text("ssid", 1, 32)
        self.password = wifi.text("password", 8, 63)
        self.hostname = wifi.text("hostname", 1, 32, "pathboard")

    def _keys(self, keys: "_Section") -> None:
        self.keys = {"switch": keys.secret("switch")}
        if keys.has("look"):
            self.keys["look"] = keys.secret("look")
        if len(set(self.keys.values())) != len(self.keys):
            raise Broken("keys.look: is the same as keys.switch; make another one")

    def _battery(self, battery: "_Section") -> None:
        self.cells = battery.number("cells", 1, 16)
        self.capacity_mah = battery.number("capacity_mah", 10, 1_000_000)
        under = battery.number("under", 1_000, 5_000, 2_500)
        empty = battery.number("empty", 1_000, 5_000, 3_000)
        full = battery.number("full", 1_000, 5_000, 4_180)
        over = battery.number("over", 1_000, 5_000, 4_250)
        if not under < empty < full < over or full - empty < 300:
            raise Broken(
                "battery: write under < empty < full < over, in mV of a cell, empty and full 300 apart"
            )
        self.limits = (under, empty, full, over)
        self.curve = battery.curve("curve") if battery.has("curve") else LI_ION

    def _inputs(self, top: "_Section") -> None:
        voltage = top.section("voltage", ("pin", "ratio_permille", "trim_permille"), optional=True)
        self.voltage_pin = voltage.pin("pin", ADC_PINS, 34)
        self.voltage_ratio = voltage.number("ratio_permille", 1_000, 40_000, 2_000)
        """What the divider divides by: 2.000 with two equal resistors."""
        self.voltage_trim = voltage.number("trim_permille", 900, 1_100, 1_000)
        """Multimeter over board, from the calibration."""
        self.current_pin: int | None = None
        if top.has("current"):
            current = top.section("current", ("pin", "mv_per_a", "zero_mv"))
            self.current_pin = current.pin("pin", ADC_PINS)
            self.current_zero_mv = current.number("zero_mv", 0, 3_100)
            self.current_mv_per_a = current.number("mv_per_a", -1_000, 1_000)
            if not self.current_mv_per_a:
                raise Broken(
                    "current.mv_per_a: 0; write the mV at the pin for an ampere of charging, or less than 0"
                )
        self.supply_pin: int | None = None
        self.receive_pin: int | None = None
        if top.has("auxiliary"):
            auxiliary = top.section("auxiliary", ("supply", "receive"))
            self.supply_pin = auxiliary.pin("supply", INPUT_PINS)
            self.receive_pin = auxiliary.pin("receive", INPUT_PINS)
        used = [self.voltage_pin, self.current_pin, self.supply_pin, self.receive_pin]
        taken = [pin for pin in used if pin is not None]
        if len(set(taken)) != len(taken):
            raise Broken("two inputs have the same pin; give each its own")


class _Section:
    """One object of the file, closed to unknown keys."""

    def __init__(self, name: str, given: object, known: tuple[str, ...]) -> None:
        if not isinstance(given, dict):
            raise Broken(f"{name or 'settings.json'}: write an object in braces")
        self._prefix = name + "." if name else ""
        self._given: dict[str, object] = given
        for key in given:
            if key not in known:
                raise Broken(f"{self._prefix}{key}: there is no such key; remove it")

    def has(self, key: str) -> bool:
        return self._given.get(key) is not None

    def section(self, key: str, known: tuple[str, ...], optional: bool = False) -> "_Section":
        if optional and not self.has(key):
            return _Section(key, {}, known)
        return _Section(key, self._got(key, None), known)

    def number(self, key: str, lowest: int, highest: int, default: int | None = None) -> int:
        value = self._got(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise Broken(f"{self._prefix}{key}: {value!r}; write a whole number from {lowest} to {highest}")
        return value

    def pin(self, key: str, allowed: tuple[int, ...], default: int | None = None) -> int:
        value = self._got(key, default)
        if value not in allowed or not isinstance(value, int) or isinstance(value, bool):
            raise Broken(f"{self._prefix}{key}: {value!r}; choose a pin of {', '.join(map(str, allowed))}")
        return value

    def text(self, key: str, shortest: int, longest: int, default: str | None = None) -> str:
        value = self._got(key, default)
        if not isinstance(value, str) or not shortest <= len(value) <= longest:
            raise Broken(f"{self._prefix}{key}: write a text of {shortest} to {longest} characters")
        return value

    def secret(self, key: str) -> bytes:
        value = self._got(key, None)
        if not isinstance(value, str) or len(value) != 64 or not all(c in "0123456789abcdef" for c in value):
            raise Broken(f"{self._prefix}{key}: write 64 hexadecimal digits: openssl rand -hex 32")
        if value == value[0] * 64:
            raise Broken(f"{self._prefix}{key}: is the example's; make your own: openssl rand -hex 32")
        return bytes.fromhex(value)

    def curve(self, key: str) -> tuple[tuple[int, int], ...]:
        points: list[tuple[int, int]] = []
        given = self._got(key, None)
        for point in given if isinstance(given, list) else ():
            pair = isinstance(point, list) and len(point) == 2 and all(type(n) is int for n in point)
            if not pair or (points and not (points[-1][0] < point[0] and points[-1][1] < point[1])):
                points = []
                break
            points.append((point[0], point[1]))
        if len(points) < 2 or points[0][1] != 0 or points[-1][1] != 10_000:
            raise Broken(f"{self._prefix}{key}: write rising pairs of mV and 1/100 %, from 0 to 10000")
        return tuple(points)

    def _got(self, key: str, default: object) -> object:
        value = self._given.get(key)
        value = default if value is None else value
        if value is None:
            raise Broken(f"{self._prefix}{key}: is missing; add it")
        return value
