"""The version is in one place, and the documents about releases follow it."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[3]
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_changelog_begins_with_the_version() -> None:
    found = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert found is not None
    assert found[1] == VERSION


def test_what_is_installed_and_the_api_have_the_version() -> None:
    assert version("commonwatt") == VERSION, "run make setup"
    described = json.loads((ROOT / "node/dapp/api/openapi.json").read_text())
    assert described["info"]["version"] == VERSION, "commonwatt dapp openapi > node/dapp/api/openapi.json"


ROOMS = ("quantities", "store", "chain", "contracts", "relay_server", "node", "neighbourhood", "simulation")


def test_no_other_file_has_a_version_of_its_own() -> None:
    """But firmware, which has numbers of its own, and what others made."""
    own = re.compile(r'^\s*(?:__version__ = |"version": )"', re.MULTILINE)
    found = [
        file
        for room in ROOMS
        for kind in ("package.json", "__init__.py")
        for file in (ROOT / room).rglob(kind)
        if "node_modules" not in file.parts
    ]
    assert len(found) > 20
    assert [str(file.relative_to(ROOT)) for file in found if own.search(file.read_text())] == []
