"""A neighbourhood on one host: who lives there, how they are wired, and their files."""

from simulation.neighbourhood.scenario import Line, Member, Scenario, ScenarioRefused, plan

__all__ = ["Line", "Member", "Scenario", "ScenarioRefused", "plan"]
