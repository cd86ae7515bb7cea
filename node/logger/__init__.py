"""The logger: samples the sensors, integrates power to energy, publishes registers, stores readings."""
