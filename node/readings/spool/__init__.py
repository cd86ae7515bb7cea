"""The spool: samples on this host's disk until the store has taken them, at little writing.

`Spool` is the logger's own; `waiting` reads it beside a running logger; a `Frame` is what is synced at once.
"""

from node.readings.spool.frame import Frame
from node.readings.spool.segments import beside, waiting
from node.readings.spool.writer import Spool

__all__ = ["Frame", "Spool", "beside", "waiting"]
