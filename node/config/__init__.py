"""The household's configuration: one or several YAML files, read as one, checked before anything starts.

`load` answers `Settings`, or a `ConfigError` that lists everything that is wrong with file, line,
key and fix.
"""

from node.config.errors import ConfigError, Place, Problem
from node.config.loading import load
from node.config.settings import HouseholdSettings, PathsSettings, Role, Settings

__all__ = [
    "ConfigError",
    "HouseholdSettings",
    "PathsSettings",
    "Place",
    "Problem",
    "Role",
    "Settings",
    "load",
]
