"""Unit tests of the simulation: pure functions only."""
