"""An app on a phone: what a browser asks for, and that it tells nobody more than the household's name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from node.dapp.views import install
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import Visitor


def test_the_manifest_names_the_household_and_its_icon(stranger: Visitor) -> None:
    found = json.loads(stranger.get("/manifest.webmanifest"))
    assert found["short_name"] == "Birch"
    assert found["display"] == "standalone"
    for icon in found["icons"]:
        assert stranger.code(icon["src"]) == 200


def test_the_offline_page_is_the_same_for_everybody_and_tells_nothing(
    stranger: Visitor, tmp_path: Path
) -> None:
    before = stranger.get("/offline")
    made_up.publish(tmp_path)
    stranger.log_in()
    assert stranger.get("/offline") == before
    assert "Is this phone in the home" in before


def test_a_changed_offline_page_is_a_new_worker(
    stranger: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "worker.js"
    script.write_text("// one")
    monkeypatch.setattr(install, "WORKER", script)
    first = stranger.get("/offline.js")
    assert stranger.get("/offline.js") == first
    script.write_text("// another")
    assert stranger.get("/offline.js") != first
    script.unlink()
    assert stranger.code("/offline.js") == 404
