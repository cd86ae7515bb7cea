"""Pin drivers: what stands between a decision and a coil. Third parties add theirs by entry point."""

from relay_server.drivers.interface import DriverMissing, Pins

__all__ = ["DriverMissing", "Pins"]
