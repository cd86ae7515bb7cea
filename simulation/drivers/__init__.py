"""Drivers for a simulated world: found by name, as any third party's. Product code does not know them."""
