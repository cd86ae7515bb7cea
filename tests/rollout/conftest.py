"""Tests on hosts that boot. They run in the laboratory only: `make rollout-test` (python -m ansible.lab)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible.lab.hosts import GROUP
from ansible.lab.image import FOLDER
from tests.rollout.street import Played, Street, booted

if GROUP not in os.environ:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def street() -> Iterator[Street]:
    """Four hosts that have just booted, with nothing of ours on them."""
    made = booted(FOLDER / "street", 4)
    yield made
    made.end()


@pytest.fixture(scope="session")
def first_run(street: Street) -> Played:
    """What the first run of `site` came to."""
    return street.play("site")


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """A folder for releases beside the built one."""
    return tmp_path
