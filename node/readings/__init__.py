"""Readings: what the meters measured, kept for charts and reports, on SQLite or PostgreSQL.

`open_readings` chooses the store; `Readings` is what it offers; a `Sample` goes in, a `Point` of a chart or a
`Flow` of energy comes out.
"""

from node.readings.interface import Batch, Flow, Point, Readings, Sample
from node.readings.opening import open_readings

__all__ = ["Batch", "Flow", "Point", "Readings", "Sample", "open_readings"]
