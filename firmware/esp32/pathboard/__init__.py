"""The path board's core: everything it decides, without a single hardware import.

It runs under MicroPython on the board and, unchanged, under CPython in the tests. `board.py` and `main.py`
beside this package are the thin layer that touches pins, ADC, watchdog and Wi-Fi.
"""
