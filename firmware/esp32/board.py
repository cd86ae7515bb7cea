"""The thin layer between the core and the ESP32: pins, ADC, watchdog, Wi-Fi and the boot counter."""

import os
import time

import esp32
import network
from machine import ADC, WDT, Pin

from pathboard.node import CLOCK
from pathboard.settings import Settings
from pathboard.wifi import Reconnect

SUPPLY_PIN = 26
RECEIVE_PIN = 25
WATCHDOG_MS = 2_000
"""A loop that has not turned for so long is reset; a reset leaves both pins low."""
SAMPLES = 16


class Outputs:
    """The two path pins: low before anything else; the one that opens is set before the one that closes."""

    def __init__(self) -> None:
        self._supply = Pin(SUPPLY_PIN, Pin.OUT, value=0)
        self._receive = Pin(RECEIVE_PIN, Pin.OUT, value=0)

    def set(self, outputs: tuple[bool, bool]) -> None:
        """Set both, opening first."""
        supply, receive = outputs
        if not supply:
            self._supply.value(0)
        if not receive:
            self._receive.value(0)
        if supply and not receive:
            self._supply.value(1)
        elif receive and not supply:
            self._receive.value(1)

    def as_set(self, outputs: tuple[bool, bool]) -> bool:
        """Whether the pins read as they were set: a pin held by a short does not."""
        return (bool(self._supply.value()), bool(self._receive.value())) == outputs


class Inputs:
    """Battery voltage, and current and auxiliary contacts where they are wired."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._voltage = ADC(Pin(settings.voltage_pin), atten=ADC.ATTN_11DB)
        self._current = None
        if settings.current_pin is not None:
            self._current = ADC(Pin(settings.current_pin), atten=ADC.ATTN_11DB)
        self._supply = _contact(settings.supply_pin)
        self._receive = _contact(settings.receive_pin)

    def voltage(self) -> int | None:
        """Millivolts of the battery; None when the converter fails."""
        pin = _millivolts(self._voltage)
        return None if pin is None else self._settings.volts(pin)

    def current(self) -> int | None:
        """Milliamperes into the battery; None where none is measured."""
        pin = None if self._current is None else _millivolts(self._current)
        return None if pin is None else self._settings.amps(pin)

    def supply(self) -> bool | None:
        """Whether the supply path's auxiliary contact is closed."""
        return None if self._supply is None else not self._supply.value()

    def receive(self) -> bool | None:
        """Whether the receive path's auxiliary contact is closed."""
        return None if self._receive is None else not self._receive.value()


class Radio:
    """Wi-Fi as a station, joined again whenever it is lost."""

    def __init__(self, settings: Settings) -> None:
        network.hostname(settings.hostname)
        self._settings = settings
        self._station = network.WLAN(network.STA_IF)
        self._station.active(True)
        self._reconnect = Reconnect()

    def turn(self, elapsed: int) -> None:
        """Look after the connection; returns at once."""
        act = self._reconnect.turn(elapsed, self._station.isconnected())
        try:
            if act == "join":
                self._station.connect(self._settings.ssid, self._settings.password)
            elif act == "leave":
                self._station.disconnect()
        except OSError as error:  # the driver is still busy with the last attempt
            print("Wi-Fi:", error)


def clock() -> int:
    """Milliseconds in a ring of 30 bits."""
    return int(time.ticks_ms()) & CLOCK  # type: ignore[attr-defined]  # MicroPython's


def pause(milliseconds: int) -> None:
    """Let the radio's own tasks run."""
    time.sleep_ms(milliseconds)  # type: ignore[attr-defined]  # MicroPython's


def random(count: int) -> bytes:
    """Bytes of the hardware's generator, which is a true one while the radio is on."""
    return os.urandom(count)


def count_boot() -> int:
    """How often this board has been started, this time included; kept in flash."""
    memory = esp32.NVS("pathboard")
    try:
        boot = memory.get_i32("boot") + 1
    except OSError:  # never written
        boot = 1
    memory.set_i32("boot", boot)
    memory.commit()
    return int(boot)


def watchdog() -> WDT:
    """Start the hardware watchdog; nothing stops it again."""
    return WDT(timeout=WATCHDOG_MS)


def _contact(pin: int | None) -> Pin | None:
    """An auxiliary contact to ground. Pins 34 to 39 have no pull-up of their own: see the wiring."""
    if pin is None:
        return None
    return Pin(pin, Pin.IN) if pin >= 34 else Pin(pin, Pin.IN, Pin.PULL_UP)


def _millivolts(adc: ADC) -> int | None:
    """The mean of a few conversions, by the calibration that the factory burnt into the chip."""
    try:
        total = sum(adc.read_uv() for _ in range(SAMPLES))
    except OSError:
        return None
    return int(total // SAMPLES // 1_000)
