"""Starts the neighbourhood's processes, starts again what dies, and ends everything."""

from simulation.supervisor.child import Child, Command
from simulation.supervisor.supervisor import GaveUp, Supervisor

__all__ = ["Child", "Command", "GaveUp", "Supervisor"]
