from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

from chain.held_back import held_back


def test_what_is_held_back_is_missing_inside_alone() -> None:
    assert "this" not in sys.modules
    with held_back({"this": None}), pytest.raises(ImportError):
        import_module("this")
    assert "this" not in sys.modules


def test_what_was_loaded_already_stays() -> None:
    with held_back({"json": ModuleType("other")}):
        assert import_module("json").dumps([1]) == "[1]"
    assert "json" in sys.modules


def test_a_process_that_signs_has_no_parser_of_c() -> None:
    program = "import sys, chain.keys; print(chain.keys.keccak(b'').hex()[:8], 'pycparser' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["c5d24601", "False"]
