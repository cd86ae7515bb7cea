"""Looks at everything that one household needs, once, and says what to do about what fails.

Each check is a module: it gathers facts, a pure function judges them. `examination.examine` runs them all.
"""

from node.doctor.findings import Failed, Finding, Ok, Warned

__all__ = ["Failed", "Finding", "Ok", "Warned"]
