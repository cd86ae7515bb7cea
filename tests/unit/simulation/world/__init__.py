"""Unit tests of the physical world."""
