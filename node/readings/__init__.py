"""Readings: what the meters measured, kept for charts and reports, on SQLite or PostgreSQL.

`open_readings` chooses the store; `Readings` is what it offers; a `Sample` goes in, a `Point` of a chart or a
`Flow` of energy comes out.
"""

from node.readings.interface import Batch, Flow, Level, Point, Readings, Rollup, Sample, Value
from node.readings.opening import open_readings

__all__ = ["Batch", "Flow", "Level", "Point", "Readings", "Rollup", "Sample", "Value", "open_readings"]
